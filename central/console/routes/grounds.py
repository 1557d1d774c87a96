"""Grounds one by one: what is known, its documents and comparisons; and a list of what ends or holds somebody back.

GET /grounds: documents within their days of warning, and what rules say today. GET /grounds/{ground_id}: one of them. POST
/grounds/{ground_id}/state: `state` (confirmed | not_confirmed | unconfirmed), `register` (compared with what), `note`. POST
/grounds/{ground_id}/documents: `file` (PDF, JPEG or PNG of at most 5 MB, pictures of 300 dpi). GET
/grounds/{ground_id}/documents/{document_id}/file: the file, only ever as an attachment. POST
/grounds/{ground_id}/documents/{document_id}/verdict: `verdict` (accepted | refused), `field`, `reason`. All POST with `csrf`; 303
to the page, 422 with the page and what is wrong at its field; 503 where no PDF can be read now.
"""

import logging
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection, RowMapping
from starlette.datastructures import FormData, UploadFile

from central.console.access_log import covers, note
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.ground_lists import ground_lists
from central.console.grounds_view import details, doubles
from central.console.guard import Guard, form_of
from central.core.days import day_of
from central.core.ground_rules import kind_words
from central.core.rights import Right
from central.grounds.document_check import MAX_BYTES, PDF, DocumentRefused, check_document
from central.grounds.document_files import DocumentFiles, DocumentLost
from central.grounds.keeping import REFUSAL_FIELDS, Author, SayingRefused, compare, judge_document
from central.grounds.pdf_pages import PagesUnread, look_at_pages
from central.store import accounts, documents, registry
from central.store import grounds as store
from central.store.documents import Document
from central.store.engine import reading, writing
from central.store.grounds import Ground
from central.store.workers import get_worker
from sync.contract.canonical import new_id, sha256_hex

log = logging.getLogger(__name__)
router = APIRouter()
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_EXAMS))]
Keeper = Annotated[Visitor, Depends(Guard(Right.IMPORT_EXAMS))]
MOST_UPLOAD_BYTES = 16 * 1024 * 1024
"""Of a form with a document: one that is too heavy is still told so."""
Uploader = Annotated[Visitor, Depends(Guard(Right.IMPORT_EXAMS, most_bytes=MOST_UPLOAD_BYTES))]
Form = Annotated[FormData, Depends(form_of)]
_SUFFIX = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
_SEALED_OFF = "sandbox; default-src 'none'"
"""Should a browser open it after all, nothing in it runs and nothing is loaded."""


@router.get("/grounds")
def show_ends(request: Request, visitor: Reader) -> Response:
    """What ends soon, and whom a rule asks about or holds back today."""
    console = console_of(request)
    with reading(console.engine) as connection:
        found = ground_lists(connection, visitor.account.orgs, day_of(console.clock()))
    with writing(console.engine) as connection:
        for org in visitor.account.orgs:
            note(
                connection,
                console,
                visitor,
                "grounds.list",
                org=org,
                detail={"rows": len(found.ends) + len(found.held)},
            )
    language = visitor.look.language
    return page(
        request,
        "ground_ends.html",
        visitor,
        found=found,
        today=day_of(console.clock()),
        kind_words=lambda kind, org: kind_words(kind, language, org),
    )


@router.get("/grounds/{ground_id}")
def show_ground(request: Request, ground_id: str, visitor: Reader, saved: str = "") -> Response:
    """One ground."""
    return _page(request, visitor, ground_id, saved=saved == "1")


@router.post("/grounds/{ground_id}/state")
def compare_ground(request: Request, ground_id: str, visitor: Keeper, form: Form) -> Response:
    """Say what a comparison with the register gave."""
    console, typed = console_of(request), _typed(form)
    try:
        with writing(console.engine) as connection:
            ground = own_or_404(visitor, store.get(connection, ground_id))
            author = Author(visitor.account.account_id, console.clock())
            state, register, words = (typed.get(name, "") for name in ("state", "register", "note"))
            compare(connection, ground, state, register, words, author)
            detail = {"state": typed["state"]}
            note(connection, console, visitor, "ground.compare", ground.worker_id, org=ground.org, detail=detail)
    except SayingRefused as error:
        return _page(request, visitor, ground_id, 422, typed=typed, faults=error.faults)
    console.wake()
    return RedirectResponse(f"/grounds/{ground_id}?saved=1", 303)


