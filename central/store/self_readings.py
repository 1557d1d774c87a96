"""The table of readings of workers' personal devices. They are shown and decide nothing: no rule, limit or exam reads this table.

Rows are added, never changed. Whose a reading is, is asked of the employment that it came for: persons who turn out to be one have
all of it.
"""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Column, Connection, Float, ForeignKey, Index, Table, Text, select
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.registry import same_person, worker

self_reading = Table(
    "self_reading",
    metadata,
    Column("reading_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False),
    Column("consent_id", Text, nullable=False, comment="the consent under which it was taken"),
    Column("quantity", Text, nullable=False, comment="sync.contract.codes.QUANTITIES"),
    Column("code_system", Text, nullable=False, comment="as it was sent: loinc, mdc"),
    Column("code", Text, nullable=False, comment="as it was sent"),
    Column("value", Float, nullable=False, comment="in the unit of the quantity (UCUM)"),
    Column("measured_at", UtcDateTime, nullable=False, comment="as the device says; nobody checks its clock"),
    Column("device", Text, nullable=False, comment="what the program calls the device"),
    Column("key_id", Text, nullable=False, comment="the program's key"),
    Column("sent_id", Text, nullable=False, comment="the program's own id; the same twice is one"),
    Column("received_at", UtcDateTime, nullable=False),
    UniqueConstraint("key_id", "sent_id"),
    Index("ix_self_reading_worker_id_measured_at", "worker_id", "measured_at"),
)
"""Readings of workers' personal devices, which are no examination."""


@dataclass(frozen=True, slots=True)
class SelfReading:
    """One reading of a personal device."""

    reading_id: str
    org: str
    worker_id: str
    consent_id: str
    quantity: str
    code_system: str
    code: str
    value: float
    measured_at: datetime
    device: str
    key_id: str
    sent_id: str
    received_at: datetime


def add(connection: Connection, item: SelfReading) -> bool:
    """Insert a reading; False where that program has sent it before."""
    values = {one.name: getattr(item, one.name) for one in fields(SelfReading)}
    query = insert_for(connection, self_reading).on_conflict_do_nothing().returning(self_reading.c.reading_id)
    return connection.execute(query, values).first() is not None


def of_worker(connection: Connection, worker_id: str, limit: int) -> list[SelfReading]:
    """The newest readings of the person that this organisation was sent."""
    return _found(connection, same_person(worker_id), limit)


def of_person(connection: Connection, person_id: str, limit: int) -> list[SelfReading]:
    """The person's own newest readings, whichever organisation was sent them."""
    return _found(connection, select(worker.c.worker_id).where(worker.c.person_id == person_id), limit)


def _found(connection: Connection, workers: object, limit: int) -> list[SelfReading]:
    c = self_reading.c
    query = select(self_reading).where(c.worker_id.in_(workers))  # type: ignore[arg-type]  # a query of ids
    rows = connection.execute(query.order_by(c.measured_at.desc(), c.reading_id.desc()).limit(limit)).mappings()
    return [SelfReading(**row) for row in rows]
