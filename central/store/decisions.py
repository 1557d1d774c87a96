"""Tables of signed decisions and of claims. A decision is added once and never changed; a claim binds nobody."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    Table,
    Text,
    delete,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from central.store.engine import hold
from central.store.metadata import UtcDateTime, metadata
from central.store.walking import OnBad, stream

decision = Table(
    "decision",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("exam_id", Text, nullable=False, index=True),
    Column("exam_message_id", Text, nullable=False),
    Column("exam_revision", Integer, nullable=False),
    Column("org", Text, nullable=False),
    Column("worker_id", Text, index=True),
    Column("medic_id", Text, nullable=False),
    Column("medic_name", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reasons", JSON, nullable=False, comment="codes of the reference book"),
    Column("corrects", Text, comment="the decision that this one corrects"),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime),
    Column("record", LargeBinary, nullable=False, comment="canonical JSON, exactly the bytes that are signed"),
    Column("cms", LargeBinary, nullable=False, comment="detached CMS over `record`, DER"),
    Column("certificate_serial", Text, nullable=False),
    Column("trail", JSON, nullable=False, comment="who decided from where: account, session's beginning, address"),
    Index("ix_decision_decided_at", "decided_at"),
    Index("ix_decision_org_decided_at", "org", "decided_at"),
    Index("ix_decision_medic_id_decided_at", "medic_id", "decided_at"),
    # One first decision on one received revision, and one correction of one decision, whoever races.
    Index(
        "uq_decision_first",
        "exam_message_id",
        unique=True,
        sqlite_where=text("corrects IS NULL"),
        postgresql_where=text("corrects IS NULL"),
    ),
    Index(
        "uq_decision_corrects",
        "corrects",
        unique=True,
        sqlite_where=text("corrects IS NOT NULL"),
        postgresql_where=text("corrects IS NOT NULL"),
    ),
)
"""Signed decisions: the record as it was signed, the signature, the time stamp."""

claim = Table(
    "claim",
    metadata,
    Column("exam_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("claimed_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
"""Which medic has an exam open, so that two do not work on it without knowing."""


@dataclass(frozen=True, slots=True)
class DecisionColumns:
    """The columns of a decision that say again, for lists and filters, what its signed record says."""

    decision_id: str
    exam_id: str
    exam_message_id: str
    exam_revision: int
    org: str
    worker_id: str | None
    medic_id: str
    medic_name: str
    outcome: str
    reasons: tuple[str, ...]
    """Codes of the reference book."""
    corrects: str | None
    decided_at: datetime
    valid_until: datetime | None
    certificate_serial: str


@dataclass(frozen=True, slots=True)
class StoredDecision(DecisionColumns):
    """A signed decision as it was stored."""

    record: bytes
    cms: bytes
    trail: dict[str, Any]


class AlreadyStored(Exception):
    """Another decision on the same revision (or correction of the same decision) was stored first."""


def add(connection: Connection, item: StoredDecision) -> None:
    """Insert a decision. Raises `AlreadyStored`; the transaction must then be rolled back."""
    values = {one.name: getattr(item, one.name) for one in fields(StoredDecision)} | {"reasons": list(item.reasons)}
    try:
        connection.execute(decision.insert().values(**values))
    except IntegrityError as error:
        raise AlreadyStored(item.exam_id) from error


def find(connection: Connection, decision_id: str) -> StoredDecision | None:
    """The decision with that id."""
    query = select(decision).where(decision.c.decision_id == decision_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _stored(row)


def of_exam(connection: Connection, exam_id: str) -> list[StoredDecision]:
    """All decisions on an exam, oldest first: repeats asked for, the decision, its corrections."""
    query = (
        select(decision).where(decision.c.exam_id == exam_id).order_by(decision.c.decided_at, decision.c.decision_id)
    )
    return [_stored(row) for row in connection.execute(query).mappings()]


def on_message(connection: Connection, exam_message_id: str) -> StoredDecision | None:
    """The first decision on one received revision."""
    query = select(decision).where(decision.c.exam_message_id == exam_message_id, decision.c.corrects.is_(None))
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _stored(row)


def every(connection: Connection, on_bad: OnBad | None = None) -> Iterator[StoredDecision]:
    """All decisions, oldest first, without holding them in memory."""
    query = select(decision).order_by(decision.c.decided_at, decision.c.decision_id)
    for row in stream(connection, query, 500, on_bad):
        yield _stored(row)


def _stored(row: RowMapping) -> StoredDecision:
    return StoredDecision(**dict(row) | {"reasons": tuple(row["reasons"])})


@dataclass(frozen=True, slots=True)
class Claim:
    """The medic who has an exam open."""

    exam_id: str
    account_id: str
    full_name: str
    claimed_at: datetime
    expires_at: datetime


def claims(connection: Connection, now: datetime) -> dict[str, Claim]:
    """All claims that hold now, by exam."""
    rows = connection.execute(select(claim).where(claim.c.expires_at > now)).mappings()
    return {row["exam_id"]: Claim(**row) for row in rows}


def claim_of(connection: Connection, exam_id: str, now: datetime) -> Claim | None:
    """The present claim on this exam."""
    query = select(claim).where(claim.c.exam_id == exam_id, claim.c.expires_at > now)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Claim(**row)


def take_claim(connection: Connection, item: Claim, now: datetime, *, relieve_since: datetime | None = None) -> bool:
    """Take or renew a claim; False when somebody else holds it. Call inside a write transaction.

    Renewing a claim keeps its start. `relieve_since`: a claim that began then or earlier is given up.
    """
    hold(connection, f"claim of {item.exam_id}")
    held = claim_of(connection, item.exam_id, now)
    if held is not None and held.account_id == item.account_id:
        item = replace(item, claimed_at=held.claimed_at)
    elif held is not None and (relieve_since is None or held.claimed_at > relieve_since):
        return False
    connection.execute(delete(claim).where(claim.c.exam_id == item.exam_id))
    connection.execute(claim.insert().values(**{name: getattr(item, name) for name in Claim.__slots__}))
    return True


def release_claim(connection: Connection, exam_id: str, account_id: str | None = None) -> None:
    """Give an exam back; with an account, only when that account holds it."""
    condition = claim.c.exam_id == exam_id
    if account_id is not None:
        condition &= claim.c.account_id == account_id
    connection.execute(delete(claim).where(condition))
