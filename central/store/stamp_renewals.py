"""The table of renewed time stamps: each proves a decision's signature, and the stamps before it, anew."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, LargeBinary, Table, Text, select

from central.store.metadata import UtcDateTime, insert_for, metadata

stamp_renewal = Table(
    "stamp_renewal",
    metadata,
    Column("renewal_id", Text, primary_key=True),
    Column("decision_id", ForeignKey("decision.decision_id"), nullable=False),
    Column("renewal_no", Integer, nullable=False, comment="1 and up for each decision"),
    Column(
        "token", LargeBinary, nullable=False, comment="time-stamp token (RFC 3161), DER, over all that was there before"
    ),
    Column("stamped_at", UtcDateTime, nullable=False, comment="the authority's time"),
    Index("uq_stamp_renewal_decision_id", "decision_id", "renewal_no", unique=True),
)
"""Renewals of time stamps."""


@dataclass(frozen=True, slots=True)
class StampRenewal:
    """One renewal of one decision's proof of time."""

    renewal_id: str
    decision_id: str
    renewal_no: int
    token: bytes
    stamped_at: datetime


def add(connection: Connection, item: StampRenewal) -> bool:
    """Insert; False, and nothing stored, where somebody else has renewed it first."""
    values = {one.name: getattr(item, one.name) for one in fields(StampRenewal)}
    statement = insert_for(connection, stamp_renewal).values(**values)
    done = statement.on_conflict_do_nothing(index_elements=["decision_id", "renewal_no"])
    return connection.execute(done.returning(stamp_renewal.c.renewal_id)).first() is not None


def of_decisions(connection: Connection, decision_ids: Iterable[str]) -> dict[str, list[StampRenewal]]:
    """By decision: its renewals in order."""
    query = select(stamp_renewal).where(stamp_renewal.c.decision_id.in_(list(decision_ids)))
    found: dict[str, list[StampRenewal]] = {}
    for row in connection.execute(query.order_by(stamp_renewal.c.decision_id, stamp_renewal.c.renewal_no)).mappings():
        found.setdefault(row["decision_id"], []).append(StampRenewal(**row))
    return found
