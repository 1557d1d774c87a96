"""The table of an organisation's and its employers' limits. Entries are added and withdrawn, never changed: history stays."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Column, Connection, Date, Float, ForeignKey, Index, Table, Text, select, update

from central.store.metadata import UtcDateTime, metadata

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
