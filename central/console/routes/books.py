"""Reference books: what holds and who has it, drafts, files in and out, publication and the way back.

GET /books and /books/{book} with `org` (whose; where an account has several), `q` (code or words), `edit` (code of a row, `-` for
a new one). GET /books/{book}/export `form` (xlsx | json). POST /books/{book}/items: `code`, `parent`, `ru`, `en`, `attr.<name>`,
`offered` (1), `valid_from`, `valid_until`, `revision`. POST /books/{book}/draft: `action` (discard | rebase | revert), `code`.
POST /books/{book}/import: `file`, `action` (check | take). POST /books/{book}/publish: `basis`, `version`, `valid_from`, `seen`
(hash of the draft that the page showed). POST /books/{book}/withdraw: `version`, `basis`. All with `org` and `csrf`; 303 to the
book, 422 with the page and faults at the fields, 409 when somebody else has changed the same meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData, UploadFile

from central.books import drafting, publishing
from central.books import reading as books
from central.books.catalogue import BOOKS, CENTRE, Attr, BookKind
from central.books.drafting import Draft
from central.books.rules import BookRefused, Difference, differences
from central.console.access_log import note
from central.console.books_view import ITEM_COLUMNS, book_page_values, list_rows, may_change_book
from central.console.bounds import PAGE_BYTES
from central.console.context import Visitor, console_of, page
from central.console.guard import Forbidden, Guard, form_of
from central.console.routes import file_jobs
from central.console.routes.registers import XLSX, uploaded
from central.console.sorting import sorting_of
from central.core.days import day_of, parse_day
from central.core.rights import RIGHTS, Right, Role
from central.core.vaccination_plan import is_unconfirmed
from central.imports.books import book_json, book_table, read_book_file
from central.imports.federal_jobs import MOST_BYTES_AT_ONCE
from central.imports.row_faults import RowFault
from central.imports.tables import MAX_FILE_BYTES, UnreadableTable
from central.store import registry
from central.store.engine import reading, writing
from central.words.no_force import band, file_name
from sync.contract.books import BookFault, BookItem, items_digest

router = APIRouter()
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_BOOKS))]
FileReader = Annotated[Visitor, Depends(Guard(Right.SEE_BOOKS, most_bytes=MAX_FILE_BYTES + PAGE_BYTES))]
Form = Annotated[FormData, Depends(form_of)]


@dataclass(frozen=True, slots=True)
class _Place:
    """A book as this visitor sees it: whose, and whether it is theirs to change."""

    kind: BookKind
    org: str
    may_change: bool

    @property
    def address(self) -> str:
        """Of its page."""
        return f"/books/{self.kind.name}" + (f"?{urlencode({'org': self.org})}" if self.org else "")


@router.get("/books")
def show_books(request: Request, visitor: Reader, org: str = "") -> Response:
    """All books."""
    console = console_of(request)
    own = _own_org(visitor, org)
    with reading(console.engine) as connection:
        rows = list_rows(connection, own, console.clock())
        owner = registry.get_organisation(connection, own) if own else None
    owner_name = owner["name"] if owner is not None else own
    return page(request, "books.html", visitor, rows=rows, org=own, orgs=visitor.account.orgs, owner_name=owner_name)


@router.get("/books/{book}")
def show_book(request: Request, book: str, visitor: Reader, org: str = "") -> Response:
    """One book."""
    return _page(request, visitor, _place(visitor, book, org))


@router.get("/books/{book}/export")
def export_book(request: Request, book: str, visitor: Reader, org: str = "", form: str = "xlsx") -> Response:
    """The version in force as a file that the import takes."""
    place, console = _place(visitor, book, org), console_of(request)
    if form not in {"xlsx", "json"}:
        raise HTTPException(404)
    with reading(console.engine) as connection:
        held = books.in_force(connection, book, place.org, day_of(console.clock()))
    over = band(console.config.generation, visitor.look.language)
    made = (
        book_json(book, held.version, held.items, held.source)
        if form == "json"
        else book_table(place.kind, held.items, over)
    )
    with writing(console.engine) as connection:
        _note(connection, request, visitor, "book.export", place, {"rows": len(held.items)})
    named = file_name(console.config.generation, f"{book}-{held.version or '0'}.{form}")
    media_type = XLSX if form == "xlsx" else "application/json"
    return Response(made, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{named}"'})


@router.post("/books/{book}/items")
def change_item(request: Request, book: str, visitor: Reader, sent: Form) -> Response:
    """One row into the draft."""
    place, console = _changed(visitor, book, sent), console_of(request)
    typed = {name: str(value) for name, value in sent.items() if isinstance(value, str) and name != "csrf"}
    item, faults = _item(place.kind, typed)
    if not faults:
        try:
            with writing(console.engine) as connection:
                drafting.put_item(
                    connection,
                    book,
                    place.org,
                    item,
                    revision=int(typed["revision"]) if typed.get("revision", "").isdecimal() else 0,
                    author=visitor.account.account_id,
                    now=console.clock(),
                    rights=RIGHTS[Role(visitor.account.role)],
                )
                _note(connection, request, visitor, "book.item", place, {"item": item.code})
        except BookRefused as refused:
            faults = list(refused.faults)
    if faults:
        status = 409 if any(fault.fault == "changed_meanwhile" for fault in faults) else 422
        return _page(request, visitor, place, status, typed=typed, faults=faults)
    return _back(place, saved=item.code)


@router.post("/books/{book}/draft")
def change_draft(request: Request, book: str, visitor: Reader, sent: Form) -> Response:
    """Throw the draft away, take one change back, or carry it over to the version that was published meanwhile."""
    place, console = _changed(visitor, book, sent), console_of(request)
    action, code = str(sent.get("action", "")), str(sent.get("code", ""))
    if action not in {"discard", "rebase", "revert"}:
        raise HTTPException(404)
    with writing(console.engine) as connection:
        if action == "discard":
            drafting.throw_away(connection, book, place.org)
        elif action == "rebase":
            drafting.carry_over(connection, book, place.org)
        else:
            drafting.drop_item(connection, book, place.org, code)
        _note(
            connection, request, visitor, "book.discard" if action == "discard" else "book.item", place, {"item": code}
        )
    return _back(place)


@router.post("/books/{book}/import")
def import_book(request: Request, book: str, visitor: FileReader, sent: Form) -> Response:
    """Check a file, or make it the draft. A large file goes to a job."""
    place, console = _changed(visitor, book, sent), console_of(request)
    upload = sent.get("file")
    name = upload.filename or "" if isinstance(upload, UploadFile) else ""
    now = console.clock()
    try:
        content = uploaded(sent)
        if len(content) > MOST_BYTES_AT_ONCE:
            orgs = [place.org] if place.org else []
            params = {"org": place.org, "orgs": orgs, "book": book, "file_name": name}
            return file_jobs.ask(request, visitor, "book", content, params, is_import=sent.get("action") == "take")
        found = read_book_file(book, content, name)
    except UnreadableTable as error:
        return _page(request, visitor, place, 422, unreadable=error)
    if found.faults:
        return _page(request, visitor, place, 422, row_faults=found.faults)
    rights = RIGHTS[Role(visitor.account.role)]
    try:
        with writing(console.engine) as connection:
            base = books.newest(connection, book, place.org)
            refused = drafting.import_faults(base, book, found.items, rights)
            if refused:
                raise BookRefused(refused)
            changes = differences(base.items, drafting.with_ended(base.items, found.items, now))
            if sent.get("action") == "take":
                drafting.take_items(
                    connection,
                    book,
                    place.org,
                    found.items,
                    author=visitor.account.account_id,
                    now=now,
                    source=found.source,
                    version=found.version,
                    rights=rights,
                )
                _note(connection, request, visitor, "book.import", place, {"rows": len(found.items)})
    except BookRefused as error:
        return _page(request, visitor, place, 422, faults=error.faults)
    if sent.get("action") == "take":
        return _back(place)
    return _page(request, visitor, place, checked=(len(found.items), changes))


@router.post("/books/{book}/publish")
def publish_book(request: Request, book: str, visitor: Reader, sent: Form) -> Response:
    """Put the draft in force."""
    place, console = _changed(visitor, book, sent), console_of(request)
    typed = {name: str(sent.get(name, "")).strip() for name in ("basis", "version", "valid_from")}
    first = parse_day(typed["valid_from"]) if typed["valid_from"] else None
    faults = [BookFault("", "valid_from", "wrong_form")] if typed["valid_from"] and first is None else []
    try:
        with writing(console.engine) as connection:
            drafting.hold_book(connection, book, place.org)
            draft = drafting.get(connection, book, place.org)
            if draft is not None and str(sent.get("seen", "")) != items_digest(draft.items):
                # What is published is what was looked at.
                faults.append(BookFault("", "items", "changed_meanwhile", _last_author(draft)))
            if faults:
                raise BookRefused(faults)
            made = publishing.publish(
                connection,
                console.outgoing,
                book,
                place.org,
                basis=typed["basis"],
                author=visitor.account.account_id,
                now=console.clock(),
                valid_from=first,
                version=typed["version"],
            )
            _note(
                connection, request, visitor, "book.publish", place, {"version": made.version, "rows": len(made.items)}
            )
    except BookRefused as refused:
        status = 409 if any(fault.fault == "changed_meanwhile" for fault in refused.faults) else 422
        return _page(request, visitor, place, status, publication=typed, publication_faults=refused.faults)
    console.wake()
    return _back(place, published=made.version)


@router.post("/books/{book}/withdraw")
def withdraw_version(request: Request, book: str, visitor: Reader, sent: Form) -> Response:
    """Take a version back."""
    place, console = _changed(visitor, book, sent), console_of(request)
    version, basis = str(sent.get("version", "")), str(sent.get("basis", ""))
    try:
        with writing(console.engine) as connection:
            publishing.withdraw(
                connection,
                console.outgoing,
                book,
                place.org,
                version,
                basis=basis,
                author=visitor.account.account_id,
                now=console.clock(),
            )
            _note(connection, request, visitor, "book.withdraw", place, {"version": version})
    except BookRefused as refused:
        return _page(request, visitor, place, 422, withdrawal=(version, basis), withdrawal_faults=refused.faults)
    console.wake()
    return _back(place, withdrawn=version)


def _own_org(visitor: Visitor, org: str) -> str:
    """The organisation whose books are shown; 404 for one that is not the visitor's."""
    if org and not visitor.owns(org):
        raise HTTPException(404)
    return org or next(iter(visitor.account.orgs), CENTRE)


