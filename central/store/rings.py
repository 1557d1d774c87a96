"""Table of rings: which medic on duty was rung for which exam that waited unopened, and what stopped it.

A restarted centre goes on from here. A medic is rung once for what came of an exam; each ring has its step.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, Index, Integer, Table, Text, exists, select, text, update
from sqlalchemy.schema import UniqueConstraint

from central.store.decisions import claim
from central.store.exams import exam
from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.notices import channel, concerns, give_up, notice
from central.store.terminals import ROOMS, terminal

ring = Table(
    "ring",
    metadata,
    Column("ring_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("exam_id", Text, nullable=False),
    Column("exam_message_id", Text, nullable=False, comment="of the revision that waited"),
    Column("account_id", Text, nullable=False, comment="the medic who is rung"),
    Column("step", Integer, nullable=False, comment="from 1"),
    Column("in_session", Boolean, nullable=False, comment="the medic was logged in when it began"),
    Column("rung_at", UtcDateTime, nullable=False),
    Column("stopped_at", UtcDateTime, comment="empty: it rings"),
    Column("stopped_by", Text, nullable=False, comment="opened, decided, next, left; empty: it rings"),
    UniqueConstraint("exam_message_id", "step"),
    UniqueConstraint("exam_message_id", "account_id"),
    Index(
        "ix_ring_open",
        "org",
        "account_id",
        sqlite_where=text("stopped_at IS NULL"),
        postgresql_where=text("stopped_at IS NULL"),
    ),
)
"""Rings of medics on duty."""


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring."""

    ring_id: str
    org: str
    exam_id: str
    exam_message_id: str
    account_id: str
    step: int
    in_session: bool
    rung_at: datetime
    stopped_at: datetime | None
    stopped_by: str


@dataclass(frozen=True, slots=True)
class Unopened:
    """An exam that waits. `is_open`: a medic has it open just now."""

    exam_id: str
    exam_message_id: str
    org: str
    terminal_id: str
    received_at: datetime
    is_open: bool
    in_room: bool = False
    """Recorded in a medical room: nobody stands at a terminal."""


def waiting(connection: Connection, now: datetime) -> list[Unopened]:
    """Every exam that waits, urgent ones first, then the oldest."""
    c = exam.c
    is_open, in_room = claim.c.exam_id.is_not(None), terminal.c.state.in_(ROOMS)
    query = (
        select(c.exam_id, c.message_id, c.org, c.terminal_id, c.received_at, is_open, in_room)
        .outerjoin(terminal, terminal.c.terminal_id == c.terminal_id)
        .outerjoin(claim, (claim.c.exam_id == c.exam_id) & (claim.c.expires_at > now))
        .where(c.state == "waiting")
        .order_by(c.is_urgent.desc(), c.first_received_at, c.exam_id)
    )
    rows = connection.execute(query)
    return [Unopened(row[0], row[1], row[2], row[3], row[4], bool(row[5]), bool(row[6])) for row in rows]


def of_messages(connection: Connection, message_ids: Sequence[str]) -> list[Ring]:
    """Rings for these revisions in their steps, and every ring of another one that still rings."""
    c = ring.c
    query = select(ring).where(c.exam_message_id.in_(message_ids) | c.stopped_at.is_(None))
    return [Ring(*row) for row in connection.execute(query.order_by(c.exam_message_id, c.step))]


def begin(connection: Connection, item: Ring) -> bool:
    """Ring; False when another process has rung that step or that medic."""
    values = {name: getattr(item, name) for name in Ring.__slots__}
    done = connection.execute(insert_for(connection, ring).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


def stop(connection: Connection, ring_id: str, by: str, at: datetime) -> bool:
    """Stop one; False when it does not ring any more."""
    c = ring.c
    done = connection.execute(
        update(ring).where(c.ring_id == ring_id, c.stopped_at.is_(None)).values(stopped_at=at, stopped_by=by)
    )
    if done.rowcount == 1:
        # A call that comes when somebody is there already would send a second one.
        give_up(connection, [ring_id], "stopped: the ring has stopped")
    return done.rowcount == 1


def ringing(connection: Connection, orgs: Sequence[str]) -> list[Ring]:
    """What rings now in these organisations, the oldest first."""
    c = ring.c
    query = select(ring).where(c.org.in_(orgs), c.stopped_at.is_(None)).order_by(c.rung_at, c.ring_id)
    return [Ring(*row) for row in connection.execute(query)]


def untold(
    connection: Connection, now: datetime, limit: int = 100, without: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Ids of rings that go on, each with a channel of the medic that has no notice of it yet."""
    c = ring.c
    is_told = exists().where(notice.c.alert_id == c.ring_id, notice.c.channel_id == channel.c.channel_id)
    query = (
        select(c.ring_id, channel.c.channel_id)
        .join(channel, (channel.c.account_id == c.account_id) & channel.c.disabled.is_(False))
        .where(c.stopped_at.is_(None), ~is_told, c.ring_id.not_in(without), concerns(c.rung_at, now))
        .order_by(c.rung_at, c.ring_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def get(connection: Connection, ring_id: str) -> Ring:
    """One ring."""
    return Ring(*connection.execute(select(ring).where(ring.c.ring_id == ring_id)).one())


def marks(connection: Connection) -> list[tuple[str, str]]:
    """Organisation and id of every ring that goes on: what open pages show differs with it."""
    c = ring.c
    query = select(c.org, c.ring_id).where(c.stopped_at.is_(None)).order_by(c.ring_id)
    return [(row[0], row[1]) for row in connection.execute(query)]
