"""The table of messages to terminals: written in the transaction that causes them, closed by the terminal's `ack`.

A message that the terminal refuses is closed as well, with the terminal's reason: sending it again would change nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    and_,
    func,
    select,
    update,
)
from sqlalchemy.schema import UniqueConstraint

from central.store.chain_heads import DownLink, advance_down
from central.store.metadata import UtcDateTime, metadata
from central.store.terminals import terminal
from central.store.walking import OnBad, stream
from sync.contract.envelope import MAX_MESSAGE_BYTES, Sealed

centre_outbox = Table(
    "centre_outbox",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("terminal_id", ForeignKey("terminal.terminal_id"), nullable=False),
    Column("org", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="decision, roster, reference, command, photo"),
    Column("wire", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, comment="queued, sent, acked, refused, superseded"),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("acked_at", UtcDateTime),
    Column("refused_at", UtcDateTime),
    Column("refusal_code", Text, comment="why the terminal refused it"),
    Column("refusal_reason", Text),
    Column("resent_as", Text, comment="message that carries the same once more"),
    UniqueConstraint("terminal_id", "seq"),
    Index("ix_centre_outbox_state_created_at", "state", "created_at"),
    # For what one terminal has not answered: its thousands of answered messages are large and would be read one by one.
    Index("ix_centre_outbox_terminal_id_state", "terminal_id", "state"),
)

IS_OPEN = centre_outbox.c.state.in_(("queued", "sent"))
"""The terminal has not answered yet."""

_EMPTIED = ("roster", "photo")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message on its way down."""

    message_id: str
    org: str
    terminal_id: str
    kind: str
    wire: bytes


def add(connection: Connection, link: DownLink, message_id: str, kind: str, sealed: Sealed, *, now: datetime) -> None:
    """Store a sealed message at its place. Raises `ValueError` when the wire would not take it."""
    if len(sealed.wire) > MAX_MESSAGE_BYTES:
        raise ValueError(f"a {kind} of {len(sealed.wire)} bytes; the wire takes at most {MAX_MESSAGE_BYTES}")
    connection.execute(
        centre_outbox.insert().values(
            message_id=message_id,
            terminal_id=link.terminal_id,
            org=link.org,
            seq=link.seq,
            prev_hash=link.prev_hash,
            sha256=sealed.sha256,
            kind=kind,
            wire=sealed.wire,
            state="queued",
            attempts=0,
            created_at=now,
        )
    )
    advance_down(connection, link, sealed.sha256)


def queued(connection: Connection, limit: int, without: Collection[str] = ()) -> list[Waiting]:
    """Messages that were never handed to the broker, oldest first; those whose ids are in `without` are passed over."""
    return _waiting(connection, centre_outbox.c.state == "queued", limit, without)


def unacknowledged(
    connection: Connection, terminal_id: str, limit: int, without: Collection[str] = ()
) -> list[Waiting]:
    """What one terminal has not acknowledged yet, in the order of its chain."""
    return _waiting(connection, and_(centre_outbox.c.terminal_id == terminal_id, IS_OPEN), limit, without)


def overdue(connection: Connection, sent_before: datetime, limit: int, without: Collection[str] = ()) -> list[Waiting]:
    """Messages sent before that moment to terminals that are not known to be offline, and still unacknowledged.

    The first one of each terminal, then the second of each, and so on: one that takes nothing for days must not use up what
    is looked at of all of them.
    """
    c = centre_outbox.c
    offline = select(terminal.c.terminal_id).where(terminal.c.link == "offline")
    turn = func.row_number().over(partition_by=c.terminal_id, order_by=c.seq)
    late = select(c.message_id).where(
        c.state == "sent",
        c.sent_at < sent_before,
        c.terminal_id.not_in(offline),
        c.message_id.not_in(without),
        is_served(),
    )
    return _waiting(connection, c.message_id.in_(late.order_by(turn, c.created_at).limit(limit)), limit, without)


def mark_sent(connection: Connection, message_ids: Sequence[str], *, now: datetime) -> None:
    """The broker has them. That closes nothing."""
    connection.execute(
        update(centre_outbox)
        .where(centre_outbox.c.message_id.in_(message_ids), IS_OPEN)
        .values(state="sent", sent_at=now, attempts=centre_outbox.c.attempts + 1)
    )


