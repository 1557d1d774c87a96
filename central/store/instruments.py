"""The table of measuring instruments: owner, place, and the end of their verification.

Terminals report the devices they find (`central.store.terminals.device`); this is what the papers say about them.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, Date, ForeignKey, RowMapping, Table, Text, select, update
from sqlalchemy.schema import UniqueConstraint

from central.core.name_folding import fold_name
from central.store.metadata import UtcDateTime, metadata

instrument = Table(
    "instrument",
    metadata,
    Column("instrument_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("terminal_id", ForeignKey("terminal.terminal_id"), index=True, comment="empty: not in use"),
    Column("measures", Text, nullable=False, comment="step of the exam: temperature, pressure, breath, oximetry"),
    Column("maker", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("registration_number", Text, nullable=False, comment="state registration as a medical device; empty = none"),
    Column("verified_at", Date, comment="last verification (poverka)"),
    Column("verified_until", Date),
    Column("verification_number", Text, nullable=False, comment="number of the entry in the verification register"),
    Column("archived_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("org", "model", "serial"),
)


def add(connection: Connection, values: dict[str, Any]) -> None:
    """Insert one."""
    connection.execute(instrument.insert().values(**values))


def change(connection: Connection, instrument_id: str, values: dict[str, Any]) -> bool:
    """Change one; False when there is none."""
    chosen = instrument.c.instrument_id == instrument_id
    return connection.execute(update(instrument).where(chosen).values(**values)).rowcount == 1


def find(connection: Connection, instrument_id: str) -> RowMapping | None:
    """One by id."""
    query = select(instrument).where(instrument.c.instrument_id == instrument_id)
    return connection.execute(query).mappings().one_or_none()


def by_serial(connection: Connection, org: str, model: str, serial: str) -> RowMapping | None:
    """The organisation's instrument of that model and serial number, archived or not; capital letters do not matter."""
    # Compared here: SQLite knows the capitals of ASCII only.
    meant = (fold_name(model), fold_name(serial))
    rows = connection.execute(select(instrument).where(instrument.c.org == org)).mappings()
    return next((row for row in rows if (fold_name(row["model"]), fold_name(row["serial"])) == meant), None)


def of_organisations(connection: Connection, orgs: Sequence[str], *, archived: bool = False) -> Sequence[RowMapping]:
    """All of these organisations that are in use, or the archived ones, those whose verification ends first on top."""
    state = instrument.c.archived_at.is_not(None) if archived else instrument.c.archived_at.is_(None)
    query = select(instrument).where(instrument.c.org.in_(orgs), state)
    rows = connection.execute(query.order_by(instrument.c.model, instrument.c.serial)).mappings().all()
    return sorted(rows, key=lambda row: (row["verified_until"] is not None, row["verified_until"] or date.max))


def verified_until(connection: Connection, org: str) -> dict[tuple[str, str], date]:
    """Ends of verification of what is in use, by maker and serial number in small letters.

    The model is left out: many devices call themselves otherwise than their papers do (TM2655 for a TM-2655P).
    """
    return {
        (row["maker"].lower(), row["serial"].lower()): row["verified_until"]
        for row in of_organisations(connection, (org,))
        if row["verified_until"] is not None
    }
