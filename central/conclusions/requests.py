"""Takes requests for copies, extends their terms, refuses and closes them: each an event of its own, with the rules of the terms.

Call these inside a write transaction. What is wrong comes back by field, and nothing is stored then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping

from central.books.reading import in_force
from central.conclusions.request_terms import WORKDAYS, calendar_of, due_on, extension_faults
from central.core.workdays import Calendar
from central.store import copies, copy_requests
from central.store.copy_requests import (
    ASKED_BY,
    CLOSED,
    EXTENDED,
    REFUSED,
    CopyRequest,
    KnownRequest,
    RequestEvent,
    RequestTaken,
)
from central.store.engine import hold
from central.store.kept_papers import KEPT_KINDS
from sync.contract.books import BookItem
from sync.contract.canonical import new_id

REFUSAL_GROUNDS = "refusal_grounds"
MOST_REASON_CHARS = 500
Faults = dict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for, as it was typed. `received_on`: the day on which it came."""

    asked_by: str
    identity_checked: bool
    kind: str
    since: date | None
    until: date | None
    received_on: date | None


@dataclass(frozen=True, slots=True)
class Hand:
    """Who notes it, when, and which day it is there."""

    account_id: str
    at: datetime
    today: date


def calendar_for(connection: Connection, org: str, day: date) -> Calendar:
    """The calendar that holds for an organisation."""
    return calendar_of(in_force(connection, WORKDAYS, org, day).items)


def grounds_for(connection: Connection, org: str, day: date) -> list[BookItem]:
    """The grounds of a refusal that may be chosen."""
    return [item for item in in_force(connection, REFUSAL_GROUNDS, org, day).items if item.offered]


def take(connection: Connection, worker: RowMapping | None, asked: Asked, hand: Hand) -> CopyRequest | Faults:
    """Note a request; its term begins on the day after the receipt."""
    faults: Faults = {} if worker is not None else {"worker_id": "choose"}
    if asked.asked_by not in ASKED_BY:
        faults["asked_by"] = "choose"
    if asked.kind and asked.kind not in KEPT_KINDS:
        faults["kind"] = "choose"
    if asked.since and asked.until and asked.since > asked.until:
        faults["until"] = "before_since"
    if asked.received_on is None:
        faults["received_on"] = "needed"
    elif asked.received_on > hand.today:
        faults["received_on"] = "in_future"
    if faults or worker is None or asked.received_on is None:
        return faults
    org, received = str(worker["org"]), asked.received_on
    hold(connection, f"copy requests of {org}")
    item = CopyRequest(
        request_id=new_id(),
        org=org,
        year=hand.today.year,
        number=copy_requests.next_number(connection, org, hand.today.year),
        worker_id=worker["worker_id"],
        person_id=worker["person_id"],
        asked_by=asked.asked_by,
        identity_checked=asked.identity_checked,
        kind=asked.kind,
        since=asked.since,
        until=asked.until,
        received_on=received,
        due_on=due_on(received, calendar_for(connection, org, received)),
        noted_at=hand.at,
        noted_by=hand.account_id,
    )
    copy_requests.add(connection, item)
    return item


def extend(
    connection: Connection, known: KnownRequest, until: date | None, notice: date | None, reason: str, hand: Hand
) -> Faults:
    """Extend the term, once. Raises `RequestTaken` for one that is extended or answered already."""
    if known.events:
        raise RequestTaken(known.item.request_id)
    item = known.item
    calendar = calendar_for(connection, item.org, item.received_on)
    faults = extension_faults(item.received_on, item.due_on, until, notice, reason, calendar)
    if notice is not None and notice > hand.today:
        faults["notice"] = "in_future"
    if not faults:
        _note(connection, known, EXTENDED, hand, until=until, notice_on=notice, reason=reason)
    return faults


def refuse(connection: Connection, known: KnownRequest, codes: Sequence[str], reason: str, hand: Hand) -> Faults:
    """Refuse it, under a number of its own, with grounds of the book. Raises `RequestTaken` for one that is answered already."""
    if not known.is_open:
        raise RequestTaken(known.item.request_id)
    offered = {one.code: one for one in grounds_for(connection, known.item.org, hand.today)}
    if not codes or any(code not in offered for code in codes):
        return {"grounds": "choose"}
    hold(connection, f"copy requests of {known.item.org}")
    year = hand.today.year
    number = copy_requests.next_refusal(connection, known.item.org, year)
    grounds = [{"code": code, "words": offered[code].ru} for code in dict.fromkeys(codes)]
    _note(connection, known, REFUSED, hand, reason=reason, refusal_no=number, refusal_year=year, grounds=grounds)
    return {}


def close(connection: Connection, known: KnownRequest, copy_ids: Sequence[str], hand: Hand) -> Faults:
    """These copies were given. Raises `RequestTaken` for one that is answered already."""
    if not known.is_open:
        raise RequestTaken(known.item.request_id)
    if not known.item.identity_checked:
        return {"copies": "identity"}
    papers = [row[0] for row in copy_requests.papers_of(connection, known.item, KEPT_KINDS)]
    there = {one.copy_id for some in copies.of_papers(connection, papers).values() for one in some}
    if not copy_ids or not set(copy_ids) <= there:
        return {"copies": "choose_some"}
    _note(connection, known, CLOSED, hand, given=sorted(set(copy_ids)))
    return {}


def _note(
    connection: Connection,
    known: KnownRequest,
    kind: str,
    hand: Hand,
    *,
    until: date | None = None,
    notice_on: date | None = None,
    reason: str = "",
    refusal_no: int | None = None,
    refusal_year: int | None = None,
    grounds: list[dict[str, str]] | None = None,
    given: list[str] | None = None,
) -> None:
    item = RequestEvent(
        event_id=new_id(),
        request_id=known.item.request_id,
        org=known.item.org,
        event_no=len(known.events) + 1,
        kind=kind,
        until=until,
        notice_on=notice_on,
        reason=reason,
        refusal_no=refusal_no,
        refusal_year=refusal_year,
        grounds=grounds or [],
        copies=given or [],
        at=hand.at,
        account_id=hand.account_id,
    )
    copy_requests.add_event(connection, item)