@router.post("/grounds/{ground_id}/documents")
def upload_document(request: Request, ground_id: str, visitor: Uploader, form: Form) -> Response:
    """Check a file and keep it, sealed."""
    console, upload = console_of(request), form.get("file")
    with reading(console.engine) as connection:
        ground = own_or_404(visitor, store.get(connection, ground_id))
    content = upload.file.read(MAX_BYTES + 1) if isinstance(upload, UploadFile) else b""
    if isinstance(upload, UploadFile) and len(content) > MAX_BYTES:
        heavy = DocumentRefused("file", "too_heavy", f"{(upload.size or len(content)) / 1_000_000:.1f}")
        return _page(request, visitor, ground_id, 422, refused=heavy)
    try:
        checked = check_document(content)
        if checked.content_type == PDF:
            checked = replace(checked, dpi=look_at_pages(content))
    except PagesUnread as error:
        log.warning("a document could not be read: %s", error)
        return _page(request, visitor, ground_id, 503, refused=DocumentRefused("file", "unread"))
    except DocumentRefused as error:
        return _page(request, visitor, ground_id, 422, refused=error)
    document_id = new_id()
    item = Document(
        document_id=document_id,
        org=ground.org,
        ground_id=ground_id,
        sha256=sha256_hex(content),
        stored_sha256=DocumentFiles.from_config(console.config).keep(document_id, content),
        content_type=checked.content_type,
        size_bytes=len(content),
        dpi=checked.dpi,
        uploaded_at=console.clock(),
        uploaded_by=visitor.account.account_id,
    )
    with writing(console.engine) as connection:
        if documents.add(connection, item):
            detail = {"sha256": item.sha256}
            note(connection, console, visitor, "document.upload", ground.worker_id, org=ground.org, detail=detail)
    return RedirectResponse(f"/grounds/{ground_id}?saved=1", 303)


@router.get("/grounds/{ground_id}/documents/{document_id}/file")
def hand_over(request: Request, ground_id: str, document_id: str, visitor: Reader) -> Response:
    """The file as it was uploaded, to be saved and not to be shown."""
    console = console_of(request)
    with writing(console.engine) as connection:
        ground, item = _document(connection, visitor, ground_id, document_id)
        note(
            connection,
            console,
            visitor,
            "document.read",
            ground.worker_id,
            org=ground.org,
            detail={"sha256": item.sha256},
        )
    try:
        content = DocumentFiles.from_config(console.config).open(document_id, item.stored_sha256, item.sha256)
    except DocumentLost as error:
        raise HTTPException(410) from error
    name = f"document-{document_id[-12:]}.{_SUFFIX[item.content_type]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": _SEALED_OFF}
    return Response(content, media_type=item.content_type, headers=headers)


@router.post("/grounds/{ground_id}/documents/{document_id}/verdict")
def judge(request: Request, ground_id: str, document_id: str, visitor: Keeper, form: Form) -> Response:
    """Accept or refuse a document."""
    console, typed = console_of(request), _typed(form)
    try:
        with writing(console.engine) as connection:
            ground, item = _document(connection, visitor, ground_id, document_id)
            author = Author(visitor.account.account_id, console.clock())
            state, field, reason = (typed.get(name, "") for name in ("verdict", "field", "reason"))
            judge_document(connection, item, state, field, reason, author)
            detail = {"state": typed["verdict"], "sha256": item.sha256}
            note(connection, console, visitor, "document.judge", ground.worker_id, org=ground.org, detail=detail)
    except SayingRefused as error:
        return _page(request, visitor, ground_id, 422, typed=typed | {"document": document_id}, faults=error.faults)
    return RedirectResponse(f"/grounds/{ground_id}?saved=1", 303)


def _document(connection: Connection, visitor: Visitor, ground_id: str, document_id: str) -> tuple[Ground, Document]:
    item = own_or_404(visitor, documents.get(connection, document_id))
    ground = own_or_404(visitor, store.get(connection, ground_id))
    if item.ground_id != ground.ground_id:
        raise HTTPException(404)
    return ground, item


def _employer(connection: Connection, worker: RowMapping | None) -> RowMapping | None:
    return None if worker is None else registry.get_employer(connection, worker["employer_id"])


def _typed(form: FormData) -> dict[str, str]:
    return {name: str(value) for name, value in form.items() if isinstance(value, str) and name != "csrf"}


def _page(
    request: Request,
    visitor: Visitor,
    ground_id: str,
    status: int = 200,
    *,
    typed: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    refused: DocumentRefused | None = None,
    saved: bool = False,
) -> Response:
    console = console_of(request)
    with writing(console.engine) as connection:
        ground = own_or_404(visitor, store.get(connection, ground_id))
        worker = get_worker(connection, ground.worker_id)
        rows = store.of_worker(connection, ground.worker_id)
        kept = documents.of_ground(connection, ground_id)
        values: dict[str, Any] = {
            "states": store.states_of(connection, [ground_id]).get(ground_id, []),
            "verdicts": documents.verdicts_of(connection, [one.document_id for one in kept]),
            "employer_name": employer["name"] if (employer := _employer(connection, worker)) else "",
            "names": {account.account_id: account.full_name for account in accounts.all_accounts(connection)},
        }
        note(connection, console, visitor, "ground.read", ground.worker_id, org=ground.org)
        covers(console, visitor, ground.worker_id)
    standing = {row.ground_id for row in store.latest(rows)}
    language = visitor.look.language
    return page(
        request,
        "ground.html",
        visitor,
        status,
        ground=ground,
        worker=worker,
        details=details(ground),
        documents=kept,
        others=[row for row in rows if row.kind == ground.kind and row.ground_id != ground_id],
        standing=standing,
        doubled=doubles(rows),
        refusal_fields=REFUSAL_FIELDS,
        may_keep=visitor.may(Right.IMPORT_EXAMS),
        kind_words=lambda kind: kind_words(kind, language, ground.org),
        typed=typed or {},
        faults=faults or {},
        refused=refused,
        saved=saved,
        **values,
    )