def _place(visitor: Visitor, book: str, org: str) -> _Place:
    kind = BOOKS.get(book)
    if kind is None:
        raise HTTPException(404)
    owner = CENTRE if kind.is_classifier else _own_org(visitor, org)
    return _Place(kind, owner, may_change=may_change_book(visitor, kind, owner))


def _changed(visitor: Visitor, book: str, sent: FormData) -> _Place:
    """The book that a form changes. Raises `Forbidden` for whoever may only look."""
    place = _place(visitor, book, str(sent.get("org", "")))
    if not place.may_change:
        raise Forbidden(visitor, place.kind.right)
    return place


def _item(kind: BookKind, typed: dict[str, str]) -> tuple[BookItem, list[BookFault]]:
    code, faults = typed.get("code", "").strip(), []
    days = {}
    for name in ("valid_from", "valid_until"):
        words = typed.get(name, "").strip()
        days[name] = parse_day(words) if words else None
        if words and days[name] is None:
            faults.append(BookFault(code, name, "wrong_form"))
    attrs = {attr.name: _attr(attr, typed.get(f"attr.{attr.name}", "")) for attr in kind.attrs}
    item = BookItem.model_construct(
        code=code[:200],
        parent=typed.get("parent", "").strip()[:200],
        ru=typed.get("ru", "").replace("\r\n", "\n").strip(),
        en=typed.get("en", "").replace("\r\n", "\n").strip(),
        attrs={name: value for name, value in attrs.items() if value not in ("", [])},
        offered=typed.get("offered") == "1",
        valid_from=days["valid_from"],
        valid_until=days["valid_until"],
    )
    return item, faults


