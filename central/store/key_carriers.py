"""The table of key carriers: which token or card was given to whom, and whether it came back or was lost."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, Date, ForeignKey, RowMapping, Table, Text, select, update

from central.core.name_folding import fold_name
from central.store.medics import medic
from central.store.metadata import UtcDateTime, metadata

key_carrier = Table(
    "key_carrier",
    metadata,
    Column("carrier_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False, index=True),
    Column("number", Text, nullable=False, comment="serial or stock number, as it stands on the carrier"),
    Column("carrier_kind", Text, nullable=False, comment="token, smart_card, flash_drive or other"),
    Column("holder_id", ForeignKey("medic.medic_id"), nullable=False, index=True),
    Column("issued_at", Date, nullable=False, comment="day of the hand-over"),
    Column("returned_at", Date),
    Column("lost_at", Date, comment="day when the loss was found"),
    Column("document", Text, nullable=False, comment="act or order of the hand-over"),
    Column("archived_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)


def add(connection: Connection, values: dict[str, Any]) -> None:
    """Insert one."""
    connection.execute(key_carrier.insert().values(**values))


def change(connection: Connection, carrier_id: str, values: dict[str, Any]) -> None:
    """Change one."""
    connection.execute(update(key_carrier).where(key_carrier.c.carrier_id == carrier_id).values(**values))


def find(connection: Connection, carrier_id: str) -> RowMapping | None:
    """One by id, with the name of its holder (`holder`)."""
    query = _listing().where(key_carrier.c.carrier_id == carrier_id)
    return connection.execute(query).mappings().one_or_none()


def given_out(connection: Connection, org: str, number: str) -> RowMapping | None:
    """The organisation's carrier with that number which has not come back; capital letters do not matter."""
    # Compared here: SQLite knows the capitals of ASCII only.
    at_large = _listing().where(
        key_carrier.c.org == org, key_carrier.c.returned_at.is_(None), key_carrier.c.archived_at.is_(None)
    )
    rows = connection.execute(at_large).mappings()
    return next((row for row in rows if fold_name(row["number"]) == fold_name(number)), None)


def of_organisations(connection: Connection, orgs: Sequence[str], *, archived: bool = False) -> Sequence[RowMapping]:
    """All of these organisations, or the archived ones: what is lost first, then what is given out, then what came back."""
    state = key_carrier.c.archived_at.is_not(None) if archived else key_carrier.c.archived_at.is_(None)
    rows = connection.execute(_listing().where(key_carrier.c.org.in_(orgs), state)).mappings().all()
    return sorted(rows, key=_place)


def _place(row: RowMapping) -> tuple[bool, date, str, str]:
    return row["lost_at"] is None, row["returned_at"] or date.min, fold_name(row["holder"]), row["number"]


def _listing() -> Any:
    return select(key_carrier, medic.c.full_name.label("holder")).join(
        medic, medic.c.medic_id == key_carrier.c.holder_id
    )
