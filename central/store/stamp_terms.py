"""The table of ends of proofs of time, worked out once for each signature: the daily look need not read all of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Boolean, Column, Connection, Index, Table, Text, and_, delete, or_, select

from central.store import kept_signatures
from central.store.metadata import UtcDateTime, insert_for, metadata

stamp_term = Table(
    "stamp_term",
    metadata,
    Column("kind", Text, primary_key=True, comment="table of the signature"),
    Column("signature_id", Text, primary_key=True, comment="its key there"),
    Column("until", UtcDateTime, comment="when the newest part of its proof ends; empty: it cannot be read"),
    Column("is_stamped", Boolean, nullable=False, comment="false: the certificate alone stands for its moment"),
    Column("renewed_at", UtcDateTime, comment="of the newest renewal"),
    Column(
        "judged_by", Text, nullable=False, comment="hash of the roots and the terms of algorithms that were counted"
    ),
    Index("ix_stamp_term_until", "until"),
)
"""Ends of proofs of time."""


@dataclass(frozen=True, slots=True)
class StampTerm:
    """How long the proof of one signature counts."""

    kind: str
    signature_id: str
    until: datetime | None
    is_stamped: bool
    renewed_at: datetime | None
    judged_by: str


def unjudged(connection: Connection, kind: str, judged_by: str, limit: int) -> list[str]:
    """Ids of signatures of a kind that were not looked at yet, or by other roots and terms."""
    known = select(stamp_term.c.signature_id).where(stamp_term.c.kind == kind, stamp_term.c.judged_by == judged_by)
    return kept_signatures.without(connection, kind, known, limit)


def put(connection: Connection, item: StampTerm) -> None:
    """Store, in the place of what was known before."""
    same = and_(stamp_term.c.kind == item.kind, stamp_term.c.signature_id == item.signature_id)
    connection.execute(delete(stamp_term).where(same))
    values = {name: getattr(item, name) for name in StampTerm.__slots__}
    connection.execute(insert_for(connection, stamp_term).values(**values))


def due(connection: Connection, now: datetime, by: datetime, again_after: timedelta, limit: int) -> list[StampTerm]:
    """Whose proof ends by `by`, the soonest first.

    One without a stamp is among them while its certificate still counts: afterwards a stamp would prove nothing. One that was
    renewed less than `again_after` ago is not: its authority gives nothing that lasts longer.
    """
    c = stamp_term.c
    query = (
        select(stamp_term)
        .where(c.until < by, or_(c.is_stamped, c.until > now))
        .where(or_(c.renewed_at.is_(None), c.renewed_at < now - again_after))
        .order_by(c.until, c.kind, c.signature_id)
        .limit(limit)
    )
    return [StampTerm(**row) for row in connection.execute(query).mappings()]
