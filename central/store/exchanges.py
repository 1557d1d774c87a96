"""The log of exchanges with other systems, and what waits to be sent to them.

A row of the log says that something went or came: when, with whom, how large, with which outcome. It holds no name and no body:
what an exchange was about is an id, and its content a hash. Rows are added, never changed; each attempt has one of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    func,
    select,
    update,
)
from sqlalchemy.schema import UniqueConstraint

from central.store.decisions import decision
from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.registry import employer, worker
from central.store.walking import first_id_at
from sync.contract.canonical import new_id

OUTCOMES = ("ok", "refused", "error", "retrying")
SENDING_STATES = ("waiting", "unmapped", "refused", "sent")
FINAL_OUTCOMES = ("admitted", "not_admitted", "not_identified", "refer")
"""Outcomes that are results; a request to repeat is none."""

exchange = Table(
    "exchange",
    metadata,
    Column("exchange_id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("org", Text, nullable=False),
    Column("system_id", Text, nullable=False, comment="name of the partner, operator or kind of address"),
    Column("direction", Text, nullable=False, comment="out, in"),
    Column("channel", Text, nullable=False, comment="rest, webhook, file, cli, mail"),
    Column("operation", Text, nullable=False, comment="send, take, staff, dictionary, receipt, test"),
    Column("format", Text, nullable=False),
    Column("object_kind", Text, nullable=False, comment="decision, staff, waybill, title, notice, dictionary"),
    Column("object_id", Text, nullable=False, comment="id of a row of ours; never a name or a number of a person"),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False, comment="of what went or came; empty: nothing did"),
    Column("outcome", Text, nullable=False, comment="ok, refused, error, retrying"),
    Column("code", Text, nullable=False, comment="of what is wrong; empty: nothing"),
    Column("place", Text, nullable=False, comment="where: book/code, a field; empty: as a whole"),
    Column("http_status", Integer, comment="empty: no answer, or no HTTP"),
    Column("duration_ms", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, comment="how often it was tried, with this time"),
    Column("actor", Text, nullable=False, comment="account; empty: the centre by itself"),
    Index("ix_exchange_org_exchange_id", "org", "exchange_id"),
    Index("ix_exchange_system_id_exchange_id", "system_id", "exchange_id"),
    Index("ix_exchange_outcome_exchange_id", "outcome", "exchange_id"),
)
"""Every exchange with another system, attempt by attempt."""

partner_sending = Table(
    "partner_sending",
    metadata,
    Column("sending_id", Text, primary_key=True),
    Column("system_id", Text, nullable=False),
    Column("org", Text, nullable=False),
    Column("object_kind", Text, nullable=False, comment="decision"),
    Column("object_id", Text, nullable=False),
    Column("object_at", UtcDateTime, nullable=False, comment="when the decision was signed"),
    Column("state", Text, nullable=False, comment="waiting, unmapped, refused, sent"),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False, comment="not before"),
    Column("code", Text, nullable=False, comment="why it was not taken; empty: it was, or was not tried"),
    Column("place", Text, nullable=False, comment="of the fault: what has no mapping"),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("system_id", "object_kind", "object_id"),
    Index("ix_partner_sending_state", "system_id", "state", "next_at"),
    Index("ix_partner_sending_object_at", "system_id", "object_at"),
)
"""What is to go to partners' systems, and how far it has got."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One row of the log."""

    exchange_id: str
    at: datetime
    org: str
    system_id: str
    direction: str
    channel: str
    operation: str
    format: str
    object_kind: str
    object_id: str
    bytes: int
    sha256: str
    outcome: str
    code: str = ""
    place: str = ""
    http_status: int | None = None
    duration_ms: int = 0
    attempts: int = 1
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """Something that goes to a partner."""

    sending_id: str
    system_id: str
    org: str
    object_kind: str
    object_id: str
    object_at: datetime
    state: str
    attempts: int
    next_at: datetime
    code: str
    place: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ExchangeFilter:
    """What of the log is shown; empty: everything. `since` and `until`: [since, until)."""

    system_id: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


