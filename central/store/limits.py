"""The table of an organisation's and its employers' limits. Entries are added and withdrawn, never changed: history stays."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Connection, Date, Float, ForeignKey, Index, Table, Text, select, update

from central.store.metadata import UtcDateTime, metadata
from central.store.registry import employer, worker
from central.store.worker_limits import worker_limit

limit_entry = Table(
    "limit_entry",
    metadata,
    Column("entry_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("source", Text, nullable=False, comment="organisation or employer"),
    Column("subject", Text, nullable=False, comment="employer_id; empty for the organisation"),
    Column("parameter", Text, nullable=False),
    Column("low", Float),
    Column("high", Float),
    Column("author", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("version", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Index("ix_limit_entry_org_parameter", "org", "parameter"),
)


@dataclass(frozen=True, slots=True)
class StoredLimit:
    """One limit with its author and its basis."""

    entry_id: str
    org: str
    source: str
    subject: str
    parameter: str
    low: float | None
    high: float | None
    author: str
    basis: str
    valid_from: date | None
    valid_until: date | None
    version: str
    created_at: datetime
    withdrawn_at: datetime | None


def add(connection: Connection, item: StoredLimit) -> None:
    """Insert an entry."""
    connection.execute(limit_entry.insert().values(**{name: getattr(item, name) for name in StoredLimit.__slots__}))


def withdraw(connection: Connection, org: str, source: str, subject: str, parameter: str, at: datetime) -> None:
    """End the entries in force of one parameter for one subject."""
    connection.execute(
        update(limit_entry)
        .where(
            limit_entry.c.org == org,
            limit_entry.c.source == source,
            limit_entry.c.subject == subject,
            limit_entry.c.parameter == parameter,
            limit_entry.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=at)
    )


def of_organisation(connection: Connection, org: str) -> list[StoredLimit]:
    """All entries of an organisation, those in force first, newest first."""
    query = select(limit_entry).where(limit_entry.c.org == org)
    rows = connection.execute(query.order_by(limit_entry.c.withdrawn_at.is_not(None), limit_entry.c.created_at.desc()))
    return [StoredLimit(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PersonalLimit:
    """A worker's own limit with the names that belong to it."""

    worker_id: str
    full_name: str
    personnel_number: str
    employer_name: str
    entry: dict[str, Any]
    author: str
    basis: str
    valid_until: date | None
    created_at: datetime
    withdrawn_at: datetime | None


def personal(connection: Connection, org: str, limit: int = 500) -> list[PersonalLimit]:
    """Personal limits of an organisation's workers, those in force first, newest first. Read only: the registry writes."""
    columns = [
        *(worker.c[name] for name in ("worker_id", "full_name", "personnel_number")),
        employer.c.name,
        *(worker_limit.c[name] for name in ("entry", "author", "basis", "valid_until", "created_at", "withdrawn_at")),
    ]
    query = (
        select(*columns)
        .join_from(worker_limit, worker, worker_limit.c.worker_id == worker.c.worker_id)
        .join(employer, employer.c.employer_id == worker.c.employer_id)
        .where(worker.c.org == org)
        .order_by(worker_limit.c.withdrawn_at.is_not(None), worker_limit.c.created_at.desc())
        .limit(limit)
    )
    return [PersonalLimit(*row) for row in connection.execute(query)]