def _attr(attr: Attr, words: str) -> Any:
    words = words.strip()
    if attr.kind == "list":
        return [part.strip() for part in words.split(";") if part.strip()]
    return int(words) if attr.kind == "number" and words.isdecimal() else words


def _last_author(draft: Draft) -> str:
    newest = max(draft.changes.values(), key=lambda one: one.changed_at, default=None)
    return newest.author if newest else draft.author


def _back(place: _Place, **done: str) -> Response:
    pairs = ({"org": place.org} if place.org else {}) | done
    return RedirectResponse(f"/books/{place.kind.name}?{urlencode(pairs)}" if pairs else place.address, status_code=303)


def _page(
    request: Request,
    visitor: Visitor,
    place: _Place,
    status: int = 200,
    *,
    typed: dict[str, str] | None = None,
    faults: Sequence[BookFault] = (),
    publication: dict[str, str] | None = None,
    publication_faults: Sequence[BookFault] = (),
    withdrawal: tuple[str, str] = ("", ""),
    withdrawal_faults: Sequence[BookFault] = (),
    unreadable: UnreadableTable | None = None,
    row_faults: Sequence[RowFault] = (),
    checked: tuple[int, Sequence[Difference]] | None = None,
) -> Response:
    console = console_of(request)
    query = request.query_params
    with reading(console.engine) as connection:
        values = book_page_values(
            connection,
            place.kind,
            place.org,
            visitor.account.orgs,
            console.clock(),
            sought=query.get("q", "").strip(),
            edited=query.get("edit", ""),
            sort=sorting_of(request, {*ITEM_COLUMNS, "uses"}, path=f"/books/{place.kind.name}"),
            language=visitor.look.language,
        )
    return page(
        request,
        "book.html",
        visitor,
        status,
        kind=place.kind,
        is_unconfirmed=is_unconfirmed,
        org=place.org,
        orgs=visitor.account.orgs,
        may_change=place.may_change,
        may_attr={attr.name: attr.right is None or visitor.may(attr.right) for attr in place.kind.attrs},
        may_words=visitor.may(place.kind.right),
        typed=typed,
        faults=faults,
        publication=publication or {},
        publication_faults=publication_faults,
        withdrawal=withdrawal,
        withdrawal_faults=withdrawal_faults,
        unreadable=unreadable,
        row_faults=row_faults,
        checked=checked,
        saved=query.get("saved", ""),
        published=query.get("published", ""),
        withdrawn=query.get("withdrawn", ""),
        **values,
    )


def _note(
    connection: Connection, request: Request, visitor: Visitor, action: str, place: _Place, detail: dict[str, Any]
) -> None:
    named = {"book": place.kind.name} | {name: value for name, value in detail.items() if value != ""}
    note(connection, console_of(request), visitor, action, place.kind.name, org=place.org or None, detail=named)
