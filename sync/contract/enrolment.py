"""Enrolment of a terminal over HTTP: a one-time code proves both sides to each other and never travels itself.

The code is read to the installer by whoever registered the terminal. Its first group names it, the rest is the key of an
HMAC over the request and over the answer, so neither a listener nor a stranger in the middle gains anything, even where
no HTTPS is set up yet. Paths: `POST /enrol` (`EnrolRequest` → `EnrolAnswer`), `POST /renew` (`RenewRequest` → `RenewAnswer`).
"""

import hashlib
import hmac
import re
import secrets
from typing import Annotated, Any

from pydantic import Field

from sync.contract.canonical import canonical
from sync.contract.model import Name, Sha256, ShortText, Utc, WireModel

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs that are not taken for one another."""
_GROUP = 4
_GROUPS = 5

Pem = Annotated[str, Field(max_length=8000)]


class EnrolRequest(WireModel):
    """What a terminal sends: a certificate request (PKCS #10, PEM), its Ed25519 key, and proofs of both secrets."""

    code_id: Annotated[str, Field(pattern=r"^[2-9A-HJ-NP-Z]{4}$")]
    csr_pem: Pem
    public_key: ShortText
    """Raw Ed25519 public key, base64."""
    proof: ShortText
    """Base64 of the Ed25519 signature over the bytes of `csr_pem`."""
    mac: Sha256


class EnrolAnswer(WireModel):
    """What the terminal needs to live. `centre_key` is the raw Ed25519 public key of the centre, base64."""

    terminal_id: Name
    org: Name
    generation: ShortText
    certificate_pem: Pem
    ca_pem: Pem
    mqtt_host: ShortText
    mqtt_port: int = Field(ge=1, le=65535)
    centre_key: ShortText
    valid_until: Utc
    mac: Sha256


class RenewRequest(WireModel):
    """A new certificate request of an enrolled terminal, signed with the Ed25519 key that the centre knows."""

    terminal_id: Name
    csr_pem: Pem
    signature: ShortText
    """Base64 of the Ed25519 signature over the bytes of `csr_pem`."""


class RenewAnswer(WireModel):
    """The new certificate; the terminal checks it against the authority that it has pinned."""

    certificate_pem: Pem
    ca_pem: Pem
    valid_until: Utc


def new_code() -> str:
    """A fresh code: 20 signs in five groups, 80 bits of them secret."""
    signs = "".join(secrets.choice(CODE_ALPHABET) for _ in range(_GROUP * _GROUPS))
    return "-".join(signs[start : start + _GROUP] for start in range(0, len(signs), _GROUP))


def split_code(code: str) -> tuple[str, bytes]:
    """Id and key of a code as somebody typed it. Raises `ValueError` when it cannot be one."""
    signs = re.sub(r"[\s\-]", "", code).upper()
    if len(signs) != _GROUP * _GROUPS or not set(signs) <= set(CODE_ALPHABET):
        raise ValueError("an enrolment code has five groups of four signs, without 0, 1, I and O")
    return signs[:_GROUP], hashlib.sha256(signs.encode("ascii")).digest()


def mac_of(fields: dict[str, Any], key: bytes) -> str:
    """HMAC-SHA-256 over the canonical JSON of all fields but `mac`, hexadecimal."""
    body = {name: value for name, value in fields.items() if name != "mac"}
    return hmac.new(key, canonical(body), hashlib.sha256).hexdigest()


def mac_is_right(fields: dict[str, Any], key: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(str(fields.get("mac", "")), mac_of(fields, key))
