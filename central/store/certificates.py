"""Certificates of signers: whose, from when until when, whether still good, since when and why not, and what became of each."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Column, Connection, ForeignKey, Integer, RowMapping, Table, Text, func, select, update
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, insert_for, metadata
from sync.contract.canonical import new_id

VALID, REPLACED, REVOKED = "valid", "replaced", "revoked"
MEDIC = "medic"

certificate = Table(
    "certificate",
    metadata,
    Column("certificate_id", Text, primary_key=True, comment="SHA-256 of the certificate (DER), hexadecimal"),
    Column("serial", Text, nullable=False, index=True, comment="hexadecimal, as its authority gave it"),
    Column("issuer", Text, nullable=False, comment="the authority's name (RFC 4514)"),
    Column("kind", Text, nullable=False, comment="of whom: medic"),
    Column("owner", Text, nullable=False, index=True, comment="of a medic: the entry in the register"),
    Column("org", ForeignKey("organisation.org"), nullable=False, index=True),
    Column(
        "key_provider",
        Text,
        nullable=False,
        comment="where the key is: software, gost, pkcs11, workplace or plugin",
    ),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, comment="when it was entered here"),
    Column("state", Text, nullable=False, comment="valid, replaced or revoked"),
    Column("revoked_at", UtcDateTime, comment="a whole second, as lists have it"),
    Column("reason", Text, comment="code of the reason, see central.deciding.revocation"),
    Column("note", Text, comment="the reason in words"),
)
"""Certificates of signers: one that is revoked signs nothing more, what it has signed before stays valid."""

MUTABLE = frozenset({"state", "revoked_at", "reason", "note"})
"""What may change. It always equals the newest row of the history, which is sealed: `verify` compares the two."""

certificate_event = Table(
    "certificate_event",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("certificate_id", ForeignKey("certificate.certificate_id"), nullable=False),
    Column("event_no", Integer, nullable=False, comment="1 and up for each certificate"),
    Column("state", Text, nullable=False, comment="valid, replaced or revoked, from now on"),
    Column("revoked_at", UtcDateTime),
    Column("reason", Text),
    Column("note", Text),
    UniqueConstraint("certificate_id", "event_no"),
)
"""What became of each certificate, row by row. Never changed."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of a signer."""

    certificate_id: str
    serial: str
    issuer: str
    kind: str
    owner: str
    org: str
    key_provider: str
    valid_from: datetime
    valid_until: datetime
    created_at: datetime
    state: str
    revoked_at: datetime | None
    reason: str | None
    note: str | None

    @property
    def is_key_here(self) -> bool:
        """Whether the key lies at the centre, under the medic's passphrase."""
        return self.key_provider in {"software", "gost"}


def id_of(certificate_pem: bytes) -> str:
    """SHA-256 of the certificate. Raises `ValueError` for what is none."""
    return sha256(x509.load_pem_x509_certificate(certificate_pem).public_bytes(Encoding.DER)).hexdigest()


def columns_of(certificate_pem: bytes) -> dict[str, Any]:
    """What the table keeps of the certificate itself."""
    read = x509.load_pem_x509_certificate(certificate_pem)
    return {
        "certificate_id": sha256(read.public_bytes(Encoding.DER)).hexdigest(),
        "serial": f"{read.serial_number:x}",
        "issuer": read.issuer.rfc4514_string(),
        "valid_from": read.not_valid_before_utc,
        "valid_until": read.not_valid_after_utc,
    }


