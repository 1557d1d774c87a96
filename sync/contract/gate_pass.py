"""The QR code by which a worker shows an admission at a gate: verified with the centre's public key alone, without a network.

`DPG1.<statement>.<centre's signature>.<seconds>.<phone's signature>`, all parts but the moment base64url. The centre signs
(Ed25519) what holds: who, at which employer, until when, and the public key of the phone's page. The page signs (ECDSA, P-256,
SHA-256) that with the present moment, anew each half minute. A picture of the screen is worth nothing after `FRESH_S`.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import Field, ValidationError

from sync.contract.canonical import canonical
from sync.contract.model import Id, ShortText, Utc, WireModel

PREFIX = "DPG1"
FRESH_S = 60
"""So old may the phone's moment be, in seconds."""
AHEAD_S = 30
"""So far may the phone's clock be ahead of the gate's."""
MOST_CHARS = 2000
_DOMAIN = b"dopusk gate pass/1\n"
_HALF = 32


class GateStatement(WireModel):
    """What the centre says of one admission. `key`: the phone's public key, P-256, compressed point, base64url."""

    person_id: Id
    """Random, once per centre; no number of anybody."""
    employer: ShortText
    name: ShortText = ""
    """Only where the centre is set up to say it."""
    decision_id: Id
    until: Utc
    made_at: Utc
    key: str = Field(pattern=r"^[A-Za-z0-9_-]{44}$")


@dataclass(frozen=True, slots=True)
class GateFault(Exception):
    """The code is not to be believed. `code`: `unreadable`, `not_the_centre`, `not_the_phone`, `over`, `stale`, `ahead`."""

    code: str


def statement_text(statement: GateStatement, key: Ed25519PrivateKey) -> str:
    """The first parts of the code: what the centre says, signed."""
    said = canonical(statement.model_dump(mode="json"))
    return f"{PREFIX}.{_coded(said)}.{_coded(key.sign(_DOMAIN + said))}"


def phone_key(raw: bytes) -> str:
    """A phone's public key (uncompressed point of 65 bytes) as a statement names it. Raises `ValueError` for anything else."""
    point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw).public_numbers()
    return _coded(bytes([2 + point.y % 2]) + point.x.to_bytes(_HALF, "big"))


def check_pass(text: str, centre_key: Ed25519PublicKey, now: datetime) -> GateStatement:
    """What the code says, if it holds now. Raises `GateFault`."""
    parts = text.strip().split(".")
    if (
        len(text) > MOST_CHARS
        or len(parts) != 5
        or parts[0] != PREFIX
        or not parts[3].isascii()
        or not parts[3].isdigit()
    ):
        raise GateFault("unreadable")
    said, centre, phone = (_plain(part) for part in (parts[1], parts[2], parts[4]))
    _verify("not_the_centre", lambda: centre_key.verify(centre, _DOMAIN + said))
    try:
        statement = GateStatement.model_validate(json.loads(said))
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _plain(statement.key))
        at = datetime.fromtimestamp(int(parts[3]), UTC)
    except (ValidationError, ValueError, OverflowError, OSError) as error:
        raise GateFault("unreadable") from error
    signed = ".".join(parts[:4]).encode("ascii", "replace")
    if len(phone) != 2 * _HALF:
        raise GateFault("not_the_phone")
    halves = int.from_bytes(phone[:_HALF], "big"), int.from_bytes(phone[_HALF:], "big")
    _verify("not_the_phone", lambda: key.verify(encode_dss_signature(*halves), signed, ECDSA(SHA256())))
    if now >= statement.until:
        raise GateFault("over")
    if at > now + timedelta(seconds=AHEAD_S):
        raise GateFault("ahead")
    if now - at > timedelta(seconds=FRESH_S):
        raise GateFault("stale")
    return statement


def _verify(code: str, check: Callable[[], None]) -> None:
    try:
        check()
    except (InvalidSignature, ValueError) as error:
        raise GateFault(code) from error


def _coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")


def _plain(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise GateFault("unreadable") from error