def write(connection: Connection, item: Exchange) -> None:
    """Add a row."""
    connection.execute(exchange.insert().values(**{one.name: getattr(item, one.name) for one in fields(Exchange)}))


def listed(
    connection: Connection, orgs: Sequence[str], wanted: ExchangeFilter, before: str, limit: int
) -> list[Exchange]:
    """Rows of these organisations, the newest first, after the one whose id is `before` (empty: from the newest)."""
    query = select(exchange).where(*_conditions(orgs, wanted))
    if before:
        query = query.where(exchange.c.exchange_id < before)
    rows = connection.execute(query.order_by(exchange.c.exchange_id.desc()).limit(limit)).mappings()
    return [Exchange(**row) for row in rows]


def _conditions(orgs: Sequence[str], wanted: ExchangeFilter) -> list[ColumnElement[bool]]:
    c = exchange.c
    found: list[ColumnElement[bool]] = [c.org.in_(orgs)]
    if wanted.system_id:
        found.append(c.system_id == wanted.system_id)
    if wanted.outcome:
        found.append(c.outcome == wanted.outcome)
    if wanted.since is not None:
        found.append(c.exchange_id >= first_id_at(wanted.since))
    if wanted.until is not None:
        found.append(c.exchange_id < first_id_at(wanted.until))
    return found


def newest_queued(connection: Connection, system_id: str) -> datetime | None:
    """The time of the newest decision that was ever queued for that system."""
    s = partner_sending.c
    found: datetime | None = connection.execute(
        select(func.max(s.object_at)).where(s.system_id == system_id)
    ).scalar_one()
    return found


def decisions_to_send(
    connection: Connection,
    system_id: str,
    org: str,
    begin: datetime,
    employer_inns: Sequence[str] | None,
    limit: int,
) -> list[tuple[str, datetime]]:
    """Id and time of decisions signed since `begin` that the partner is to get and have not been queued, the oldest first.

    `employer_inns`: whose workers; None: all workers of the organisation.
    """
    c, s = decision.c, partner_sending.c
    query = (
        select(c.decision_id, c.decided_at)
        .join(worker, worker.c.worker_id == c.worker_id)
        .join(employer, employer.c.employer_id == worker.c.employer_id)
        .outerjoin(
            partner_sending,
            (s.system_id == system_id) & (s.object_kind == "decision") & (s.object_id == c.decision_id),
        )
        .where(c.org == org, c.decided_at >= begin, c.outcome.in_(FINAL_OUTCOMES), s.sending_id.is_(None))
    )
    if employer_inns is not None:
        query = query.where(employer.c.inn.in_(employer_inns))
    found = connection.execute(query.order_by(c.decided_at, c.decision_id).limit(limit))
    return [(row.decision_id, row.decided_at) for row in found]


def queue(
    connection: Connection,
    system_id: str,
    org: str,
    found: Sequence[tuple[str, datetime]],
    now: datetime,
    next_at: datetime,
) -> None:
    """Queue decisions, which are not sent before `next_at`. One that is queued already is left alone."""
    common = {"system_id": system_id, "org": org, "object_kind": "decision", "state": "waiting", "attempts": 0}
    common |= {"next_at": next_at, "code": "", "place": "", "changed_at": now}
    rows = [{"sending_id": new_id(), "object_id": key, "object_at": at} | common for key, at in found]
    connection.execute(insert_for(connection, partner_sending).on_conflict_do_nothing(), rows)


def due(connection: Connection, system_id: str, now: datetime, limit: int) -> list[Sending]:
    """What may be sent now: what failed least often first, of those the oldest. So what a partner never takes stops nothing."""
    s = partner_sending.c
    query = select(partner_sending).where(s.system_id == system_id, s.state == "waiting", s.next_at <= now)
    rows = connection.execute(query.order_by(s.attempts, s.next_at, s.object_at, s.sending_id).limit(limit)).mappings()
    return [Sending(**row) for row in rows]


