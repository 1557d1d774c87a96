"""The table of accepted messages: their exact bytes, the ground truth that every projection can be rebuilt from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    LargeBinary,
    Select,
    Table,
    Text,
    func,
    select,
)

from central.store.metadata import UtcDateTime, insert_rows_for, metadata
from central.store.walking import OnBad, stream
from sync.contract.topics import Up

message = Table(
    "message",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("terminal_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("sha256", Text, nullable=False, comment="of the bytes as they came, signature included"),
    Column("kind", Text, nullable=False, comment="exam, media, health, ack"),
    Column("schema", Text, nullable=False),
    Column(
        "wire",
        LargeBinary,
        comment="exact bytes; empty for media (files named by their hash) and health (the newest is kept apart)",
    ),
    Column("created_at", UtcDateTime, nullable=False, comment="the sender's clock"),
    Column("clock_trusted", Boolean, nullable=False),
    Column("clock_offset_s", Float, nullable=False, comment="received_at minus created_at"),
    Column("received_at", UtcDateTime, nullable=False),
    Index("ix_message_terminal_id_seq", "terminal_id", "seq"),
)


WITHOUT_WIRE = (Up.MEDIA, Up.HEALTH)
"""Kinds of which the place in the chain is kept and the bytes are not."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """One row to be stored, field by field as in the table."""

    message_id: str
    terminal_id: str
    seq: int
    prev_hash: str
    sha256: str
    kind: str
    schema: str
    wire: bytes | None
    created_at: datetime
    clock_trusted: bool
    clock_offset_s: float
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What is on record under an id."""

    terminal_id: str
    sha256: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ChainPlace:
    """One message's place in its terminal's chain."""

    message_id: str
    terminal_id: str
    seq: int
    prev_hash: str
    sha256: str


def insert_new(connection: Connection, rows: Sequence[NewMessage]) -> set[str]:
    """Store the rows whose ids are not on record; returns the ids that were new. Safe against other writers."""
    if not rows:
        return set()
    values = [{name: getattr(row, name) for name in NewMessage.__dataclass_fields__} for row in rows]
    insert, given = insert_rows_for(connection, message, values)
    new = insert.on_conflict_do_nothing(index_elements=["message_id"]).returning(message.c.message_id)
    return set(connection.execute(new, given).scalars())


def stored(connection: Connection, message_ids: Sequence[str]) -> dict[str, Stored]:
    """What is on record under these ids."""
    query = select(message.c.message_id, message.c.terminal_id, message.c.sha256, message.c.received_at)
    rows = connection.execute(query.where(message.c.message_id.in_(message_ids)))
    return {row.message_id: Stored(row.terminal_id, row.sha256, row.received_at) for row in rows}


def places(connection: Connection, terminal_id: str, seqs: Sequence[int]) -> list[ChainPlace]:
    """All messages of a terminal at these places."""
    query = select(*(message.c[name] for name in ChainPlace.__dataclass_fields__))
    rows = connection.execute(query.where(message.c.terminal_id == terminal_id, message.c.seq.in_(seqs)))
    return [ChainPlace(*row) for row in rows]


def missing_ranges(connection: Connection, terminal_id: str, first: int, last: int) -> list[tuple[int, int]]:
    """The ranges of `seq` in [`first`, `last`] of which nothing has come, both ends included."""
    query = select(message.c.seq).where(message.c.terminal_id == terminal_id, message.c.seq.between(first, last))
    ranges, expected = [], first
    for seq in connection.execute(query.order_by(message.c.seq)).scalars():
        if seq > expected:
            ranges.append((expected, seq - 1))
        expected = max(expected, seq + 1)
    if expected <= last:
        ranges.append((expected, last))
    return ranges


MessageRow = NewMessage
"""A stored row has the same fields as a new one."""


def find(connection: Connection, message_id: str) -> MessageRow | None:
    """One message."""
    row = connection.execute(_rows().where(message.c.message_id == message_id)).mappings().one_or_none()
    return MessageRow(**row) if row else None


def in_chain_order(connection: Connection, on_bad: OnBad | None = None) -> Iterator[MessageRow]:
    """All messages, terminal by terminal and by place, without holding them in memory."""
    query = _rows().order_by(message.c.terminal_id, message.c.seq, message.c.message_id)
    for row in stream(connection, query, _PAGE, on_bad):
        yield MessageRow(**row)


def newest_received_at(connection: Connection) -> datetime | None:
    """When the newest message came; None before the first."""
    newest: datetime | None = connection.execute(select(func.max(message.c.received_at))).scalar_one()
    return newest


def exams_as_received(connection: Connection) -> Iterator[MessageRow]:
    """All exam messages in the order of their receipt, without holding them in memory."""
    query = _rows().where(message.c.kind == "exam")
    order = (message.c.received_at, message.c.terminal_id, message.c.seq)
    for row in stream(connection, query.order_by(*order), _PAGE):
        yield MessageRow(**row)


def exams_between(connection: Connection, terminal_id: str, since: datetime, until: datetime) -> Iterator[MessageRow]:
    """Exam messages of a terminal that came within those moments, both included, in the order of their receipt."""
    came = message.c.received_at.between(since, until)
    query = _rows().where(message.c.terminal_id == terminal_id, message.c.kind == Up.EXAM, came)
    for row in stream(connection, query.order_by(message.c.received_at, message.c.seq), _PAGE):
        yield MessageRow(**row)


def exam_receipts(connection: Connection, on_bad: OnBad | None = None) -> Iterator[tuple[str, bytes | None, datetime]]:
    """Id, bytes and time of receipt of every exam message."""
    query = select(message.c.message_id, message.c.wire, message.c.received_at).where(message.c.kind == "exam")
    for row in stream(connection, query.order_by(message.c.message_id), _PAGE, on_bad):
        yield row["message_id"], row["wire"], row["received_at"]


def acknowledgements(
    connection: Connection, terminal_id: str, on_bad: OnBad | None = None
) -> Iterator[tuple[bytes, datetime]]:
    """Exact bytes and time of receipt of every `ack` of a terminal."""
    query = select(message.c.wire, message.c.received_at)
    query = query.where(message.c.terminal_id == terminal_id, message.c.kind == Up.ACK).order_by(message.c.seq)
    for row in stream(connection, query, _PAGE, on_bad):
        yield row["wire"], row["received_at"]


def _rows() -> Select[Any]:
    return select(*(message.c[name] for name in MessageRow.__dataclass_fields__))


_PAGE = 500