def mark_acked(connection: Connection, terminal_id: str, message_ids: Sequence[str], *, now: datetime) -> None:
    """The terminal has committed them; the ids of other terminals' messages are passed over.

    A roster is emptied then: each change of a worker makes one for each terminal, and nobody asks for an old one; and a part
    of a photo, which stays in the media alone. Its hash
    stays in the chain.
    """
    named = and_(
        centre_outbox.c.message_id.in_(message_ids),
        centre_outbox.c.terminal_id == terminal_id,
        centre_outbox.c.state != "acked",
    )
    connection.execute(update(centre_outbox).where(named, centre_outbox.c.kind.in_(_EMPTIED)).values(wire=b""))
    connection.execute(update(centre_outbox).where(named).values(state="acked", acked_at=now))


def rosters_on_their_way(connection: Connection) -> dict[str, tuple[int, datetime]]:
    """By terminal: how many messages of a roster it has not answered, and when the newest was queued."""
    c = centre_outbox.c
    query = select(c.terminal_id, func.count(), func.max(c.created_at)).where(IS_OPEN, c.kind == "roster")
    return {row[0]: (row[1], row[2]) for row in connection.execute(query.group_by(c.terminal_id))}


def refused_rosters(connection: Connection) -> set[str]:
    """Terminals that have refused a roster which nobody has sent again."""
    c = centre_outbox.c
    query = select(c.terminal_id).where(c.state == "refused", c.kind == "roster", c.resent_as.is_(None))
    return set(connection.execute(query.distinct()).scalars())


def supersede_rosters(connection: Connection, terminal_id: str) -> None:
    """A newer roster is about to be queued: older ones that the terminal has not answered are emptied and sent no more."""
    older = and_(centre_outbox.c.terminal_id == terminal_id, centre_outbox.c.kind == "roster", IS_OPEN)
    connection.execute(update(centre_outbox).where(older).values(state="superseded", wire=b""))


def backlog(connection: Connection) -> tuple[int, datetime | None]:
    """How many messages are not acknowledged, and since when the oldest waits. Revoked terminals are left out."""
    query = select(func.count(), func.min(centre_outbox.c.created_at))
    row = connection.execute(query.where(IS_OPEN, is_served())).one()
    return row[0], row[1]


@dataclass(frozen=True, slots=True)
class OutgoingRow:
    """One message as it was sealed."""

    message_id: str
    terminal_id: str
    seq: int
    prev_hash: str
    sha256: str
    wire: bytes
    kind: str
    state: str
    org: str
    created_at: datetime
    acked_at: datetime | None
    refused_at: datetime | None
    refusal_code: str | None
    refusal_reason: str | None
    resent_as: str | None

    @property
    def is_emptied(self) -> bool:
        """A roster or a part of a photo that the terminal has taken, or a roster that a newer one has replaced."""
        return not self.wire and self.kind in _EMPTIED and self.state in ("acked", "superseded")


def in_chain_order(connection: Connection, on_bad: OnBad | None = None) -> Iterator[OutgoingRow]:
    """Everything that was ever queued, terminal by terminal and by place, without holding it in memory."""
    columns = [centre_outbox.c[name] for name in OutgoingRow.__dataclass_fields__]
    query = select(*columns).order_by(centre_outbox.c.terminal_id, centre_outbox.c.seq)
    for row in stream(connection, query, 500, on_bad):
        yield OutgoingRow(**row)


def is_served() -> ColumnElement[bool]:
    """The terminal is not revoked."""
    revoked = select(terminal.c.terminal_id).where(terminal.c.state == "revoked")
    return centre_outbox.c.terminal_id.not_in(revoked)


def _waiting(
    connection: Connection, condition: ColumnElement[bool], limit: int, without: Collection[str]
) -> list[Waiting]:
    columns = (centre_outbox.c.message_id, centre_outbox.c.org, centre_outbox.c.terminal_id, centre_outbox.c.kind)
    query = select(*columns, centre_outbox.c.wire).where(condition, is_served())
    if without:
        query = query.where(centre_outbox.c.message_id.not_in(without))
    query = query.order_by(centre_outbox.c.created_at, centre_outbox.c.seq).limit(limit)
    return [Waiting(**row) for row in connection.execute(query).mappings()]