def enter(
    connection: Connection, certificate_pem: bytes, *, owner: str, org: str, key_provider: str, now: datetime
) -> str:
    """Enter a medic's certificate as the one in use; those that the medic had before are `replaced`. Returns its id.

    Raises `ValueError` for one that is somebody else's or revoked.
    """
    columns = columns_of(certificate_pem)
    known = find(connection, columns["certificate_id"])
    if known is not None and known.owner != owner:
        raise ValueError("the certificate is another medic's")
    if known is not None and known.state == REVOKED:
        raise ValueError(f"the certificate {known.serial} is revoked; a revoked certificate does not come back")
    others = update(certificate).where(
        certificate.c.owner == owner,
        certificate.c.state == VALID,
        certificate.c.certificate_id != columns["certificate_id"],
    )
    replaced = connection.execute(others.values(state=REPLACED).returning(certificate.c.certificate_id)).scalars().all()
    values = columns | {"kind": MEDIC, "owner": owner, "org": org, "key_provider": key_provider, "created_at": now}
    new = insert_for(connection, certificate).values(state=VALID, **values)
    connection.execute(new.on_conflict_do_update(index_elements=["certificate_id"], set_={"state": VALID}))
    fresh = [] if known is not None and known.state == VALID else [str(columns["certificate_id"])]
    for certificate_id in (*replaced, *fresh):
        _note_state(connection, certificate_id)
    return str(columns["certificate_id"])


def find(connection: Connection, certificate_id: str, *, to_change: bool = False) -> Certificate | None:
    """The certificate with that id. `to_change` holds its row until the transaction ends."""
    query = select(certificate).where(certificate.c.certificate_id == certificate_id)
    row = connection.execute(query.with_for_update() if to_change else query).one_or_none()
    return None if row is None else Certificate(*row)


def keep(connection: Connection, certificate_id: str) -> None:
    """Let nobody revoke it before this transaction ends: what rests on it is stored before, or not at all."""
    query = select(certificate.c.state).where(certificate.c.certificate_id == certificate_id)
    connection.execute(query.with_for_update(read=True))


def of_serial(connection: Connection, serial: str) -> list[Certificate]:
    """Certificates with that serial number; of several authorities there may be several."""
    return _found(connection, certificate.c.serial == serial)


def of_organisations(connection: Connection, orgs: tuple[str, ...]) -> list[Certificate]:
    """Those of medics of these organisations; what ends next comes first."""
    return _found(connection, certificate.c.org.in_(orgs))


def of_owner(connection: Connection, owner: str) -> list[Certificate]:
    """Those of one medic."""
    return _found(connection, certificate.c.owner == owner)


def revoked(connection: Connection) -> list[Certificate]:
    """All that are revoked."""
    return _found(connection, certificate.c.state == REVOKED)


def mark_revoked(connection: Connection, certificate_id: str, *, at: datetime, reason: str, note: str) -> None:
    """It signs nothing from now on."""
    values = {"state": REVOKED, "revoked_at": at, "reason": reason, "note": note}
    connection.execute(update(certificate).where(certificate.c.certificate_id == certificate_id).values(**values))
    _note_state(connection, certificate_id)


def _note_state(connection: Connection, certificate_id: str) -> None:
    """Write what it is now into its history."""
    of_it = certificate_event.c.certificate_id == certificate_id
    number = connection.execute(
        select(func.coalesce(func.max(certificate_event.c.event_no), 0)).where(of_it)
    ).scalar_one()
    now = [certificate.c[name] for name in sorted(MUTABLE)]
    row = connection.execute(select(*now).where(certificate.c.certificate_id == certificate_id)).mappings().one()
    keys = {"event_id": new_id(), "certificate_id": certificate_id, "event_no": number + 1}
    connection.execute(certificate_event.insert().values(**keys, **row))


def newest_event(connection: Connection, certificate_id: str) -> RowMapping | None:
    """The newest row of its history."""
    query = select(certificate_event).where(certificate_event.c.certificate_id == certificate_id)
    return connection.execute(query.order_by(certificate_event.c.event_no.desc()).limit(1)).mappings().one_or_none()


def valid(connection: Connection) -> list[Certificate]:
    """All that are in use."""
    return _found(connection, certificate.c.state == VALID)


def _found(connection: Connection, condition: Any) -> list[Certificate]:
    query = select(certificate).where(condition).order_by(certificate.c.valid_until, certificate.c.certificate_id)
    return [Certificate(*row) for row in connection.execute(query)]
