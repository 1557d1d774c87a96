"""Tables of requests for copies of conclusions: what was asked, and what became of it. Rows are added and never changed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    Select,
    Table,
    Text,
    func,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import UniqueConstraint

from central.store.exams import exam
from central.store.metadata import UtcDateTime, metadata
from central.store.papers import paper
from central.store.registry import employer, worker

ASKED_BY = ("patient", "representative", "authority")
EXTENDED, REFUSED, CLOSED = "extended", "refused", "closed"
ENDS = (REFUSED, CLOSED)

copy_request = Table(
    "copy_request",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False, comment="counted per organisation and year"),
    Column(
        "worker_id", ForeignKey("worker.worker_id"), nullable=False, comment="employment by which the person was found"
    ),
    Column("person_id", Text, nullable=False),
    Column("asked_by", Text, nullable=False, comment="patient, representative, authority"),
    Column("identity_checked", Boolean, nullable=False),
    Column("kind", Text, nullable=False, comment="of paper; empty: all"),
    Column("since", Date, comment="first day of the period that is asked for"),
    Column("until", Date, comment="its last day"),
    Column("received_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("noted_by", Text, nullable=False, comment="account"),
    UniqueConstraint("org", "year", "number"),
)
"""Requests for copies."""

copy_request_event = Table(
    "copy_request_event",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("request_id", ForeignKey("copy_request.request_id"), nullable=False),
    Column("org", Text, nullable=False),
    Column("event_no", Integer, nullable=False, comment="1 and up for each request"),
    Column("kind", Text, nullable=False, comment="extended, refused, closed"),
    Column("until", Date, comment="of an extension: the new last day"),
    Column("notice_on", Date, comment="of an extension: when who asked was told"),
    Column("reason", Text, nullable=False),
    Column("refusal_no", Integer, comment="counted per organisation and year"),
    Column("refusal_year", Integer),
    Column("grounds", JSON, nullable=False, comment="of a refusal: code and words of each"),
    Column("copies", JSON, nullable=False, comment="of a closed one: ids of the copies that were given"),
    Column("at", UtcDateTime, nullable=False),
    Column("account_id", Text, nullable=False),
    Index("uq_copy_request_event_request_id", "request_id", "event_no", unique=True),
    UniqueConstraint("org", "refusal_year", "refusal_no"),
)
"""What became of a request; it is extended once, and refused or closed once."""


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """One request as it was noted."""

    request_id: str
    org: str
    year: int
    number: int
    worker_id: str
    person_id: str
    asked_by: str
    identity_checked: bool
    kind: str
    since: date | None
    until: date | None
    received_on: date
    due_on: date
    noted_at: datetime
    noted_by: str


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """One thing that became of a request."""

    event_id: str
    request_id: str
    org: str
    event_no: int
    kind: str
    until: date | None
    notice_on: date | None
    reason: str
    refusal_no: int | None
    refusal_year: int | None
    grounds: list[dict[str, str]]
    copies: list[str]
    at: datetime
    account_id: str


class RequestTaken(Exception):
    """Somebody else has noted something of the request first."""


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """A request with what became of it, and the name of the person."""

    item: CopyRequest
    worker_name: str
    employer_name: str
    events: tuple[RequestEvent, ...]

    @property
    def state(self) -> str:
        """`open`, `extended`, `refused`, `closed`: the last thing that became of it."""
        return self.events[-1].kind if self.events else "open"

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits for an answer."""
        return self.state not in ENDS

    @property
    def due_on(self) -> date:
        """The last day for an answer, extended or not."""
        extended = [one.until for one in self.events if one.kind == EXTENDED and one.until is not None]
        return extended[-1] if extended else self.item.due_on

    @property
    def end(self) -> RequestEvent | None:
        """How it ended."""
        return self.events[-1] if self.events and not self.is_open else None


def next_number(connection: Connection, org: str, year: int) -> int:
    """The next number of a request. Call inside the write transaction, which holds the organisation's requests."""
    c = copy_request.c
    query = select(func.coalesce(func.max(c.number), 0)).where(c.org == org, c.year == year)
    return int(connection.execute(query).scalar_one()) + 1


