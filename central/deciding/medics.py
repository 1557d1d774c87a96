"""The register of medics: what must be in order before the console lets a medic sign (resolution 866, order 266n).

The organisation's licence comes first, then the medic's own papers, then the certificate.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection

from central.core.days import day_of
from central.core.text_cleaning import clean_line
from central.signature.gost import open_gost_key
from central.signature.provider import SigningRefused
from central.signature.software import SigningKey, encrypt_key, encrypt_pkcs8, open_key
from central.store import certificates, registry
from central.store import medics as store
from central.store.key_offers import KeyOffer
from central.store.medics import MedicEntry
from sync.contract.canonical import new_id

REMOTE_TRAINING_HOURS = 36
"""Least length of the additional course for remote exams, in hours."""


FRMR_VALID_DAYS = 30
"""How long an entry of the federal register counts after it was seen there, unless `[registers]` says otherwise."""
WARN_STALE_DAYS = 7
"""So long before that the console warns."""
CHANGED_MEANWHILE = frozenset({"certificate_revoked", "left_federal_register", "not_employed_here"})
"""Faults that come to pass under the hands of a medic who could sign when the session began."""


@dataclass(frozen=True, slots=True)
class Qualification:
    """A medic's papers as they stand in the register."""

    education: str
    accreditation_until: date | None
    training_hours: int
    training_at: date | None
    federal_register_at: date | None


@dataclass(frozen=True, slots=True)
class MedicPerson:
    """Who the medic is, for the federal register. The SNILS only as a keyed hash and sealed."""

    snils_hmac: str | None = None
    snils_sealed: bytes | None = field(default=None, repr=False)
    birth_date: date | None = None
    sex: str | None = None
    email: str | None = None
    frmr_id: str | None = None


def register_faults(
    entry: MedicEntry, organisation: Mapping[Any, Any] | None, at: datetime, *, frmr_valid_days: int = FRMR_VALID_DAYS
) -> list[str]:
    """Codes of what forbids signing at that moment, empty when all is in order.

    `organisation`: its row in the register. `no_licence`, `licence_expired`, `no_oid`, `inactive`, `no_snils`, `no_education`,
    `no_accreditation`, `accreditation_expired`, `training_short`, `not_in_federal_register`, `left_federal_register`,
    `not_employed_here` (the federal register knows of posts, and of none here that is in force), `register_stale`,
    `no_certificate`, `certificate_not_yet_valid`, `certificate_expired`, `certificate_revoked`.
    """
    today = day_of(at)
    licence = str(organisation["licence"]).strip() if organisation else ""
    licence_until = organisation["licence_until"] if organisation else None
    certificate = x509.load_pem_x509_certificate(entry.certificate_pem) if entry.certificate_pem else None
    checks = [
        ("no_licence", not licence),
        ("licence_expired", licence_until is not None and licence_until < today),
        ("no_oid", not (organisation and organisation["oid"])),
        ("inactive", not entry.active),
        ("no_snils", entry.snils_hmac is None),
        ("no_education", not entry.education.strip()),
        ("no_accreditation", entry.accreditation_until is None),
        ("accreditation_expired", entry.accreditation_until is not None and entry.accreditation_until < today),
        ("training_short", entry.training_hours < REMOTE_TRAINING_HOURS or entry.training_at is None),
        ("not_in_federal_register", entry.seen_at is None),
        ("left_federal_register", _has_left(entry, today)),
        ("not_employed_here", _is_employed_elsewhere(entry, organisation, today)),
        ("register_stale", entry.seen_at is not None and _days_left(entry, today, frmr_valid_days) < 0),
        ("no_certificate", certificate is None),
        ("certificate_not_yet_valid", certificate is not None and certificate.not_valid_before_utc > at),
        ("certificate_expired", certificate is not None and certificate.not_valid_after_utc < at),
        # From the transaction on that revokes it, whatever the clock of another process says.
        ("certificate_revoked", entry.revoked_at is not None),
    ]
    return [code for code, failed in checks if failed]


def register_warnings(entry: MedicEntry, at: datetime, *, frmr_valid_days: int = FRMR_VALID_DAYS) -> dict[str, int]:
    """What will forbid signing soon, with the days that are left: `register_stale`."""
    if entry.seen_at is None:
        return {}
    left = _days_left(entry, day_of(at), frmr_valid_days)
    return {"register_stale": left} if 0 <= left < WARN_STALE_DAYS else {}


def _has_left(entry: MedicEntry, today: date) -> bool:
    """Whether the federal register no longer names the medic, and nobody has seen the entry there since."""
    left = entry.left_frmr_at
    return left is not None and left <= today and (entry.seen_at is None or entry.seen_at <= left)


def _days_left(entry: MedicEntry, today: date, valid_days: int) -> int:
    return valid_days - (today - (entry.seen_at or today)).days


def _is_employed_elsewhere(entry: MedicEntry, organisation: Mapping[Any, Any] | None, today: date) -> bool:
    """Whether posts are known, and none of them is one in this organisation on that day."""
    oid = organisation["oid"] if organisation else None
    here = any(post.org_oid == oid and post.is_in_force(today) for post in entry.employments)
    return bool(entry.employments) and bool(oid) and not here


def seal_key(
    certificate: x509.Certificate, passphrase: str, *, key: SigningKey | None = None, gost_key_pem: bytes | None = None
) -> bytes:
    """A medic's software key under the passphrase, opened once to see that it is the certificate's. Slow on purpose: never
    inside a transaction.

    Raises `ValueError` for a short passphrase and `SigningRefused` when key and certificate do not belong together.
    """
    certificate_pem = certificate.public_bytes(Encoding.PEM)
    if key is not None:
        encrypted = encrypt_key(key, passphrase)
        open_key(certificate_pem, encrypted, passphrase).close()
    elif gost_key_pem is not None:
        encrypted = encrypt_pkcs8(gost_key_pem, passphrase)
        open_gost_key(certificate_pem, encrypted, passphrase).close()
    else:
        raise ValueError("there is no key to be sealed")
    return encrypted


