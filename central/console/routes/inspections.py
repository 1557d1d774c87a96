"""Inspections as the head opens and ends them, and the log of what an inspector looked at, to be printed.

GET /conclusions/inspections. POST opens one: `account_id`, `of_org`, `basis`, `since_day`, `until_day`, `ends_on`, `csrf`: 303,
422 with what is at fault. POST /conclusions/inspections/{inspection_id}/end: 303, 409 when it is over already. GET
/conclusions/inspections/{inspection_id}/log: a PDF.
"""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone
from central.console.audit_words import details
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.passport import paper_answer
from central.console.typed import Typed
from central.core.days import day_of, parse_day
from central.core.rights import Right, Role
from central.core.text_cleaning import clean_line
from central.papers.listing import Listing, Section
from central.store import accounts, audit, inspections, registry
from central.store.accounts import Account
from central.store.engine import reading, writing
from central.store.inspections import EndedAlready, Inspection, InspectionEnd
from central.words import wording
from central.words.no_force import band
from central.words.texts import text, text_or
from sync.contract.canonical import new_id

router = APIRouter()
SHOWN = 200
MOST_LINES = 5000
"""So many lines of the log are printed."""
MOST_BASIS_CHARS = 300
PAPER = "ru"
Head = Annotated[Visitor, Depends(Guard(Right.OPEN_INSPECTIONS))]
Form = Annotated[FormData, Depends(form_of)]


@router.get("/conclusions/inspections")
def show_inspections(request: Request, visitor: Head) -> Response:
    """All inspections, and the form of a new one."""
    return inspections_page(request, visitor)


@router.post("/conclusions/inspections")
def open_inspection(request: Request, visitor: Head, form: Form) -> Response:
    """Let an inspector's account look at exams of some days, until an end."""
    console, typed = console_of(request), Typed(typed_fields(form))
    with writing(console.engine) as connection:
        known = {one.account_id for one in _inspectors(accounts.all_accounts(connection), visitor)}
        item, faults = _read(visitor, typed, known, day_of(console.clock()))
        if item is not None:
            made = Inspection(new_id(), *item, console.clock(), visitor.account.account_id)
            inspections.add(connection, made)
            note(
                connection,
                console,
                visitor,
                "inspection.open",
                made.account_id,
                org=made.org,
                detail={"basis": made.basis},
            )
    if item is None:
        return inspections_page(request, visitor, 422, typed=typed, faults=faults)
    return RedirectResponse("/conclusions/inspections", status_code=303)


@router.post("/conclusions/inspections/{inspection_id}/end")
def end_inspection(request: Request, inspection_id: str, visitor: Head, _form: Form) -> Response:
    """End the access now."""
    console = console_of(request)
    with reading(console.engine) as connection:
        item = own_or_404(visitor, inspections.find(connection, inspection_id))
    try:
        with writing(console.engine) as connection:
            ended = InspectionEnd(inspection_id, item.org, console.clock(), visitor.account.account_id)
            inspections.end(connection, ended)
            note(connection, console, visitor, "inspection.end", item.account_id, org=item.org)
    except EndedAlready as error:
        raise HTTPException(409) from error
    return RedirectResponse("/conclusions/inspections", status_code=303)


