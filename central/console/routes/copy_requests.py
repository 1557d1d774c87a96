"""Requests for copies of conclusions: taken, extended, refused, closed; letters of extension and refusal.

GET /conclusions/requests takes `number` (personnel number of whom the new request is about). POST /conclusions/requests notes one:
`worker_id`, `asked_by` (patient | representative | authority), `identity_checked`, `kind`, `since`, `until`, `received_on`, `csrf`:
303 to the request, 422 with what is at fault. POST …/{request_id}/extension `until`, `notice`, `reason`; …/refusal `grounds` (codes
of the book, several), `reason`; …/closing `copies` (ids, several): 303 to the request, 409 when it was answered meanwhile, 422 with
the fault at the field. GET …/letter: the letter of its extension or refusal, a PDF. GET /conclusions/refusals: the refused ones.
"""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.conclusions import requests
from central.conclusions.requests import MOST_REASON_CHARS, Asked, Hand
from central.console.access_log import note, note_alone
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.request_letters import letter_of
from central.console.routes.passport import paper_answer
from central.console.typed import Typed
from central.core.rights import Right
from central.core.text_cleaning import clean_line
from central.store import copies, copy_requests, registry
from central.store.copy_requests import ASKED_BY, CLOSED, REFUSED, KnownRequest, RequestTaken
from central.store.engine import reading, writing
from central.store.kept_papers import KEPT_KINDS
from central.store.workers import get_worker, workers_with_number

router = APIRouter()
SHOWN = 300
"""So many requests stand on the page."""
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
Keeper = Annotated[Visitor, Depends(Guard(Right.KEEP_CONCLUSIONS))]
Form = Annotated[FormData, Depends(form_of)]


@router.get("/conclusions/requests")
def show_requests(request: Request, visitor: Keeper, number: str = "") -> Response:
    """Requests: open ones first, due soonest first; and the form of a new one."""
    return _requests_page(request, visitor, number)


