"""The table of medics: the register entry that must be valid before anything is signed, certificate and software key."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    select,
    update,
)

from central.store import certificates
from central.store.certificates import certificate
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
    Column("key_provider", Text, nullable=False, comment="software, gost, pkcs11, workplace or plugin"),
    Column("encrypted_key", LargeBinary, comment="keys of software and gost, see central.signature.software"),
    Column("token_label", Text, comment="PKCS#11: label of token and key"),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("certificate_id", Text, comment="SHA-256 of the certificate in use"),
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
    certificate_id: str | None = None
    revoked_at: datetime | None = None
    """Since when the certificate in use is revoked, by the table of certificates."""


_OWN = tuple(name for name in MedicEntry.__slots__ if name != "revoked_at")


def add(connection: Connection, entry: MedicEntry) -> None:
    """Insert a medic, and the certificate into its table. Raises `ValueError` for one that is somebody else's or revoked."""
    certificate_id = certificates.enter(
        connection,
        entry.certificate_pem,
        owner=entry.medic_id,
        org=entry.org,
        key_provider=entry.key_provider,
        now=entry.created_at,
    )
    values = {name: getattr(entry, name) for name in _OWN} | {"certificate_id": certificate_id}
    connection.execute(medic.insert().values(**values))


def change(connection: Connection, medic_id: str, values: dict[str, Any]) -> bool:
    """Change an entry; False when there is none."""
    return connection.execute(update(medic).where(medic.c.medic_id == medic_id).values(**values)).rowcount == 1


def find(connection: Connection, medic_id: str) -> MedicEntry | None:
    """The entry with that id."""
    row = connection.execute(_entries().where(medic.c.medic_id == medic_id)).one_or_none()
    return None if row is None else MedicEntry(*row)


def of_organisations(connection: Connection, orgs: tuple[str, ...]) -> list[MedicEntry]:
    """All medics of these organisations, by name."""
    query = _entries().where(medic.c.org.in_(orgs)).order_by(medic.c.full_name)
    return [MedicEntry(*row) for row in connection.execute(query)]


def _entries() -> Select[Any]:
    columns = [medic.c[name] for name in _OWN]
    own = certificate.c.certificate_id == medic.c.certificate_id
    return select(*columns, certificate.c.revoked_at).select_from(medic.outerjoin(certificate, own))
