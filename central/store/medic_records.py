"""Tables of what the federal register says of a medic: education, certificates, employments. Rows are added, never changed.

A row that says something newer of the same diploma, certificate or post takes the place of the older one; both stay.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Connection, Date, Integer, Table, Text, select

from central.store.metadata import UtcDateTime, metadata
from sync.contract.canonical import new_id

_MEDIC = "entry in the register of medics"

medic_education = Table(
    "medic_education",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("medic_id", Text, nullable=False, index=True, comment=_MEDIC),
    Column("level", Text, nullable=False),
    Column("institution", Text, nullable=False),
    Column("year", Integer),
    Column("diploma_no", Text, nullable=False),
    Column("speciality", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Diplomas of medics."""

medic_certificate = Table(
    "medic_certificate",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("medic_id", Text, nullable=False, index=True, comment=_MEDIC),
    Column("kind", Text, nullable=False, comment="accreditation, certificate or course"),
    Column("speciality", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("issued", Date),
    Column("until", Date),
    Column("hours", Integer, comment="of a course"),
    Column("source", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Accreditations, specialist certificates and courses of medics."""

medic_employment = Table(
    "medic_employment",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("medic_id", Text, nullable=False, index=True, comment=_MEDIC),
    Column("org_oid", Text, nullable=False, comment="OID of the organisation (ФРМО)"),
    Column("org_name", Text, nullable=False),
    Column("post", Text, nullable=False),
    Column("since", Date),
    Column("until", Date, comment="last day; empty: it goes on"),
    Column("rate", Text, nullable=False, comment="part of a full post, as the register writes it"),
    Column("source", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Posts of medics in medical organisations."""


@dataclass(frozen=True, slots=True)
class Education:
    """One diploma."""

    level: str = ""
    institution: str = ""
    year: int | None = None
    diploma_no: str = ""
    speciality: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """What it is the same diploma by."""
        return (self.institution, self.diploma_no)


@dataclass(frozen=True, slots=True)
class Paper:
    """An accreditation, a specialist certificate or a course."""

    kind: str
    speciality: str = ""
    number: str = ""
    issued: date | None = None
    until: date | None = None
    hours: int | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What it is the same paper by."""
        return (self.kind, self.number, self.speciality)


@dataclass(frozen=True, slots=True)
class Employment:
    """One post in one organisation."""

    org_oid: str
    org_name: str = ""
    post: str = ""
    since: date | None = None
    until: date | None = None
    rate: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """What it is the same post by."""
        return (self.org_oid, self.post, self.since)

    def is_in_force(self, day: date) -> bool:
        """Whether the medic holds the post on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


Record = Education | Paper | Employment
_TABLES: tuple[tuple[type[Any], Table], ...] = (
    (Education, medic_education),
    (Paper, medic_certificate),
    (Employment, medic_employment),
)


def of_medic(connection: Connection, medic_id: str) -> list[Record]:
    """Everything that is known of a medic, the newest row of each."""
    return [record for kind, _ in _TABLES for record in _newest(connection, kind, [medic_id]).get(medic_id, ())]


def employments(connection: Connection, medic_ids: Collection[str]) -> Mapping[str, tuple[Employment, ...]]:
    """Posts of these medics, the newest row of each."""
    return _newest(connection, Employment, medic_ids)


def add(connection: Connection, medic_id: str, records: Sequence[Record], source: str, now: datetime) -> int:
    """Add what is not known yet; returns how many rows are new."""
    known = set(of_medic(connection, medic_id))
    fresh = [record for record in dict.fromkeys(records) if record not in known]
    for record in fresh:
        table = next(table for kind, table in _TABLES if isinstance(record, kind))
        values = {item.name: getattr(record, item.name) for item in fields(record)}
        own = {"record_id": new_id(), "medic_id": medic_id, "source": source, "created_at": now}
        connection.execute(table.insert().values(**values, **own))
    return len(fresh)


def _newest(connection: Connection, kind: type[Any], medic_ids: Collection[str]) -> dict[str, tuple[Any, ...]]:
    table = next(table for one, table in _TABLES if one is kind)
    found: dict[str, dict[tuple[Any, ...], Any]] = defaultdict(dict)
    names = [item.name for item in fields(kind)]
    ids = sorted(medic_ids)
    for start in range(0, len(ids), 500):
        query = select(table.c.medic_id, *(table.c[name] for name in names))
        query = query.where(table.c.medic_id.in_(ids[start : start + 500])).order_by(table.c.record_id)
        for medic_id, *values in connection.execute(query):
            record = kind(*values)
            found[medic_id][record.key] = record
    return {medic_id: tuple(records.values()) for medic_id, records in found.items()}
