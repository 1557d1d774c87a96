"""The tables of key carriers: which token or card was given to whom, what is on it, and whether it came back or was lost."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, Date, ForeignKey, RowMapping, Table, Text, delete, select, update

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
"""Key carriers: which token or card was given to whom, and whether it came back or was lost."""

key_carrier_certificate = Table(
    "key_carrier_certificate",
    metadata,
    Column("carrier_id", ForeignKey("key_carrier.carrier_id"), primary_key=True),
    Column("certificate_id", ForeignKey("certificate.certificate_id"), primary_key=True, index=True),
)
"""Which certificates have their keys on a carrier, as the register says now; its changes are in the history."""


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


def certificates_on(connection: Connection, carrier_id: str) -> list[str]:
    """Ids of the certificates that are named on it."""
    c = key_carrier_certificate.c
    query = select(c.certificate_id).where(c.carrier_id == carrier_id).order_by(c.certificate_id)
    return list(connection.execute(query).scalars())


def put_certificates(connection: Connection, carrier_id: str, certificate_ids: Collection[str]) -> None:
    """These are on it, and no others."""
    connection.execute(delete(key_carrier_certificate).where(key_carrier_certificate.c.carrier_id == carrier_id))
    rows = [{"carrier_id": carrier_id, "certificate_id": one} for one in sorted(set(certificate_ids))]
    if rows:
        connection.execute(key_carrier_certificate.insert(), rows)


def given_out_with(connection: Connection, certificate_id: str) -> RowMapping | None:
    """The carrier with that certificate which has not come back."""
    c = key_carrier_certificate.c
    query = _listing().join(key_carrier_certificate, c.carrier_id == key_carrier.c.carrier_id)
    at_large = query.where(
        c.certificate_id == certificate_id, key_carrier.c.returned_at.is_(None), key_carrier.c.archived_at.is_(None)
    )
    return connection.execute(at_large).mappings().first()


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
