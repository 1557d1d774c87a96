"""Certificates that medics offer from their workplaces, each with a proof that the key is there, until the register takes them."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from sqlalchemy import Column, Connection, ForeignKey, LargeBinary, Table, Text, select

from central.store.metadata import UtcDateTime, insert_for, metadata

medic_key_offer = Table(
    "medic_key_offer",
    metadata,
    Column("medic_id", ForeignKey("medic.medic_id"), primary_key=True),
    Column("certificate_pem", LargeBinary, nullable=False),
    Column("key_provider", Text, nullable=False, comment="workplace or plugin"),
    Column("offered_at", UtcDateTime, nullable=False),
    Column("account_id", Text, nullable=False, comment="in whose session the key was proved to be there"),
)


@dataclass(frozen=True, slots=True)
class KeyOffer:
    """One certificate that waits for the register."""

    medic_id: str
    certificate_pem: bytes
    key_provider: str
    offered_at: datetime
    account_id: str

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate."""
        return x509.load_pem_x509_certificate(self.certificate_pem)

    @property
    def owner(self) -> str:
        """Whom the authority gave it to, as people read it."""
        return _words(self.certificate.subject)

    @property
    def issuer(self) -> str:
        """Which authority gave it, as people read it."""
        return _words(self.certificate.issuer)

    @property
    def certificate_sha256(self) -> str:
        """Of the certificate (DER), hexadecimal."""
        return self.certificate.fingerprint(SHA256()).hex()


def _words(name: x509.Name) -> str:
    """Name, organisation and place; the rest is numbers."""
    wanted = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.LOCALITY_NAME)
    return ", ".join(str(item.value) for oid in wanted for item in name.get_attributes_for_oid(oid))


def put(connection: Connection, offer: KeyOffer) -> None:
    """Keep an offer in place of an earlier one of that medic."""
    values = {name: getattr(offer, name) for name in KeyOffer.__slots__}
    new = insert_for(connection, medic_key_offer).values(**values)
    changed = {name: value for name, value in values.items() if name != "medic_id"}
    connection.execute(new.on_conflict_do_update(index_elements=["medic_id"], set_=changed))


def find(connection: Connection, medic_id: str) -> KeyOffer | None:
    """The offer of that medic."""
    row = connection.execute(select(medic_key_offer).where(medic_key_offer.c.medic_id == medic_id)).one_or_none()
    return None if row is None else KeyOffer(*row)


def take(connection: Connection, medic_id: str) -> KeyOffer | None:
    """The offer, which is gone with that."""
    table = medic_key_offer
    gone = table.delete().where(table.c.medic_id == medic_id).returning(*table.c)
    row = connection.execute(gone).one_or_none()
    return None if row is None else KeyOffer(*row)