def next_refusal(connection: Connection, org: str, year: int) -> int:
    """The next number of a refusal, as `next_number`."""
    c = copy_request_event.c
    query = select(func.coalesce(func.max(c.refusal_no), 0)).where(c.org == org, c.refusal_year == year)
    return int(connection.execute(query).scalar_one()) + 1


def add(connection: Connection, item: CopyRequest) -> None:
    """Insert a request."""
    connection.execute(
        copy_request.insert().values(**{one.name: getattr(item, one.name) for one in fields(CopyRequest)})
    )


def add_event(connection: Connection, item: RequestEvent) -> None:
    """Insert what became of it. Raises `RequestTaken`; the transaction must then be rolled back."""
    try:
        values = {one.name: getattr(item, one.name) for one in fields(RequestEvent)}
        connection.execute(copy_request_event.insert().values(**values))
    except IntegrityError as error:
        raise RequestTaken(item.request_id) from error


def find(connection: Connection, request_id: str) -> KnownRequest | None:
    """One request."""
    query = _joined().where(copy_request.c.request_id == request_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _known(connection, [row])[0]


def listed(connection: Connection, orgs: Collection[str], limit: int) -> list[KnownRequest]:
    """Requests of these organisations, the newest `limit` of them: open ones first, due soonest first."""
    query = _joined().where(copy_request.c.org.in_(orgs)).order_by(copy_request.c.request_id.desc()).limit(limit)
    found = _known(connection, connection.execute(query).mappings())
    return sorted(found, key=lambda one: (not one.is_open, one.due_on if one.is_open else date.max))


def of_person(connection: Connection, person_id: str) -> list[KnownRequest]:
    """Requests about employments that a person has now, the newest first."""
    own = select(worker.c.worker_id).where(worker.c.person_id == person_id)
    rows = connection.execute(_joined().where(copy_request.c.worker_id.in_(own))).mappings().all()
    return sorted(_known(connection, rows), key=lambda known: known.item.noted_at, reverse=True)


def papers_of(
    connection: Connection, item: CopyRequest, kinds: Sequence[str]
) -> list[tuple[str, str, int, int, datetime]]:
    """What of the organisation's papers the request is about: id, kind, number, year, moment; the oldest first."""
    query = (
        select(paper.c.paper_id, paper.c.kind, paper.c.number, paper.c.year, paper.c.issued_at)
        .join(exam, exam.c.exam_id == paper.c.exam_id)
        .join(worker, worker.c.worker_id == exam.c.worker_id)
        .where(paper.c.org == item.org, worker.c.person_id == item.person_id)
        .where(paper.c.kind.in_([item.kind] if item.kind else list(kinds)))
        .order_by(paper.c.issued_at)
    )
    first, last = item.since or date.min, item.until or date.max
    return [(*row,) for row in connection.execute(query) if first <= row[4].date() <= last]


def _joined() -> Select[Any]:
    named = (worker.c.full_name.label("worker_name"), employer.c.name.label("employer_name"))
    query = select(*copy_request.c, *named).join(worker, worker.c.worker_id == copy_request.c.worker_id)
    return query.join(employer, employer.c.employer_id == worker.c.employer_id)


def _known(connection: Connection, rows: Iterable[RowMapping]) -> list[KnownRequest]:
    found = [dict(row) for row in rows]
    query = select(copy_request_event).where(copy_request_event.c.request_id.in_([row["request_id"] for row in found]))
    events: dict[str, list[RequestEvent]] = {}
    for row in connection.execute(query.order_by(copy_request_event.c.event_no)).mappings():
        events.setdefault(row["request_id"], []).append(RequestEvent(**row))
    names = [(str(row.pop("worker_name")), str(row.pop("employer_name"))) for row in found]
    return [
        KnownRequest(CopyRequest(**row), *named, tuple(events.get(row["request_id"], ())))
        for row, named in zip(found, names, strict=True)
    ]
