"""One partner's system: its codes beside ours, its dictionary, and a trial without sending anything.

GET /exchange/{system} takes `book`, `code` (ours, to be mapped). POST /exchange/{system}/maps: `book`, `own_code`, `their_code`,
`their_display`, `their_system`, `relation` (equal | wider | narrower | none), `basis`, `csrf`; 303, or 422 with faults, or 409 when
somebody else was faster. POST /exchange/{system}/dictionary: `book`, `their_system`, `file` (XLSX or CSV, «Код» and «Название»),
`csrf`. POST /exchange/{system}/fields: `their_field`, `kind` (field | code | constant | text | none), `own_field`, `words`,
`basis`, `csrf`; as maps. GET /exchange/{system}/codes: maps and fields as JSON, for `dopusk exchange convert --codes`.
GET /exchange/{system}/test shows an invented result in the partner's format; POST asks whether the partner can be reached, and
sends no result.

POST /exchange/{system}/staff, of a personnel system: `action` (fetch | accept), `fetch_id` (the list that was shown), `csrf`;
303, 409 where a newer list has come.
"""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note, note_seldom
from central.console.bounds import PAGE_BYTES
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.registers import uploaded
from central.console.typed import Typed
from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.partner_config import PartnerConfig
from central.core.rights import Right
from central.imports.tables import UnreadableTable
from central.store import accounts, code_maps, sent_fields, staff_fetches
from central.store.code_maps import RELATIONS, ChangedMeanwhile
from central.store.engine import reading, writing
from central.store.exchange_log import About, Ended, log
from central.systems import mapping
from central.systems.field_mapping import RESULT, coded_fields, enter_field, field_of, form_in_force
from central.systems.map_files import codes_file
from central.systems.sent_form import KINDS, MAPPED_BOOKS, OWN_FIELDS
from central.systems.trial import Looked, look_at, sample_of

router = APIRouter()
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_EXCHANGE))]
Changer = Annotated[Visitor, Depends(Guard(Right.CHANGE_EXCHANGE))]
Sender = Annotated[
    Visitor, Depends(Guard(Right.CHANGE_EXCHANGE, most_bytes=mapping.MOST_DICTIONARY_BYTES + PAGE_BYTES))
]
Form = Annotated[FormData, Depends(form_of)]
_STAFF_ACTIONS = {"fetch": "exchange.staff_fetch", "accept": "exchange.staff_accept"}
FIELD_FIELDS = ("their_field", "kind", "own_field", "words", "basis")
MAP_FIELDS = ("own_code", "their_code", "their_display", "their_system", "relation", "basis")


@router.get("/exchange/{system}")
def show_system(request: Request, visitor: Reader, system: str, book: str = "", code: str = "") -> Response:
    """The maps of a partner."""
    partner = own_or_404(visitor, console_of(request).config.partners.named(system))
    note_seldom(request, visitor, "exchange.maps", system, org=partner.org)
    return _page(request, visitor, partner, _book(book), code=code)


@router.get("/exchange/{system}/codes")
def download_codes(request: Request, visitor: Reader, system: str) -> Response:
    """The maps and fields in force as JSON."""
    console = console_of(request)
    partner = own_or_404(visitor, console.config.partners.named(system))
    with reading(console.engine) as connection:
        bound = [one for book in MAPPED_BOOKS for one in code_maps.in_force(connection, system, book).values()]
        form = form_in_force(connection, system)
    note_seldom(request, visitor, "exchange.maps", system, org=partner.org)
    headers = {"Content-Disposition": f'attachment; filename="codes-{system}.json"'}
    return Response(codes_file(system, bound, form), media_type="application/json", headers=headers)


@router.post("/exchange/{system}/maps")
def add_map(request: Request, visitor: Changer, system: str, form: Form) -> Response:
    """Map a code of ours."""
    console, typed = console_of(request), Typed(typed_fields(form))
    partner, book = own_or_404(visitor, console.config.partners.named(system)), _book(typed.one("book"))
    fields = {name: typed.one(name) for name in MAP_FIELDS}
    now = console.clock()
    with reading(console.engine) as connection:
        known = {one.code: one for one in mapping.items_of(connection, book, partner.org, day_of(now))}
        given = code_maps.dictionaries(connection, system, book, 1)
    made = mapping.map_of(fields, book, known, given[0] if given else None)
    if isinstance(made, dict):
        return _page(request, visitor, partner, book, 422, typed=typed, faults=made)
    try:
        with writing(console.engine) as connection:
            entered = mapping.enter(connection, made, system, partner.org, visitor.account.account_id, now)
            if entered is not None:
                detail = {"book": book, "code": entered.own_code, "version": entered.version}
                note(connection, console, visitor, "exchange.map", system, org=partner.org, detail=detail)
    except ChangedMeanwhile as error:
        raise HTTPException(409) from error
    return RedirectResponse(f"/exchange/{system}?book={book}&saved=1", 303)


