"""Table of statements: what an employer was billed for a month, as it was issued. Rows are added and never changed.

A later correction of what was counted makes a new version under the same number, which names the difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Connection, Integer, RowMapping, Select, Table, Text, func, select
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, metadata

statement = Table(
    "statement",
    metadata,
    Column("statement_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("employer_id", Text, nullable=False),
    Column("month", Text, nullable=False, comment="YYYY-MM of the exams"),
    Column("year", Integer, nullable=False, comment="in which the number counts: that of the month"),
    Column("number", Integer, nullable=False, comment="of all versions; counted for the organisation and year"),
    Column("version", Integer, nullable=False, comment="from 1"),
    Column(
        "content", JSON, nullable=False, comment="central.contracts.statements: lines, what was left out, difference"
    ),
    Column("sha256", Text, nullable=False, comment="of `content` in canonical form"),
    Column("sum_kopecks", BigInteger, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("issued_by", Text, nullable=False, comment="account"),
    UniqueConstraint("org", "employer_id", "month", "version"),
    UniqueConstraint("org", "year", "number", "version"),
)
"""Statements as they were issued, version by version."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One version of a statement."""

    statement_id: str
    org: str
    employer_id: str
    month: str
    year: int
    number: int
    version: int
    content: dict[str, Any]
    sha256: str
    sum_kopecks: int
    issued_at: datetime
    issued_by: str

    @property
    def words(self) -> str:
        """Number, year and version as people write them: `12/2026`, `12/2026-2`."""
        return f"{self.number}/{self.year}" + (f"-{self.version}" if self.version > 1 else "")


def add(connection: Connection, item: Statement) -> None:
    """Insert a version. Call after `contracts.wait_for_contracts`: numbers are counted."""
    connection.execute(statement.insert().values(**{one.name: getattr(item, one.name) for one in fields(Statement)}))


def find(connection: Connection, statement_id: str) -> Statement | None:
    """One version."""
    return _one(connection, select(statement).where(statement.c.statement_id == statement_id))


def newest(connection: Connection, org: str, employer_id: str, month: str) -> Statement | None:
    """The version in force of an employer's month."""
    c = statement.c
    query = select(statement).where(c.org == org, c.employer_id == employer_id, c.month == month)
    return _one(connection, query.order_by(c.version.desc()).limit(1))


def next_number(connection: Connection, org: str, year: int) -> int:
    """The first number of the organisation's year that is free."""
    query = select(func.max(statement.c.number)).where(statement.c.org == org, statement.c.year == year)
    return int(connection.execute(query).scalar_one() or 0) + 1


def in_force(connection: Connection, org: str, employer_id: str) -> list[Statement]:
    """The newest version of each month of an employer."""
    c = statement.c
    query = select(statement).where(c.org == org, c.employer_id == employer_id).order_by(c.month, c.version)
    return list({row["month"]: _statement(row) for row in connection.execute(query).mappings()}.values())


def listed(
    connection: Connection, orgs: Sequence[str], limit: int, employer_ids: Sequence[str] | None = None
) -> list[Statement]:
    """Versions of these organisations, of these employers or of all, the newest first."""
    query = select(statement).where(statement.c.org.in_(orgs))
    if employer_ids is not None:
        query = query.where(statement.c.employer_id.in_(employer_ids))
    rows = connection.execute(query.order_by(statement.c.statement_id.desc()).limit(limit)).mappings()
    return [_statement(row) for row in rows]


def _one(connection: Connection, query: Select[Any]) -> Statement | None:
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _statement(row)


def _statement(row: RowMapping) -> Statement:
    return Statement(**row)
