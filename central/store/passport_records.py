"""The table of sanitary passports that medics have signed: what the organisation knew of a person on a day, as it was signed."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Index, LargeBinary, Table, Text, select

from central.store.metadata import UtcDateTime, metadata
from central.store.registry import same_person
from central.store.walking import OnBad, stream

passport_record = Table(
    "passport_record",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False),
    Column("medic_id", Text, nullable=False),
    Column("medic_name", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
    Column("certificate_serial", Text, nullable=False),
    Column("record", LargeBinary, nullable=False, comment="canonical JSON, exactly the bytes that are signed"),
    Column("cms", LargeBinary, nullable=False, comment="the medic's detached CMS over `record`, DER"),
    Index("ix_passport_record_worker_id_record_id", "worker_id", "record_id"),
)
"""Signed sanitary passports: dates and documents, no finding."""


@dataclass(frozen=True, slots=True)
class PassportRecord:
    """One passport as it was signed."""

    record_id: str
    org: str
    worker_id: str
    medic_id: str
    medic_name: str
    account_id: str
    signed_at: datetime
    certificate_serial: str
    record: bytes
    cms: bytes


def add(connection: Connection, item: PassportRecord) -> None:
    """Insert a record."""
    values = {one.name: getattr(item, one.name) for one in fields(PassportRecord)}
    connection.execute(passport_record.insert().values(**values))


def newest(connection: Connection, worker_id: str) -> PassportRecord | None:
    """The one that was signed last for the person of an employment, in its organisation."""
    c = passport_record.c
    query = select(passport_record).where(c.worker_id.in_(same_person(worker_id))).order_by(c.record_id.desc())
    row = connection.execute(query.limit(1)).mappings().one_or_none()
    return None if row is None else PassportRecord(**row)


def every(connection: Connection, on_bad: OnBad | None = None) -> Iterator[PassportRecord]:
    """All records, oldest first, without holding them in memory."""
    for row in stream(connection, select(passport_record).order_by(passport_record.c.record_id), 500, on_bad):
        yield PassportRecord(**row)
