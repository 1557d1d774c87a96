"""The table of renewed time stamps: each proves a signature, and the stamps before it, anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, LargeBinary, RowMapping, Table, Text, select

from central.store.kept_signatures import DECISION
from central.store.metadata import UtcDateTime, insert_for, metadata

stamp_renewal = Table(
    "stamp_renewal",
    metadata,
    Column("renewal_id", Text, primary_key=True),
    Column("decision_id", ForeignKey("decision.decision_id"), comment="where the signature is that of a decision"),
    Column("renewal_no", Integer, nullable=False, comment="1 and up for each signature"),
    Column(
        "token", LargeBinary, nullable=False, comment="time-stamp token (RFC 3161), DER, over all that was there before"
    ),
    Column("stamped_at", UtcDateTime, nullable=False, comment="the authority's time"),
    Column("signature_kind", Text, comment="table of any other signature"),
    Column("signature_id", Text, comment="its key there"),
    Index("uq_stamp_renewal_decision_id", "decision_id", "renewal_no", unique=True),
    Index("uq_stamp_renewal_signature_id", "signature_id", "signature_kind", "renewal_no", unique=True),
)
"""Renewals of time stamps."""


@dataclass(frozen=True, slots=True)
class StampRenewal:
    """One renewal of one signature's proof of time. `kind`, `signature_id`: as in `KeptSignature`."""

    renewal_id: str
    kind: str
    signature_id: str
    renewal_no: int
    token: bytes
    stamped_at: datetime


def add(connection: Connection, item: StampRenewal) -> bool:
    """Insert; False, and nothing stored, where somebody else has renewed it first."""
    values = {name: getattr(item, name) for name in ("renewal_id", "renewal_no", "token", "stamped_at")}
    if item.kind == DECISION:
        values |= {"decision_id": item.signature_id}
    else:
        values |= {"signature_kind": item.kind, "signature_id": item.signature_id}
    done = insert_for(connection, stamp_renewal).values(**values).on_conflict_do_nothing()
    return connection.execute(done.returning(stamp_renewal.c.renewal_id)).first() is not None


def of(connection: Connection, kind: str, signature_ids: Iterable[str]) -> dict[str, list[StampRenewal]]:
    """By signature of a kind: its renewals in order."""
    c, ids = stamp_renewal.c, list(signature_ids)
    meant = c.decision_id.in_(ids) if kind == DECISION else (c.signature_kind == kind) & c.signature_id.in_(ids)
    found: dict[str, list[StampRenewal]] = {}
    for row in connection.execute(select(stamp_renewal).where(meant).order_by(c.renewal_no)).mappings():
        item = _stored(row)
        found.setdefault(item.signature_id, []).append(item)
    return found


def _stored(row: RowMapping) -> StampRenewal:
    kind = row["signature_kind"] or DECISION
    signature_id = row["signature_id"] or row["decision_id"]
    return StampRenewal(row["renewal_id"], kind, signature_id, row["renewal_no"], row["token"], row["stamped_at"])