def add_medic(
    connection: Connection,
    *,
    org: str,
    full_name: str,
    position: str,
    qualification: Qualification,
    certificate: x509.Certificate,
    key: SigningKey | None,
    passphrase: str,
    now: datetime,
    medic_id: str | None = None,
    token_label: str | None = None,
    gost_key_pem: bytes | None = None,
    encrypted_key: bytes | None = None,
    person: MedicPerson | None = None,
) -> str:
    """Enter a medic with a software key, with one of ГОСТ in PKCS#8, or whose key is on the token `token_label`.

    `encrypted_key` is what `seal_key` gave, where others wait for the transaction's end.

    Returns `medic_id`.

    Raises `ValueError` for a short passphrase, `LookupError` for an unknown organisation, `SigningRefused` when key and
    certificate do not belong together.
    """
    if registry.get_organisation(connection, org) is None:
        raise LookupError(f"organisation {org!r} is not registered")
    certificate_pem = certificate.public_bytes(Encoding.PEM)
    encrypted = encrypted_key
    if encrypted is None and (key is not None or gost_key_pem is not None):
        encrypted = seal_key(certificate, passphrase, key=key, gost_key_pem=gost_key_pem)
    if encrypted is None and not token_label:
        raise ValueError("a medic without a software key needs the label of a token")
    entry = MedicEntry(
        medic_id=medic_id or new_id(),
        org=org,
        full_name=clean_line(full_name),
        position=clean_line(position),
        education=qualification.education,
        accreditation_until=qualification.accreditation_until,
        training_hours=qualification.training_hours,
        training_at=qualification.training_at,
        federal_register_at=qualification.federal_register_at,
        certificate_pem=certificate_pem,
        key_provider="software" if key is not None else "gost" if gost_key_pem is not None else "pkcs11",
        encrypted_key=encrypted,
        token_label=token_label,
        active=True,
        created_at=now,
        updated_at=now,
        **asdict(person or MedicPerson()),
    )
    store.add(connection, entry)
    return entry.medic_id


def replace_key(
    connection: Connection,
    medic_id: str,
    certificate: x509.Certificate,
    key: SigningKey | None,
    passphrase: str,
    token_label: str,
    now: datetime,
    encrypted_key: bytes | None = None,
) -> dict[str, Any]:
    """Give a medic another key and certificate; returns the columns as they are now. Signatures made before stay as they
    are: each carries its own certificate. Raises as `add_medic` does.
    """
    certificate_pem = certificate.public_bytes(Encoding.PEM)
    encrypted = encrypted_key
    if encrypted is None and key is not None:
        encrypted = seal_key(certificate, passphrase, key=key)
    values: dict[str, Any] = {
        "certificate_pem": certificate_pem,
        "key_provider": "software" if key is not None else "pkcs11",
        "encrypted_key": encrypted,
        "token_label": None if key is not None else token_label,
    }
    entry = store.find(connection, medic_id)
    if entry is None:
        raise LookupError("no such medic")
    provider = values["key_provider"]
    certificate_id = certificates.enter(
        connection, certificate_pem, owner=medic_id, org=entry.org, key_provider=provider, now=now
    )
    store.change(connection, medic_id, values | {"certificate_id": certificate_id, "updated_at": now})
    return values


def take_offered_key(connection: Connection, entry: MedicEntry, offer: KeyOffer, now: datetime) -> dict[str, Any]:
    """Enter the certificate that a medic has offered, in place of the key she had; returns the columns as they are now."""
    values: dict[str, Any] = {
        "certificate_pem": offer.certificate_pem,
        "key_provider": offer.key_provider,
        "encrypted_key": None,
        "token_label": None,
    }
    certificate_id = certificates.enter(
        connection,
        offer.certificate_pem,
        owner=entry.medic_id,
        org=entry.org,
        key_provider=offer.key_provider,
        now=now,
    )
    store.change(connection, entry.medic_id, values | {"certificate_id": certificate_id, "updated_at": now})
    return values


def check_register(
    connection: Connection,
    medic_id: str | None,
    at: datetime,
    *,
    signed_by: x509.Certificate | None = None,
    frmr_valid_days: int = FRMR_VALID_DAYS,
) -> MedicEntry:
    """The medic's entry, when it allows signing. Raises `RegisterFault`.

    `signed_by`: of a signature that is about to be stored in this transaction. Its certificate must be the one in the register
    still, and is not revoked before the transaction ends.
    """
    if signed_by is not None:
        certificates.keep(connection, signed_by.fingerprint(SHA256()).hex())
    entry = store.find(connection, medic_id) if medic_id else None
    if entry is None:
        raise RegisterFault(["not_registered"])
    organisation = registry.get_organisation(connection, entry.org)
    faults = register_faults(entry, organisation, at, frmr_valid_days=frmr_valid_days)
    if faults:
        raise RegisterFault(faults)
    if signed_by is not None and x509.load_pem_x509_certificate(entry.certificate_pem) != signed_by:
        raise SigningRefused("wrong_certificate", "the register names another certificate now; open the key again")
    return entry


class RegisterFault(SigningRefused):
    """The register does not let this medic sign. `faults` are the codes of `register_faults`."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("register", "the register of medics forbids signing: " + ", ".join(faults))
        self.faults = faults
