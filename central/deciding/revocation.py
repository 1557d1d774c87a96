"""Revoking a signer's certificate: it signs nothing from that moment on, and what it has signed before stays valid.

The store says it first, in one transaction: from then on no signature is stored. Then the authority's list is made anew; should
the program end in between, `serve` completes the list within seconds (`complete`). Terminals are told of what the store says.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from cryptography.x509 import ReasonFlags
from sqlalchemy import Connection

from central.authority.pki import Authority, RevokedSigner
from central.store import certificates, medics, register_changes
from central.store.certificates import REVOKED, Certificate
from central.store.register_changes import Author

REASONS = MappingProxyType(
    {
        "key_compromise": ReasonFlags.key_compromise,
        "carrier_lost": ReasonFlags.key_compromise,
        "dismissed": ReasonFlags.affiliation_changed,
        "replaced": ReasonFlags.superseded,
        "not_needed": ReasonFlags.cessation_of_operation,
        "other": ReasonFlags.unspecified,
    }
)
"""Codes of reasons, and what the list says of each (RFC 5280, 5.3.1)."""
MOST_NOTE = 500


class AlreadyRevoked(ValueError):
    """It was revoked before, and stays as it was."""

    def __init__(self, one: Certificate) -> None:
        super().__init__(f"the certificate {one.serial} was revoked on {one.revoked_at:%Y-%m-%d %H:%M:%S} UTC already")
        self.certificate = one


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code of `REASONS`, and words."""

    code: str
    note: str = ""


def reason_of(typed: str) -> Reason:
    """A code, or the reason in words. Raises `ValueError` for nothing and for too much."""
    words = " ".join(typed.split())
    if not words:
        raise ValueError(f"say the reason: one of {', '.join(REASONS)}, or words")
    if len(words) > MOST_NOTE:
        raise ValueError(f"the reason is longer than {MOST_NOTE} characters")
    return Reason(words) if words in REASONS else Reason("other", words)


def serial_of(typed: str) -> str:
    """A serial number as it is stored. Takes what OpenSSL and other programs show. Raises `ValueError` for what is none."""
    digits = "".join(typed.split()).replace(":", "").lower().removeprefix("0x").lstrip("0")
    if not digits or set(digits) - set("0123456789abcdef"):
        raise ValueError(f"{typed} is no serial number such as 5f3a91; the list: dopusk central medic list")
    return digits


def named(connection: Connection, serial: str) -> Certificate:
    """The one certificate with that serial number. Raises `LookupError` for none, and for several, `ValueError` for no number."""
    found = certificates.of_serial(connection, serial_of(serial))
    if not found:
        raise LookupError(f"no medic has a certificate {serial}; the list: dopusk central medic list")
    if len(found) > 1:
        raise LookupError(f"{len(found)} authorities gave a certificate {serial}; revoke it on the console's page")
    return found[0]


def revoke(connection: Connection, certificate_id: str, reason: Reason, author: Author) -> Certificate:
    """Revoke in the store, in the caller's transaction; `complete` comes after it. Raises `LookupError`, `AlreadyRevoked`."""
    before = certificates.find(connection, certificate_id, to_change=True)
    if before is None:
        raise LookupError("no such certificate")
    if before.state == REVOKED:
        raise AlreadyRevoked(before)
    certificates.mark_revoked(
        connection, certificate_id, at=_whole_second(author.at), reason=reason.code, note=reason.note
    )
    after = certificates.find(connection, certificate_id)
    if after is None:
        raise LookupError("no such certificate")
    values = {"revoked_certificate": after.serial, "revocation_reason": reason.code, "revocation_note": reason.note}
    register_changes.note(connection, author, "medics", before.org, [(before.owner, {}, values)])
    return after


def _whole_second(at: datetime) -> datetime:
    """Lists know whole seconds. The next one: what was signed in this one was signed before."""
    return at.replace(microsecond=0) + timedelta(seconds=1)


def complete(connection: Connection, authority: Authority) -> int:
    """Put what the store says is revoked on the authority's own list, where it is not yet. Returns how many of them it is to list.

    Certificates of other authorities are on the lists of those.
    """
    own = authority.certificate.subject.rfc4514_string()
    ours = [one for one in certificates.revoked(connection) if one.issuer == own]
    signers = [
        RevokedSigner(one.serial, one.revoked_at, REASONS.get(one.reason or "", ReasonFlags.unspecified))
        for one in ours
        if one.revoked_at is not None
    ]
    authority.revoke_signers(signers)
    return len(signers)


def is_listed_elsewhere(one: Certificate, authority: Authority) -> bool:
    """Whether another authority gave it, and has to put it on its own list."""
    return one.issuer != authority.certificate.subject.rfc4514_string()


def may_sign(connection: Connection, medic_id: str, certificate_sha256: str) -> bool:
    """Whether the certificate is the medic's in the register, and good: its opened key is kept as long as that holds."""
    entry = medics.find(connection, medic_id)
    return entry is not None and entry.revoked_at is None and entry.certificate_id == certificate_sha256
