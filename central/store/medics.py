"""The table of medics: the register entry that must be valid before anything is signed, certificate and software key."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Date, ForeignKey, Integer, LargeBinary, Table, Text, select, update

from central.store.metadata import UtcDateTime, metadata

medic = Table(
    "medic",
    metadata,
    Column("medic_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False, index=True),
    Column("full_name", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("education", Text, nullable=False, comment="higher or secondary medical; empty = not on record"),
    Column("accreditation_until", Date, comment="end of the specialist certificate or accreditation"),
    Column("training_hours", Integer, nullable=False, comment="additional course for remote exams"),
    Column("training_at", Date),
    Column("federal_register_at", Date, comment="seen in the federal register of medical staff"),
    Column("certificate_pem", LargeBinary, nullable=False),
    Column("key_provider", Text, nullable=False, comment="software, gost or pkcs11"),
    Column("encrypted_key", LargeBinary, comment="keys of software and gost, see central.signature.software"),
    Column("token_label", Text, comment="PKCS#11: label of token and key"),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class MedicEntry:
    """One entry of the register of medics."""

    medic_id: str
    org: str
    full_name: str
    position: str
    education: str
    accreditation_until: date | None
    training_hours: int
    training_at: date | None
    federal_register_at: date | None
    certificate_pem: bytes
    key_provider: str
    encrypted_key: bytes | None
    token_label: str | None
    active: bool
    created_at: datetime
    updated_at: datetime


def add(connection: Connection, entry: MedicEntry) -> None:
    """Insert a medic."""
    connection.execute(medic.insert().values(**{name: getattr(entry, name) for name in MedicEntry.__slots__}))


def change(connection: Connection, medic_id: str, values: dict[str, Any]) -> bool:
    """Change an entry; False when there is none."""
    return connection.execute(update(medic).where(medic.c.medic_id == medic_id).values(**values)).rowcount == 1


def find(connection: Connection, medic_id: str) -> MedicEntry | None:
    """The entry with that id."""
    row = connection.execute(select(medic).where(medic.c.medic_id == medic_id)).one_or_none()
    return None if row is None else MedicEntry(*row)


def of_organisations(connection: Connection, orgs: tuple[str, ...]) -> list[MedicEntry]:
    """All medics of these organisations, by name."""
    query = select(medic).where(medic.c.org.in_(orgs)).order_by(medic.c.full_name)
    return [MedicEntry(*row) for row in connection.execute(query)]
