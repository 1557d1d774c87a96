"""Tables of inspections: which exams of an organisation an inspector's account may look at, by which order, until when.

Without a row an inspector sees nothing. Rows are added and never changed; an earlier end is a row of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import Column, Connection, Date, ForeignKey, Table, Text, select
from sqlalchemy.exc import IntegrityError

from central.store.metadata import UtcDateTime, metadata

inspection = Table(
    "inspection",
    metadata,
    Column("inspection_id", Text, primary_key=True),
    Column("org", Text, nullable=False, index=True),
    Column("account_id", Text, nullable=False, index=True, comment="the inspector's"),
    Column("basis", Text, nullable=False, comment="number and day of the order of inspection"),
    Column("since_day", Date, nullable=False, comment="first day of the exams"),
    Column("until_day", Date, nullable=False, comment="last day of the exams"),
    Column("ends_on", Date, nullable=False, comment="last day of the access"),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("opened_by", Text, nullable=False, comment="account"),
)
"""Inspections as they were opened."""

inspection_end = Table(
    "inspection_end",
    metadata,
    Column("inspection_id", ForeignKey("inspection.inspection_id"), primary_key=True),
    Column("org", Text, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("ended_by", Text, nullable=False, comment="account"),
)
"""Inspections that were ended before their last day."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What one inspector may look at."""

    inspection_id: str
    org: str
    account_id: str
    basis: str
    since_day: date
    until_day: date
    ends_on: date
    opened_at: datetime
    opened_by: str


@dataclass(frozen=True, slots=True)
class InspectionEnd:
    """An earlier end."""

    inspection_id: str
    org: str
    ended_at: datetime
    ended_by: str


class EndedAlready(Exception):
    """Somebody else has ended it."""


def add(connection: Connection, item: Inspection) -> None:
    """Insert an inspection."""
    connection.execute(inspection.insert().values(**{one.name: getattr(item, one.name) for one in fields(Inspection)}))


def end(connection: Connection, item: InspectionEnd) -> None:
    """End one. Raises `EndedAlready`; the transaction must then be rolled back."""
    try:
        values = {one.name: getattr(item, one.name) for one in fields(InspectionEnd)}
        connection.execute(inspection_end.insert().values(**values))
    except IntegrityError as error:
        raise EndedAlready(item.inspection_id) from error


def find(connection: Connection, inspection_id: str) -> Inspection | None:
    """One inspection."""
    query = select(inspection).where(inspection.c.inspection_id == inspection_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Inspection(**row)


def in_force(connection: Connection, account_id: str, orgs: Sequence[str], today: date) -> list[Inspection]:
    """What an account may look at on that day, in these organisations, the newest first."""
    ended = select(inspection_end.c.inspection_id)
    query = select(inspection).where(
        inspection.c.account_id == account_id,
        inspection.c.org.in_(orgs),
        inspection.c.ends_on >= today,
        inspection.c.inspection_id.not_in(ended),
    )
    rows = connection.execute(query.order_by(inspection.c.inspection_id.desc())).mappings()
    return [Inspection(**row) for row in rows]


def listed(connection: Connection, orgs: Sequence[str], limit: int) -> list[tuple[Inspection, InspectionEnd | None]]:
    """Inspections of these organisations, the newest first, with their earlier end."""
    query = select(inspection).where(inspection.c.org.in_(orgs)).order_by(inspection.c.inspection_id.desc())
    found = [Inspection(**row) for row in connection.execute(query.limit(limit)).mappings()]
    ids = [one.inspection_id for one in found]
    rows = connection.execute(select(inspection_end).where(inspection_end.c.inspection_id.in_(ids))).mappings()
    ended = {row["inspection_id"]: InspectionEnd(**row) for row in rows}
    return [(one, ended.get(one.inspection_id)) for one in found]