@router.post("/exchange/{system}/fields")
def add_field(request: Request, visitor: Changer, system: str, form: Form) -> Response:
    """Say what stands in a field of the partner's."""
    console, typed = console_of(request), Typed(typed_fields(form))
    partner = own_or_404(visitor, console.config.partners.named(system))
    if partner.sends is None:
        raise HTTPException(404)
    fields = {name: typed.one(name) for name in FIELD_FIELDS}
    with reading(console.engine) as connection:
        rows = sent_fields.in_force(connection, system, RESULT)
    made = field_of(fields, partner.sends, rows)
    if isinstance(made, dict):
        return _page(request, visitor, partner, MAPPED_BOOKS[0], 422, field_typed=typed, field_faults=made)
    try:
        with writing(console.engine) as connection:
            by, now = visitor.account.account_id, console.clock()
            entered = enter_field(connection, made, fields["basis"], system, partner.org, by, now)
            if entered is not None:
                detail = {"field": entered.their_field, "version": entered.version}
                note(connection, console, visitor, "exchange.field", system, org=partner.org, detail=detail)
    except ChangedMeanwhile as error:
        raise HTTPException(409) from error
    return RedirectResponse(f"/exchange/{system}?saved=1#fields", 303)


@router.post("/exchange/{system}/dictionary")
def take_dictionary(request: Request, visitor: Sender, system: str, form: Form) -> Response:
    """Keep a newer dictionary of the partner's."""
    console, typed = console_of(request), Typed(typed_fields(form))
    partner, book = own_or_404(visitor, console.config.partners.named(system)), _book(typed.one("book"))
    now, by = console.clock(), visitor.account.account_id
    try:
        content = uploaded(form, mapping.MOST_DICTIONARY_BYTES)
        given = mapping.dictionary_of(content, system, partner.org, book, typed.one("their_system"), by, now)
    except UnreadableTable as error:
        return _page(request, visitor, partner, book, 422, typed=typed, unreadable=error)
    about = About(partner.org, system, "in", "file", "dictionary", "table", "dictionary", given.dictionary_id, by)
    with writing(console.engine) as connection:
        code_maps.add_dictionary(connection, given)
        log(connection, about, content, Ended("ok"), now)
        detail = {"book": book, "rows": len(given.items)}
        note(connection, console, visitor, "exchange.dictionary", system, org=partner.org, detail=detail)
    return RedirectResponse(f"/exchange/{system}?book={book}#dictionary", 303)


@router.post("/exchange/{system}/staff")
def take_staff(request: Request, visitor: Changer, system: str, form: Form) -> Response:
    """Ask for the list of staff now, or take the difference over that was shown."""
    console, typed = console_of(request), Typed(typed_fields(form))
    partner = own_or_404(visitor, console.config.partners.named(system))
    action = typed.one("action")
    if partner.kind != "1c" or action not in _STAFF_ACTIONS:
        raise HTTPException(404)
    with writing(console.engine) as connection:
        if action == "fetch":
            staff_fetches.want(connection, system, partner.org, console.clock())
        elif not staff_fetches.accept(connection, typed.one("fetch_id"), system, visitor.account.account_id):
            raise HTTPException(409)
        note(connection, console, visitor, _STAFF_ACTIONS[action], system, org=partner.org)
    return RedirectResponse(f"/exchange/{system}#staff", 303)


@router.get("/exchange/{system}/test")
def show_test(request: Request, visitor: Reader, system: str) -> Response:
    """What would go there, with an invented worker."""
    partner = own_or_404(visitor, console_of(request).config.partners.named(system))
    note_seldom(request, visitor, "exchange.maps", system, org=partner.org)
    return _test_page(request, visitor, partner)