def _requests_page(
    request: Request,
    visitor: Visitor,
    number: str,
    status: int = 200,
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    console, orgs, today = console_of(request), visitor.account.orgs, _today(request, visitor)
    sought = clean_line(number)[:60]
    with reading(console.engine) as connection:
        shown = copy_requests.listed(connection, orgs, SHOWN)
        found = [row for org in orgs for row in workers_with_number(connection, org, sought)] if sought else []
        employers = {row["worker_id"]: registry.get_employer(connection, row["employer_id"]) for row in found}
        unknown = sorted(
            {y for org in orgs for y in requests.calendar_for(connection, org, today).unknown(today, today)}
        )
    for org in orgs or (None,):
        note_alone(console, visitor, "requests.read", org=org, detail={"rows": len(shown)})
    return page(
        request,
        "copy_requests.html",
        visitor,
        status,
        rows=shown,
        today=today,
        number=sought,
        found=found,
        employers=employers,
        asked_by=ASKED_BY,
        kinds=KEPT_KINDS,
        unknown_years=unknown,
        typed=typed or Typed({"received_on": [today.isoformat()]}),
        faults=faults or {},
    )


@router.get("/conclusions/refusals")
def show_request_refusals(request: Request, visitor: Keeper) -> Response:
    """Refused requests, with their grounds."""
    console, orgs = console_of(request), visitor.account.orgs
    with reading(console.engine) as connection:
        shown = [one for one in copy_requests.listed(connection, orgs, SHOWN) if one.state == REFUSED]
    for org in orgs or (None,):
        note_alone(console, visitor, "requests.read", org=org, detail={"rows": len(shown)})
    return page(request, "request_refusals.html", visitor, rows=shown)


@router.post("/conclusions/requests")
def take_request(request: Request, visitor: Keeper, form: Form) -> Response:
    """Note a request."""
    console, typed = console_of(request), Typed(typed_fields(form))
    faults: dict[str, str] = {}
    days = {name: _day(typed, name, faults) for name in ("since", "until", "received_on")}
    asked = Asked(
        typed.one("asked_by"),
        typed.one("identity_checked") == "yes",
        typed.one("kind"),
        days["since"],
        days["until"],
        days["received_on"],
    )
    done: copy_requests.CopyRequest | dict[str, str] = faults
    with writing(console.engine) as connection:
        worker = get_worker(connection, typed.one("worker_id")) if typed.one("worker_id") else None
        if worker is not None and not visitor.owns(worker["org"]):
            worker = None
        if not faults:
            done = requests.take(connection, worker, asked, _hand(request, visitor))
        if isinstance(done, copy_requests.CopyRequest):
            detail = {"number": done.number, "year": done.year}
            note(connection, console, visitor, "request.take", done.request_id, org=done.org, detail=detail)
    if isinstance(done, dict):
        return _requests_page(request, visitor, typed.one("number"), 422, typed, done)
    return RedirectResponse(f"/conclusions/requests/{done.request_id}", status_code=303)


@router.get("/conclusions/requests/{request_id}")
def show_request(request: Request, request_id: str, visitor: Keeper) -> Response:
    """One request, what became of it, and what may be done."""
    return _request_page(request, visitor, request_id)


def _request_page(
    request: Request,
    visitor: Visitor,
    request_id: str,
    status: int = 200,
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
    where: str = "",
) -> Response:
    console, today = console_of(request), _today(request, visitor)
    with reading(console.engine) as connection:
        known = _own(connection, visitor, request_id)
        item = known.item
        papers = copy_requests.papers_of(connection, item, KEPT_KINDS)
        made = copies.of_papers(connection, [row[0] for row in papers])
        grounds = requests.grounds_for(connection, item.org, today)
        unknown = requests.calendar_for(connection, item.org, today).unknown(item.received_on, known.due_on)
        worker = get_worker(connection, item.worker_id)
        employer = registry.get_employer(connection, worker["employer_id"]) if worker is not None else None
    note_alone(console, visitor, "request.read", request_id, org=item.org)
    given = set(known.end.copies) if known.end is not None else set()
    return page(
        request,
        "copy_request.html",
        visitor,
        status,
        one=known,
        worker=worker,
        employer=employer,
        papers=papers,
        made=made,
        given=given,
        grounds=grounds,
        today=today,
        unknown_years=unknown,
        most=MOST_REASON_CHARS,
        typed=typed or Typed({}),
        faults=faults or {},
        where=where,
    )


@router.post("/conclusions/requests/{request_id}/extension")
def extend_request(request: Request, request_id: str, visitor: Keeper, form: Form) -> Response:
    """Extend the term."""
    typed, faults = Typed(typed_fields(form)), dict[str, str]()
    until, notice = _day(typed, "until", faults), _day(typed, "notice", faults)
    reason = _reason(typed, faults)

    def work(connection: Connection, known: KnownRequest, hand: Hand) -> dict[str, str]:
        return requests.extend(connection, known, until, notice, reason, hand) | faults

    return _done(request, visitor, request_id, "request.extend", typed, work, faults)


@router.post("/conclusions/requests/{request_id}/refusal")
def refuse_request(request: Request, request_id: str, visitor: Keeper, form: Form) -> Response:
    """Refuse it."""
    typed, faults = Typed(typed_fields(form)), dict[str, str]()
    reason = _reason(typed, faults)

    def work(connection: Connection, known: KnownRequest, hand: Hand) -> dict[str, str]:
        return requests.refuse(connection, known, typed.fields.get("grounds", []), reason, hand)

    return _done(request, visitor, request_id, "request.refuse", typed, work, faults)


@router.post("/conclusions/requests/{request_id}/closing")
def close_request(request: Request, request_id: str, visitor: Keeper, form: Form) -> Response:
    """Copies were given."""
    typed = Typed(typed_fields(form))

    def work(connection: Connection, known: KnownRequest, hand: Hand) -> dict[str, str]:
        return requests.close(connection, known, typed.fields.get("copies", []), hand)

    return _done(request, visitor, request_id, "request.close", typed, work, {})


@router.get("/conclusions/requests/{request_id}/letter")
def request_letter(request: Request, request_id: str, visitor: Keeper) -> Response:
    """The letter of the newest extension or refusal; 404 where there is none."""
    console = console_of(request)
    with reading(console.engine) as connection:
        known = _own(connection, visitor, request_id)
        organisation = registry.get_organisation(connection, known.item.org)
    letter = letter_of(known, organisation, console.config.generation) if organisation is not None else None
    if letter is None or known.state == CLOSED:
        raise HTTPException(404)
    note_alone(console, visitor, "request.letter", request_id, org=known.item.org)
    return paper_answer(letter, f"request-{known.item.year}-{known.item.number}.pdf")


def _done(
    request: Request,
    visitor: Visitor,
    request_id: str,
    action: str,
    typed: Typed,
    work: Callable[[Connection, KnownRequest, Hand], dict[str, str]],
    faults: dict[str, str],
) -> Response:
    console = console_of(request)
    try:
        with writing(console.engine) as connection:
            known = _own(connection, visitor, request_id)
            found = faults or work(connection, known, _hand(request, visitor))
            if not found:
                note(connection, console, visitor, action, request_id, org=known.item.org)
    except RequestTaken:
        return _request_page(request, visitor, request_id, 409, typed, {"": "taken"})
    if found:
        return _request_page(request, visitor, request_id, 422, typed, found, action.removeprefix("request."))
    return RedirectResponse(f"/conclusions/requests/{request_id}", status_code=303)


def _own(connection: Connection, visitor: Visitor, request_id: str) -> KnownRequest:
    known = copy_requests.find(connection, request_id)
    own_or_404(visitor, known.item if known is not None else None)
    if known is None:
        raise HTTPException(404)
    return known


def _today(request: Request, visitor: Visitor) -> date:
    return console_of(request).clock().astimezone(visitor.look.zone).date()


def _hand(request: Request, visitor: Visitor) -> Hand:
    return Hand(visitor.account.account_id, console_of(request).clock(), _today(request, visitor))


def _reason(typed: Typed, faults: dict[str, str]) -> str:
    reason = clean_line(typed.one("reason"))
    if len(reason) > MOST_REASON_CHARS:
        faults["reason"] = "too_long"
    return reason


def _day(typed: Typed, name: str, faults: dict[str, str]) -> date | None:
    words = typed.one(name).strip()
    if not words:
        return None
    try:
        found = date.fromisoformat(words)
    except ValueError:
        found = None
    if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        faults[name] = "not_a_day"
        return None
    return found
