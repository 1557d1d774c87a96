"""Consents and the reference picture of one worker; the texts of consents of the organisation; export of the register.

GET /workers/{worker_id}: the page. POST /workers/{worker_id}/consents: `text` (kind and version, as `kind/version`),
`given_on` (YYYY-MM-DD), `means`, `basis`, `csrf`. POST /workers/{worker_id}/consents/withdraw: `consent_id`,
`withdrawn_on`, `means`, `basis`, `csrf`. GET /consents, POST /consents/texts: `kind`, `version`, `valid_from`, `body`,
`csrf`. GET /consents/export: the register as XLSX. 303 to the page; 422 with the page and a fault at each field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection, RowMapping
from starlette.datastructures import FormData

from central.books import reading as books
from central.console.access_log import covers, note, note_alone
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of
from central.console.routes.registers import XLSX, own_org
from central.core.days import day_of, parse_day
from central.core.rights import Right
from central.imports.consents import register_table
from central.people.consents import ConsentRefused, Consents
from central.store import accounts, consents, faces, registry
from central.store.consents import KINDS, MEANS
from central.store.engine import reading, writing
from central.store.workers import get_worker
from central.words.no_force import band, file_name
from sync.contract.books import CONSENT_TEXT, KIOSK_CONSENT
from sync.contract.canonical import sha256_hex

router = APIRouter()
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))]
Changer = Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS))]
Form = Annotated[FormData, Depends(form_of)]


@router.get("/workers/{worker_id}")
def show_worker(request: Request, worker_id: str, visitor: Reader, saved: str = "") -> Response:
    """Consents with their history, the picture, and what the terminals made of it."""
    return worker_page(request, visitor, worker_id, saved=saved in {"1", "unseen"})


@router.post("/workers/{worker_id}/consents")
def give_consent(request: Request, worker_id: str, visitor: Changer, sent: Form) -> Response:
    """Enter a consent."""
    console = console_of(request)
    typed = _typed(sent, "text", "given_on", "means", "basis")
    kind, _, version = typed["text"].partition("/")
    with writing(console.engine) as connection:
        worker = own_worker(connection, visitor, worker_id)
        given_on, faults = _day(typed, "given_on")
        if not typed["text"]:
            faults["text"] = "choose"
        try:
            if not faults:
                consent_id = Consents(console.registry).give(
                    connection,
                    worker_id,
                    kind,
                    version,
                    given_on=given_on,
                    means=typed["means"],
                    basis=typed["basis"],
                    author=visitor.account.account_id,
                )
                detail = {"consent": consent_id, "kind": kind}
                note(connection, console, visitor, "consent.give", worker_id, org=worker["org"], detail=detail)
        except ConsentRefused as refused:
            faults = {"text" if name in {"kind", "version"} else name: code for name, code in refused.faults.items()}
    if faults:
        return worker_page(request, visitor, worker_id, 422, typed=typed, faults=faults)
    console.wake()
    return RedirectResponse(f"/workers/{worker_id}?saved=1", status_code=303)


@router.post("/workers/{worker_id}/consents/withdraw")
def withdraw_consent(request: Request, worker_id: str, visitor: Changer, sent: Form) -> Response:
    """Enter a withdrawal. The consent stays on record."""
    console = console_of(request)
    typed = _typed(sent, "consent_id", "withdrawn_on", "means", "basis")
    with writing(console.engine) as connection:
        worker = own_worker(connection, visitor, worker_id)
        record = consents.get_consent(connection, typed["consent_id"])
        if record is None or all(
            one.consent_id != record.consent_id for one in consents.of_worker(connection, worker_id)
        ):
            raise HTTPException(404)
        withdrawn_on, faults = _day(typed, "withdrawn_on")
        try:
            if not faults:
                ended = Consents(console.registry).withdraw(
                    connection,
                    record.consent_id,
                    withdrawn_on=withdrawn_on,
                    means=typed["means"],
                    basis=typed["basis"],
                    author=visitor.account.account_id,
                )
                detail = {"consents": ended, "kind": record.kind}
                note(connection, console, visitor, "consent.withdraw", worker_id, org=worker["org"], detail=detail)
        except ConsentRefused as refused:
            faults = refused.faults
    if faults:
        return worker_page(request, visitor, worker_id, 422, typed=typed, withdrawal_faults=faults)
    console.wake()
    return RedirectResponse(f"/workers/{worker_id}?saved=1", status_code=303)


@router.get("/consents")
def show_texts(request: Request, visitor: Reader) -> Response:
    """The texts of consents in all their versions."""
    return _texts_page(request, visitor)


@router.post("/consents/texts")
def add_text(request: Request, visitor: Changer, sent: Form) -> Response:
    """Enter a version of a text. One that is there is never changed."""
    console = console_of(request)
    typed = _typed(sent, "kind", "version", "valid_from", "body")
    valid_from, faults = _day(typed, "valid_from")
    org = own_org(visitor, str(sent.get("of_org", "")))
    try:
        if not faults:
            with writing(console.engine) as connection:
                Consents(console.registry).add_text(
                    connection,
                    org,
                    typed["kind"],
                    typed["version"],
                    typed["body"],
                    valid_from=valid_from,
                    author=visitor.account.account_id,
                )
                detail = {"kind": typed["kind"], "version": typed["version"]}
                note(connection, console, visitor, "consent.text", org=org, detail=detail)
    except ConsentRefused as refused:
        faults = refused.faults
    if faults:
        return _texts_page(request, visitor, 422, typed=typed, faults=faults)
    console.wake()
    return RedirectResponse("/consents", status_code=303)


@router.get("/consents/export")
def export_register(request: Request, visitor: Changer, of_org: str = "") -> Response:
    """Every consent and withdrawal as a table."""
    console, org = console_of(request), own_org(visitor, of_org)
    generation = console.config.generation
    over = band(generation, visitor.look.language)
    with reading(console.engine) as connection:
        content = register_table(connection, org, _names(connection), over)
        rows = consents.count_of_organisation(connection, org)
    note_alone(console, visitor, "consents.export", org=org, detail={"rows": rows})
    named = f'attachment; filename="{file_name(generation, "consents.xlsx")}"'
    return Response(content, media_type=XLSX, headers={"Content-Disposition": named})


def own_worker(connection: Connection, visitor: Visitor, worker_id: str) -> RowMapping:
    """A worker of the visitor's organisations; 404 for others and for nobody alike."""
    return own_or_404(visitor, get_worker(connection, worker_id))