@router.post("/exchange/{system}/test")
def test_connection(request: Request, visitor: Changer, system: str) -> Response:
    """Ask whether the partner is there. No result goes."""
    console = console_of(request)
    partner = own_or_404(visitor, console.config.partners.named(system))
    begun_s = time.monotonic()
    looked = look_at(partner)
    spent = round((time.monotonic() - begun_s) * 1000)
    channel = "file" if partner.folder is not None else "rest"
    about = About(partner.org, system, "out", channel, "test", "", "partner", system, visitor.account.account_id)
    outcome = "ok" if not looked.code else "error"
    with writing(console.engine) as connection:
        ended = Ended(outcome, looked.code, "", looked.http_status, spent)
        log(connection, about, b"", ended, console.clock())
        note(
            connection, console, visitor, "exchange.test", system, org=partner.org, detail={"code": looked.code or "ok"}
        )
    return _test_page(request, visitor, partner, looked)


def _test_page(request: Request, visitor: Visitor, partner: PartnerConfig, looked: Looked | None = None) -> Response:
    console = console_of(request)
    with reading(console.engine) as connection:
        bindings = {
            (book, code): one
            for book in MAPPED_BOOKS
            for code, one in code_maps.in_force(connection, partner.name, book).items()
        }
        form = form_in_force(connection, partner.name)
    sample = sample_of(partner, bindings, form, console.config.generation, console.clock())
    return page(request, "exchange_test.html", visitor, partner=partner, sample=sample, looked=looked)


def _book(words: str) -> str:
    """One of the books that are mapped; without a word the first."""
    if words and words not in MAPPED_BOOKS:
        raise HTTPException(404)
    return words or MAPPED_BOOKS[0]


def _page(
    request: Request,
    visitor: Visitor,
    partner: PartnerConfig,
    book: str,
    status: int = 200,
    *,
    code: str = "",
    typed: Typed | None = None,
    faults: dict[str, InputFault] | None = None,
    unreadable: UnreadableTable | None = None,
    field_typed: Typed | None = None,
    field_faults: dict[str, InputFault] | None = None,
) -> Response:
    console = console_of(request)
    with reading(console.engine) as connection:
        items = mapping.items_of(connection, book, partner.org, day_of(console.clock()))
        fields = sent_fields.in_force(connection, partner.name, RESULT)
        bound = code_maps.in_force(connection, partner.name, book)
        given = code_maps.dictionaries(connection, partner.name, book)
        names = {one.account_id: one.full_name for one in accounts.all_accounts(connection)}
        staff = staff_fetches.newest(connection, partner.name) if partner.kind == "1c" else None
        history = code_maps.versions(connection, partner.name, book, code) if code else []
    newest = given[0] if given else None
    lines = mapping.lines_of(items, bound, newest, visitor.look.language)
    change = mapping.change_of(given[1] if len(given) > 1 else None, newest) if newest is not None else None
    return page(
        request,
        "exchange_system.html",
        visitor,
        status,
        partner=partner,
        book=book,
        books=MAPPED_BOOKS,
        lines=lines,
        percent=mapping.covered_percent(lines),
        dictionary=newest,
        change=change,
        names=names,
        history=history,
        staff=staff,
        typed=typed or Typed({}) if status == 422 else _proposed(lines, code),
        fields=fields,
        kinds=KINDS,
        own_fields=OWN_FIELDS,
        coded=coded_fields(partner.sends),
        field_typed=field_typed or Typed({}),
        field_faults=field_faults or {},
        faults=faults or {},
        unreadable=unreadable,
        relations=RELATIONS,
        most=mapping.MOST_CHARS,
        language=visitor.look.language,
        saved=request.query_params.get("saved") == "1",
    )


def _proposed(lines: list[mapping.MapLine], code: str) -> Typed:
    """The form for one code: what is bound, or what is proposed."""
    line = next((one for one in lines if one.item.code == code), None)
    if line is None:
        return Typed({})
    said = {"own_code": code}
    if line.bound is not None and line.bound.is_bound:
        kept = line.bound
        said |= {"their_code": kept.their_code, "their_display": kept.their_display, "relation": kept.relation}
        said |= {"their_system": kept.their_system}
    elif line.proposal is not None:
        said |= {"their_code": line.proposal[0], "their_display": line.proposal[1], "relation": "equal"}
    return Typed({name: [value] for name, value in said.items()})
