"""The table of reminders: which employer was told that which document ends, at which step. No finding, and no name."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Column, Connection, Date, Index, Integer, Table, Text, and_, exists, select, update
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.notices import WORKER_MAIL, channel, concerns, notice
from central.store.persons import person
from central.store.registry import worker

reminder = Table(
    "reminder",
    metadata,
    Column("reminder_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("employer_id", Text, nullable=False),
    Column("worker_id", Text, nullable=False),
    Column(
        "subject",
        Text,
        nullable=False,
        comment="ground_id; of a hold rule:<code>:<first day>; of a late one shift:<plan>",
    ),
    Column("kind", Text, nullable=False, comment="ends, not_allowed or late"),
    Column(
        "document",
        Text,
        nullable=False,
        comment="what the document is called in public; empty for a hold; of a late one the beginning",
    ),
    Column("until", Date, comment="its last day"),
    Column("days", Integer, nullable=False, comment="the step: 30, 14, 7, 1 or 0 days before the end"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime, comment="when a channel had taken it"),
    Column("taken_back_at", UtcDateTime, comment="a newer document came before it was delivered, or the rule ended"),
    UniqueConstraint("worker_id", "subject", "days"),
    Index("ix_reminder_employer_id_created_at", "employer_id", "created_at"),
)
"""Reminders to employers, once for each step of each document of each employment."""


_AT_ONCE = 500
LATE_KIND = "late"
"""A shift has begun, and its worker has not passed the examination."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder."""

    reminder_id: str
    org: str
    employer_id: str
    worker_id: str
    subject: str
    kind: str
    document: str
    until: date | None
    days: int
    created_at: datetime
    delivered_at: datetime | None = None
    taken_back_at: datetime | None = None


def add(connection: Connection, item: Reminder) -> bool:
    """Insert; False where this step was told already."""
    values = {name: getattr(item, name) for name in Reminder.__slots__}
    statement = insert_for(connection, reminder).values(**values)
    done = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["worker_id", "subject", "days"]).returning(
            reminder.c.reminder_id
        )
    )
    return done.first() is not None


def open_of(connection: Connection, worker_ids: Sequence[str]) -> list[Reminder]:
    """Reminders of these workers' documents that nobody has taken yet and that still hold."""
    c = reminder.c
    query = select(reminder).where(c.worker_id.in_(worker_ids), c.delivered_at.is_(None), c.taken_back_at.is_(None))
    return [Reminder(**row) for row in connection.execute(query.where(c.kind != LATE_KIND)).mappings()]


def open_of_kind(connection: Connection, kind: str) -> list[Reminder]:
    """Those of a kind that nobody has taken yet and that still hold."""
    c = reminder.c
    query = select(reminder).where(c.kind == kind, c.delivered_at.is_(None), c.taken_back_at.is_(None))
    return [Reminder(**row) for row in connection.execute(query).mappings()]


def subjects(connection: Connection, of_these: Sequence[str]) -> set[str]:
    """Those of these subjects that were told."""
    c, found = reminder.c, set[str]()
    for start in range(0, len(of_these), _AT_ONCE):
        part = of_these[start : start + _AT_ONCE]
        found.update(connection.execute(select(c.subject).where(c.subject.in_(part))).scalars())
    return found


def told(connection: Connection, worker_ids: Sequence[str]) -> set[tuple[str, str, int]]:
    """Worker, subject and step of everything that was told of these workers."""
    c = reminder.c
    query = select(c.worker_id, c.subject, c.days).where(c.worker_id.in_(worker_ids))
    return {(row.worker_id, row.subject, row.days) for row in connection.execute(query)}


def take_back(connection: Connection, reminder_ids: Sequence[str], at: datetime) -> None:
    """These need not be told any more."""
    connection.execute(update(reminder).where(reminder.c.reminder_id.in_(reminder_ids)).values(taken_back_at=at))


def untold(
    connection: Connection, now: datetime, limit: int = 100, without: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Ids of reminders that no channel has taken, each with a channel of its employer that has no notice of it yet."""
    c = reminder.c
    is_told = exists().where(notice.c.alert_id == c.reminder_id, notice.c.channel_id == channel.c.channel_id)
    query = (
        select(c.reminder_id, channel.c.channel_id)
        .join(channel, and_(channel.c.employer_id == c.employer_id, channel.c.disabled.is_(False)))
        .where(c.delivered_at.is_(None), c.taken_back_at.is_(None), ~is_told, concerns(c.created_at, now))
        .where(c.reminder_id.not_in(without))
        .order_by(c.created_at, c.reminder_id, channel.c.channel_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def open_worker_channels(connection: Connection, worker_ids: Collection[str], at: datetime) -> None:
    """A channel for each person of these workers whose e-mail is on record; those that are there stay."""
    query = select(person.c.person_id).join(worker, worker.c.person_id == person.c.person_id).distinct()
    known = query.where(worker.c.worker_id.in_(sorted(worker_ids)), person.c.email_sealed.is_not(None))
    rows = [
        {"channel_id": person_id, "kind": WORKER_MAIL, "address": "", "disabled": False, "created_at": at}
        for person_id in connection.execute(known).scalars()
    ]
    if rows:
        connection.execute(insert_for(connection, channel).on_conflict_do_nothing(), rows)


def untold_to_workers(
    connection: Connection, now: datetime, limit: int = 100, without: Collection[str] = ()
) -> list[tuple[str, str]]:
    """As `untold`, of letters to the workers themselves: of documents that end, where their e-mail is on record."""
    c = reminder.c
    is_told = exists().where(notice.c.alert_id == c.reminder_id, notice.c.channel_id == channel.c.channel_id)
    query = (
        select(c.reminder_id, channel.c.channel_id)
        .join(worker, worker.c.worker_id == c.worker_id)
        .join(person, and_(person.c.person_id == worker.c.person_id, person.c.email_sealed.is_not(None)))
        .join(channel, and_(channel.c.channel_id == person.c.person_id, channel.c.kind == WORKER_MAIL))
        .where(c.kind == "ends", c.taken_back_at.is_(None), ~is_told, concerns(c.created_at, now))
        .where(c.reminder_id.not_in(without))
        .order_by(c.created_at, c.reminder_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def get(connection: Connection, reminder_id: str) -> tuple[Reminder, str | None]:
    """A reminder, and the personnel number of whom it is about."""
    query = select(reminder, worker.c.personnel_number).outerjoin(worker, worker.c.worker_id == reminder.c.worker_id)
    row = dict(connection.execute(query.where(reminder.c.reminder_id == reminder_id)).mappings().one())
    number = row.pop("personnel_number")
    return Reminder(**row), number


def mark_delivered(connection: Connection, reminder_id: str, at: datetime) -> None:
    """A channel has confirmed it; of another kind of alert nothing is done."""
    c = reminder.c
    connection.execute(
        update(reminder).where(c.reminder_id == reminder_id, c.delivered_at.is_(None)).values(delivered_at=at)
    )