def settle(
    connection: Connection,
    sending: Sending,
    state: str,
    now: datetime,
    *,
    code: str = "",
    place: str = "",
    next_at: datetime | None = None,
    attempts: int | None = None,
) -> None:
    """Say how far it has got."""
    connection.execute(
        update(partner_sending)
        .where(partner_sending.c.sending_id == sending.sending_id)
        .values(
            state=state,
            code=code,
            place=place,
            changed_at=now,
            next_at=next_at or sending.next_at,
            attempts=sending.attempts if attempts is None else attempts,
        )
    )


def put_off(connection: Connection, system_id: str, until: datetime) -> None:
    """Nothing that waits goes to that system before this moment."""
    s = partner_sending.c
    connection.execute(
        update(partner_sending)
        .where(s.system_id == system_id, s.state == "waiting", s.next_at < until)
        .values(next_at=until)
    )


def hasten(connection: Connection, system_id: str, now: datetime) -> None:
    """The system answers: what was put off goes now."""
    s = partner_sending.c
    connection.execute(
        update(partner_sending)
        .where(s.system_id == system_id, s.state == "waiting", s.next_at > now)
        .values(next_at=now)
    )


def repeat(connection: Connection, system_id: str, states: Sequence[str], now: datetime) -> int:
    """Try again what was not sent; returns how many."""
    s = partner_sending.c
    changed = connection.execute(
        update(partner_sending)
        .where(s.system_id == system_id, s.state.in_(states))
        .values(state="waiting", next_at=now, attempts=0, changed_at=now)
    )
    return changed.rowcount


def repeat_one(connection: Connection, system_id: str, sending_id: str, now: datetime) -> int:
    """Try one again that was not sent, or one that waits for its next time."""
    s = partner_sending.c
    changed = connection.execute(
        update(partner_sending)
        .where(s.system_id == system_id, s.sending_id == sending_id, s.state != "sent")
        .values(state="waiting", next_at=now, changed_at=now)
    )
    return changed.rowcount


def stuck(connection: Connection, orgs: Sequence[str], limit: int, system_id: str = "") -> list[Sending]:
    """What was not sent and waits for somebody, the oldest first."""
    s = partner_sending.c
    query = select(partner_sending).where(s.org.in_(orgs), s.state.in_(("unmapped", "refused")))
    if system_id:
        query = query.where(s.system_id == system_id)
    rows = connection.execute(query.order_by(s.changed_at, s.sending_id).limit(limit)).mappings()
    return [Sending(**row) for row in rows]


def counts(connection: Connection, orgs: Sequence[str]) -> dict[tuple[str, str], int]:
    """How many there are, by system and state."""
    s = partner_sending.c
    query = select(s.system_id, s.state, func.count()).where(s.org.in_(orgs)).group_by(s.system_id, s.state)
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def unmapped(connection: Connection, orgs: Sequence[str]) -> dict[tuple[str, str], int]:
    """How many results wait, by system and by what has no mapping (`book/code`)."""
    s = partner_sending.c
    query = select(s.system_id, s.place, func.count()).where(s.org.in_(orgs), s.state == "unmapped")
    found: dict[tuple[str, str], int] = {}
    for system_id, place, count in connection.execute(query.group_by(s.system_id, s.place)):
        for one in place.split(", "):
            found[system_id, one] = found.get((system_id, one), 0) + count
    return found


def last_of(connection: Connection, system_ids: Sequence[str]) -> dict[str, Exchange]:
    """By system: its newest row."""
    c = exchange.c
    found: dict[str, Exchange] = {}
    for system_id in system_ids:
        query = select(exchange).where(c.system_id == system_id).order_by(c.exchange_id.desc()).limit(1)
        row = connection.execute(query).mappings().one_or_none()
        if row is not None:
            found[system_id] = Exchange(**row)
    return found


def other_systems(connection: Connection, orgs: Sequence[str], known: Sequence[str]) -> list[str]:
    """Names in the log beside those: operators, kinds of addresses, partners of before."""
    c = exchange.c
    query = select(c.system_id).where(c.org.in_(orgs), c.system_id.not_in(known)).distinct().order_by(c.system_id)
    return list(connection.execute(query).scalars())