@router.get("/conclusions/inspections/{inspection_id}/log")
def print_log(request: Request, inspection_id: str, visitor: Head) -> Response:
    """What the inspector did since the inspection was opened, on paper."""
    console, zone = console_of(request), visitor.look.zone
    with reading(console.engine) as connection:
        item = own_or_404(visitor, inspections.find(connection, inspection_id))
        who = accounts.by_id(connection, item.account_id)
        organisation = registry.get_organisation(connection, item.org)
        lines = audit.search(
            connection,
            orgs=[item.org],
            accounts=[item.account_id],
            account_id=item.account_id,
            since=item.opened_at,
            limit=MOST_LINES,
            oldest_first=True,
        )
    note_alone(console, visitor, "inspection.log", item.account_id, org=item.org, detail={"rows": len(lines)})
    rows = tuple(
        (
            wording.moment_to_the_second(one.at, zone),
            one.address,
            text_or(PAPER, f"audit.name.{one.action}", one.action),
            one.subject,
            "; ".join(f"{name}: {value}" for name, value in details(one.detail, PAPER, {})),
        )
        for one in lines
    )
    head = tuple(text(PAPER, f"inspection.log.{name}") for name in ("at", "address", "what", "subject", "detail"))
    content = Listing(
        title=text(PAPER, "inspection.log.title"),
        organisation=organisation["name"] if organisation is not None else "",
        verdict=who.full_name if who is not None else "—",
        lines=(
            (text(PAPER, "holds.basis"), item.basis),
            (text(PAPER, "inspection.days"), f"{item.since_day:%d.%m.%Y} – {item.until_day:%d.%m.%Y}"),
            (text(PAPER, "inspection.ends_on"), f"{item.ends_on:%d.%m.%Y}"),
        ),
        sections=(
            Section(
                text(PAPER, "inspection.log.lines", count=len(rows)),
                head,
                rows,
                (0.16, 0.13, 0.26, 0.25, 0.2),
                text(PAPER, "inspection.log.none"),
            ),
        ),
        notes=(text(PAPER, "journal.zone", zone=wording.zone_words(zone, console.clock())),),
        foot="",
        band=band(console.config.generation, PAPER),
    )
    return paper_answer(content, f"inspection-{inspection_id[-12:]}.pdf")


def _inspectors(known: list[Account], visitor: Visitor) -> list[Account]:
    """Accounts of inspectors that belong to one of the visitor's organisations."""
    own = [one for one in known if one.role == Role.INSPECTOR and not one.disabled]
    return [one for one in own if set(one.orgs) & set(visitor.account.orgs)]


def _read(
    visitor: Visitor, typed: Typed, known: set[str], today: date
) -> tuple[tuple[str, str, str, date, date, date] | None, dict[str, str]]:
    faults: dict[str, str] = {}
    org, basis = visitor.org_of(typed.one("of_org")), clean_line(typed.one("basis"))
    if org is None:
        faults["of_org"] = "choose"
    if typed.one("account_id") not in known:
        faults["account_id"] = "choose"
    if not basis or len(basis) > MOST_BASIS_CHARS:
        faults["basis"] = "needed" if not basis else "too_long"
    days = {name: parse_day(typed.one(name)) for name in ("since_day", "until_day", "ends_on")}
    faults |= {name: "not_a_day" if typed.one(name) else "needed" for name, found in days.items() if found is None}
    since, until, ends_on = (days[name] for name in ("since_day", "until_day", "ends_on"))
    if since is not None and until is not None and until < since:
        faults["until_day"] = "before_since"
    if ends_on is not None and ends_on < today:
        faults["ends_on"] = "past"
    if faults or org is None or since is None or until is None or ends_on is None:
        return None, faults
    return (org, typed.one("account_id"), basis, since, until, ends_on), {}


def inspections_page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    """The list and the form."""
    console, orgs = console_of(request), visitor.account.orgs
    with reading(console.engine) as connection:
        found = inspections.listed(connection, orgs, SHOWN)
        known = accounts.all_accounts(connection)
    names = {one.account_id: one.full_name for one in known}
    today = day_of(console.clock())
    rows = [
        (item, names.get(item.account_id, "—"), ended, "over" if ended or item.ends_on < today else "in_force")
        for item, ended in found
    ]
    for org in orgs or (None,):
        note_alone(console, visitor, "inspections.read", org=org, detail={"rows": len(rows)})
    return page(
        request,
        "inspections.html",
        visitor,
        status,
        rows=rows,
        names=names,
        inspectors=_inspectors(known, visitor),
        typed=typed or Typed({}),
        faults=faults or {},
        today=today,
        most=MOST_BASIS_CHARS,
    )
