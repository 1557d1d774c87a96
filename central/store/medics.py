"""The table of medics: the register entry that must be valid before anything is signed, certificate and software key."""

from dataclasses import dataclass, field, replace
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

from central.store import certificates, medic_records
from central.store.certificates import certificate
from central.store.medic_records import Employment
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
    Column("snils_hmac", Text, index=True, comment="keyed hash; the number itself is in snils_sealed"),
    Column("snils_sealed", LargeBinary, comment="AES-256-GCM: 12 bytes of nonce, ciphertext, tag"),
    Column("birth_date", Date),
    Column("sex", Text, comment="male or female"),
    Column("email", Text),
    Column("frmr_id", Text, comment="number of the entry in the federal register of medical staff (ФРМР)"),
    Column("frmr_checked_at", Date, comment="day when the entry was last seen there"),
    Column("frmr_source", Text, comment="form, file or the mapping that read it"),
    Column("left_frmr_at", Date, comment="since when the federal register no longer names the medic"),
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
    snils_hmac: str | None = None
    snils_sealed: bytes | None = field(default=None, repr=False)
    birth_date: date | None = None
    sex: str | None = None
    email: str | None = None
    frmr_id: str | None = None
    frmr_checked_at: date | None = None
    frmr_source: str | None = None
    left_frmr_at: date | None = None
    revoked_at: datetime | None = None
    """Since when the certificate in use is revoked, by the table of certificates."""
    employments: tuple[Employment, ...] = ()
    """What the federal register says of posts, in force or not; empty where nothing is known of any."""

    @property
    def seen_at(self) -> date | None:
        """Day when the entry was last seen in the federal register, by whatever way."""
        days = [day for day in (self.frmr_checked_at, self.federal_register_at) if day is not None]
        return max(days, default=None)


_OWN = tuple(name for name in MedicEntry.__slots__ if name not in {"revoked_at", "employments"})


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
    _insert(connection, replace(entry, certificate_id=certificate_id))


def add_without_key(connection: Connection, entry: MedicEntry) -> None:
    """Insert a medic of whom the federal register says, and who has no key here yet: signs nothing before there is one."""
    _insert(connection, entry)


def _insert(connection: Connection, entry: MedicEntry) -> None:
    connection.execute(medic.insert().values(**{name: getattr(entry, name) for name in _OWN}))


def change(connection: Connection, medic_id: str, values: dict[str, Any]) -> bool:
    """Change an entry; False when there is none."""
    return connection.execute(update(medic).where(medic.c.medic_id == medic_id).values(**values)).rowcount == 1


def find(connection: Connection, medic_id: str) -> MedicEntry | None:
    """The entry with that id."""
    return next(iter(_read(connection, _entries().where(medic.c.medic_id == medic_id))), None)


def of_organisations(connection: Connection, orgs: tuple[str, ...]) -> list[MedicEntry]:
    """All medics of these organisations, by name."""
    return _read(connection, _entries().where(medic.c.org.in_(orgs)).order_by(medic.c.full_name))


def _read(connection: Connection, query: Select[Any]) -> list[MedicEntry]:
    rows = connection.execute(query).mappings().all()
    known = medic_records.employments(connection, [row["medic_id"] for row in rows])
    return [MedicEntry(**row, employments=known.get(row["medic_id"], ())) for row in rows]


def _entries() -> Select[Any]:
    columns = [medic.c[name] for name in _OWN]
    own = certificate.c.certificate_id == medic.c.certificate_id
    return select(*columns, certificate.c.revoked_at).select_from(medic.outerjoin(certificate, own))
