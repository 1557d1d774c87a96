"""Medical rooms, and examinations that are being entered in them.

A room sends exams as a terminal does, in a chain of its own, and so stands in the table of terminals, in a state of its own:
nobody enrols it, nothing goes down to it, and what comes under its name over the broker is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    Integer,
    RowMapping,
    Table,
    Text,
    delete,
    select,
    update,
)
from sqlalchemy.schema import UniqueConstraint

from central.core.parties import Terminal
from central.store import terminals
from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.registry import employer, worker
from central.store.terminals import CLOSED_ROOM, ROOM, ROOMS, terminal, terminal_key

room_draft = Table(
    "room_draft",
    metadata,
    Column("draft_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("room_id", ForeignKey("terminal.terminal_id"), nullable=False),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False),
    Column("account_id", Text, nullable=False, comment="who began it"),
    Column("medic_id", Text, nullable=False, comment="who examines: the last one who changed it"),
    Column("exam_id", Text, nullable=False, comment="of the exam that it becomes"),
    Column("exam_revision", Integer, nullable=False, comment="above 1 where a decided exam goes on"),
    Column("version", Integer, nullable=False, comment="counts the changes: a page that is behind changes nothing"),
    Column("content", JSON, nullable=False, comment="central.examining.content.RoomContent"),
    Column("started_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, comment="then what was entered becomes an unfinished exam"),
    UniqueConstraint("worker_id"),
)
"""Examinations in medical rooms that are not recorded yet."""


@dataclass(frozen=True, slots=True)
class RoomDraft:
    """One examination that is being entered, field by field as in the table."""

    draft_id: str
    org: str
    room_id: str
    worker_id: str
    account_id: str
    medic_id: str
    exam_id: str
    exam_revision: int
    version: int
    content: Mapping[str, Any]
    started_at: datetime
    updated_at: datetime
    ends_at: datetime


def add_room(connection: Connection, new: Terminal, *, now: datetime) -> None:
    """Insert a room. A double raises `ValueError`."""
    terminals.add_terminal(connection, new, now=now)
    terminals.set_state(connection, new.terminal_id, ROOM)


def change_room(connection: Connection, room_id: str, name: str, place: str) -> None:
    """Give a room another name or place; records keep its identifier."""
    chosen = (terminal.c.terminal_id == room_id, terminal.c.state.in_(ROOMS))
    connection.execute(update(terminal).where(*chosen).values(name=name, place=place))


def close_room(connection: Connection, room_id: str, *, closed: bool) -> None:
    """Nobody is examined in a closed room; what was recorded in it stays."""
    chosen = (terminal.c.terminal_id == room_id, terminal.c.state.in_(ROOMS))
    connection.execute(update(terminal).where(*chosen).values(state=CLOSED_ROOM if closed else ROOM))


def rooms(connection: Connection, orgs: Sequence[str], *, closed: bool = False) -> Sequence[RowMapping]:
    """Rooms of these organisations that are open, or the closed ones, by name."""
    state = CLOSED_ROOM if closed else ROOM
    query = select(terminal).where(terminal.c.org.in_(orgs), terminal.c.state == state)
    return connection.execute(query.order_by(terminal.c.name, terminal.c.terminal_id)).mappings().all()


def find_room(connection: Connection, room_id: str) -> RowMapping | None:
    """One room, open or closed."""
    row = terminals.get_terminal(connection, room_id)
    return row if row is not None and row["state"] in ROOMS else None


def is_closed(room: Mapping[Any, Any]) -> bool:
    """Whether nobody is examined in this room any more."""
    return bool(room["state"] == CLOSED_ROOM)


def is_in_use(connection: Connection, room_id: str) -> bool:
    """Whether an exam is being entered in this room."""
    query = select(room_draft.c.draft_id).where(room_draft.c.room_id == room_id).limit(1)
    return connection.execute(query).one_or_none() is not None


def open_room(connection: Connection, org: str, room_id: str) -> RowMapping | None:
    """A room of that organisation in which people are examined; None for any other."""
    row = find_room(connection, room_id)
    return row if row is not None and row["org"] == org and row["state"] == ROOM else None


def know_key(connection: Connection, room_id: str, public_key: str, *, now: datetime) -> None:
    """Note the key (raw Ed25519, base64) that the records of a room are signed with, for `verify`."""
    connection.execute(
        insert_for(connection, terminal_key)
        .values(terminal_id=room_id, public_key=public_key, since=now)
        .on_conflict_do_nothing(index_elements=["terminal_id", "public_key"])
    )


def add_draft(connection: Connection, new: RoomDraft) -> bool:
    """Begin an examination; False when one of this worker is being entered already."""
    insert = insert_for(connection, room_draft).values(**{name: getattr(new, name) for name in RoomDraft.__slots__})
    return connection.execute(insert.on_conflict_do_nothing(index_elements=["worker_id"])).rowcount == 1


def find_draft(connection: Connection, draft_id: str) -> RoomDraft | None:
    """One draft."""
    return _one(connection, room_draft.c.draft_id == draft_id)


def draft_of_worker(connection: Connection, worker_id: str) -> RoomDraft | None:
    """What is being entered of this worker."""
    return _one(connection, room_draft.c.worker_id == worker_id)


def drafts(connection: Connection, orgs: Sequence[str]) -> Sequence[RowMapping]:
    """Everything that is being entered in these organisations with the names that belong to it, the oldest first."""
    c = room_draft.c
    query = (
        select(
            *(c[name] for name in RoomDraft.__slots__),
            worker.c.full_name.label("worker_name"),
            worker.c.personnel_number,
            employer.c.name.label("employer_name"),
            terminal.c.name.label("room_name"),
        )
        .join(worker, worker.c.worker_id == c.worker_id)
        .join(employer, employer.c.employer_id == worker.c.employer_id)
        .join(terminal, terminal.c.terminal_id == c.room_id)
        .where(c.org.in_(orgs))
        .order_by(c.started_at, c.draft_id)
    )
    return connection.execute(query).mappings().all()


def keep_draft(
    connection: Connection,
    draft: RoomDraft,
    content: Mapping[str, Any],
    *,
    medic_id: str,
    now: datetime,
    ends_at: datetime,
) -> bool:
    """Replace what was entered; False, and nothing changed, when somebody else has changed or ended it meanwhile."""
    chosen = (room_draft.c.draft_id == draft.draft_id, room_draft.c.version == draft.version)
    values = {
        "content": dict(content),
        "version": draft.version + 1,
        "medic_id": medic_id,
        "updated_at": now,
        "ends_at": ends_at,
    }
    return connection.execute(update(room_draft).where(*chosen).values(**values)).rowcount == 1


def end_draft(connection: Connection, draft: RoomDraft) -> bool:
    """Take a draft away; False when somebody else has changed or ended it meanwhile."""
    chosen = (room_draft.c.draft_id == draft.draft_id, room_draft.c.version == draft.version)
    return connection.execute(delete(room_draft).where(*chosen)).rowcount == 1


def overdue(connection: Connection, now: datetime) -> list[RoomDraft]:
    """Drafts whose time is over, the oldest first."""
    query = select(room_draft).where(room_draft.c.ends_at <= now).order_by(room_draft.c.ends_at)
    return [_draft(row) for row in connection.execute(query).mappings()]


def _one(connection: Connection, condition: Any) -> RoomDraft | None:
    row = connection.execute(select(room_draft).where(condition)).mappings().one_or_none()
    return _draft(row) if row is not None else None


def _draft(row: RowMapping) -> RoomDraft:
    return RoomDraft(**{name: row[name] for name in RoomDraft.__slots__})
