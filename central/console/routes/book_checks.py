"""The employer checks a medical book: by its number, by what its code says, or by the worker's own code.

GET /admissions/book-check: the form and the checks of before. POST takes `text`, or `picture` (a photo of the code), `employer`
(needed from an account of several) and `csrf`: 303 to the check, 422 where nothing was typed or no code was found on the photo.
GET /admissions/book-check/{check_id}: one check; with /file: its paper, a PDF. Only the employer's own workers are found, and
dates are all that is said. No check admits anybody.
"""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData, UploadFile

from central.console.access_log import note, note_seldom
from central.console.book_check_view import CheckLine, check_lines, check_paper, point_words
from central.console.context import Visitor, console_of, page
from central.console.employer_scope import scope_of
from central.console.guard import Guard, form_of
from central.core.days import day_of
from central.core.picture_look import LookUnavailable
from central.core.rights import Right
from central.grounds.book_checking import Asking, NothingRead, check_for_employer
from central.papers.fonts import FontsMissing
from central.papers.listing import listing
from central.store import book_checks
from central.store.engine import reading, writing

router = APIRouter()
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_ADMISSIONS))]
MOST_SHOWN = 100
MOST_PICTURE_BYTES = 12_000_000
"""What cameras of telephones make."""
Sender = Annotated[Visitor, Depends(Guard(Right.SEE_ADMISSIONS, most_bytes=16 * 1024 * 1024))]
log = logging.getLogger(__name__)


@router.get("/admissions/book-check")
def show_form(request: Request, visitor: Reader) -> Response:
    """The form, and what was checked before."""
    return _form(request, visitor)


@router.post("/admissions/book-check")
def check(request: Request, visitor: Sender, form: Annotated[FormData, Depends(form_of)]) -> Response:
    """Check what was typed or read, and keep the check."""
    console, now = console_of(request), console_of(request).clock()
    given, upload = form.get("text"), form.get("picture")
    text = given.strip() if isinstance(given, str) else ""
    if isinstance(upload, UploadFile) and upload.size and not text:
        content = upload.file.read(MOST_PICTURE_BYTES + 1)
        if len(content) > MOST_PICTURE_BYTES:
            return _form(request, visitor, 422, picture_fault="too_heavy")
        try:
            text = console.pictures.code(content) if console.pictures is not None else ""
        except LookUnavailable as error:
            log.warning("a photo of a code was not looked at: %s", error)
            return _form(request, visitor, 422, picture_fault="no_look")
        if not text:
            return _form(request, visitor, 422, picture_fault="no_code")
    with reading(console.engine) as connection:
        employer_id = scope_of(connection, request, visitor, str(form.get("employer", ""))).only
    if not employer_id:
        return _form(request, visitor, 422, employer_fault="choose")
    asking = Asking(
        employer_id,
        visitor.account.account_id,
        now,
        day_of(now),
        now.astimezone(visitor.look.zone).date(),
    )
    try:
        with writing(console.engine) as connection:
            item = check_for_employer(connection, text, asking, console.outgoing.verifying_key)
            detail = {"result": item.result, "sha256": item.read_sha256}
            note(connection, console, visitor, "book.check", item.worker_id or "", org=item.org, detail=detail)
    except NothingRead as error:
        return _form(request, visitor, 422, error.code)
    except LookupError as error:
        raise HTTPException(404) from error
    return RedirectResponse(f"/admissions/book-check/{item.check_id}", 303)


@router.get("/admissions/book-check/{check_id}")
def show_check(request: Request, check_id: str, visitor: Reader) -> Response:
    """One check, point by point."""
    console = console_of(request)
    with reading(console.engine) as connection:
        line = _own(connection, visitor, check_id)
    note_seldom(request, visitor, "book.checks_read", check_id, org=line.item.org)
    language = visitor.look.language
    return page(
        request,
        "book_check.html",
        visitor,
        line=line,
        point_words=lambda point: point_words(point, language),
    )


@router.get("/admissions/book-check/{check_id}/file")
def print_check(request: Request, check_id: str, visitor: Reader) -> Response:
    """The check as a PDF."""
    console = console_of(request)
    with writing(console.engine) as connection:
        line = _own(connection, visitor, check_id)
        paper = check_paper(connection, line, visitor.look, console.config.generation)
        note(connection, console, visitor, "book.check_print", line.item.worker_id or "", org=line.item.org)
    try:
        content = listing(paper)
    except FontsMissing as error:
        raise HTTPException(503) from error
    headers = {"Content-Disposition": f'inline; filename="book-check-{check_id[-12:]}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


def _own(connection: Connection, visitor: Visitor, check_id: str) -> CheckLine:
    item = book_checks.get(connection, check_id)
    if item is None or item.employer_id not in visitor.account.employer_ids:
        raise HTTPException(404)
    return check_lines(connection, [item])[0]


def _form(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    fault: str = "",
    picture_fault: str = "",
    employer_fault: str = "",
) -> Response:
    console = console_of(request)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        items = book_checks.of_employers(connection, scope.ids, MOST_SHOWN)
        lines = check_lines(connection, items)
    note_seldom(request, visitor, "book.checks_read", orgs=visitor.account.orgs)
    return page(
        request,
        "book_checks.html",
        visitor,
        status,
        lines=lines,
        scope=scope,
        employer_fault=employer_fault,
        fault=fault,
        picture_fault=picture_fault,
        takes_pictures=console.pictures is not None,
        most=MOST_SHOWN,
    )