def worker_page(
    request: Request,
    visitor: Visitor,
    worker_id: str,
    status: int = 200,
    *,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    withdrawal_faults: Mapping[str, str] | None = None,
    photo_fault: str = "",
    photo_problems: tuple[str, ...] = (),
    saved: bool = False,
) -> Response:
    """The page, with what came of a form."""
    console = console_of(request)
    with writing(console.engine) as connection:
        worker = own_worker(connection, visitor, worker_id)
        note(connection, console, visitor, "worker.consents", worker_id, org=worker["org"])
        covers(console, visitor, worker_id)
        records = consents.of_worker(connection, worker_id)
        employer = registry.get_employer(connection, worker["employer_id"])
        values: dict[str, Any] = {
            "texts": consents.list_texts(connection, worker["org"]),
            "at_terminals": faces.of_worker(connection, worker_id),
            "names": _names(connection),
        }
    return page(
        request,
        "worker.html",
        visitor,
        status,
        worker=worker,
        employer_name=employer["name"] if employer is not None else "",
        records=records,
        standing=[record for record in records if record.in_force],
        kinds=KINDS,
        means=MEANS,
        typed=typed or {},
        faults=faults or {},
        withdrawal_faults=withdrawal_faults or {},
        photo_fault=photo_fault,
        photo_problems=photo_problems,
        photo_unseen=request.query_params.get("saved") == "unseen",
        looks_at_photos=console.pictures is not None,
        saved=saved,
        today=day_of(console.clock()).isoformat(),
        **values,
    )


def _texts_page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
) -> Response:
    console = console_of(request)
    with reading(console.engine) as connection:
        texts = [row for org in visitor.account.orgs for row in consents.list_texts(connection, org)]
        at_kiosks = {org: _at_kiosk(connection, org, day_of(console.clock())) for org in visitor.account.orgs}
        names = _names(connection)
    return page(
        request,
        "consents.html",
        visitor,
        status,
        texts=texts,
        at_kiosks=at_kiosks,
        names=names,
        kinds=KINDS,
        typed=typed or {},
        faults=faults or {},
        today=day_of(console.clock()).isoformat(),
    )


@dataclass(frozen=True, slots=True)
class AtKiosk:
    """The consent that the kiosks of an organisation ask for. `is_shipped`: none of its own is in force."""

    version: str
    body: str
    sha256: str
    is_shipped: bool


def _at_kiosk(connection: Connection, org: str, day: date) -> AtKiosk | None:
    held = books.in_force(connection, CONSENT_TEXT, org, day)
    item = held.by_code.get(KIOSK_CONSENT)
    if item is None:
        return None
    version = str(item.attrs.get("version") or held.version)
    return AtKiosk(version, item.ru, sha256_hex(item.ru.encode("utf-8")), not held.org)


def _names(connection: Connection) -> dict[str, str]:
    """Names of the accounts that entered something, by id."""
    return {account.account_id: account.full_name for account in accounts.all_accounts(connection)}


def _typed(sent: FormData, *names: str) -> dict[str, str]:
    return {name: str(sent.get(name, "")).strip() for name in names}


def _day(typed: Mapping[str, str], name: str) -> tuple[date, dict[str, str]]:
    """The day of a field, and what is wrong with it; with a fault the day is not to be used."""
    day = parse_day(typed[name])
    if day is None:
        return date.min, {name: "not_a_day" if typed[name] else "needed"}
    return day, {}
