"""The envelope of every message: who, when, in which order, signed with Ed25519 over its canonical form.

Wire form: canonical JSON of the envelope's fields plus `signature` (base64). The signature covers the canonical JSON
without `signature`; the hash that the next message names covers the whole, signature included.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError

from sync.contract.canonical import canonical, parse_canonical, sha256_hex
from sync.contract.model import Id, Name, Sha256, ShortText, Utc, WireModel

MAX_MESSAGE_BYTES = 512 * 1024
MAX_DEPTH = 32


class ContractError(Exception):
    """A message that must not be taken. `code` is one of the words counted by the metrics."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ClockStamp(WireModel):
    """How far the sender trusts its wall clock, and the clock that cannot jump."""

    trusted: bool
    boot_id: ShortText
    monotonic_s: float = Field(ge=0)


class Envelope(WireModel):
    """What every message carries. `seq` is gapless per sender and terminal; `prev_hash` names the message before it."""

    message_id: Id
    schema_: ShortText = Field(alias="schema")
    terminal_id: Name
    seq: int = Field(ge=1)
    prev_hash: Sha256
    created_at: Utc
    clock: ClockStamp
    generation: Literal["real", "demo", "test"]
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed message as it travels: exact bytes, and their hash for the chain."""

    wire: bytes
    sha256: str


def seal(envelope: Envelope, key: Ed25519PrivateKey) -> Sealed:
    """Sign and write an envelope."""
    fields = envelope.model_dump(mode="json", by_alias=True)
    signature = base64.b64encode(key.sign(canonical(fields))).decode("ascii")
    wire = canonical(fields | {"signature": signature})
    return Sealed(wire, sha256_hex(wire))


def read_unverified(wire: bytes) -> tuple[Envelope, dict[str, Any], bytes]:
    """Parse a message without trusting it: envelope, signed fields, signature.

    Raises `ContractError`: `oversized`, `malformed` (no JSON, too deep, not canonical, fields missing or of a wrong type).
    """
    if len(wire) > MAX_MESSAGE_BYTES:
        raise ContractError("oversized", f"{len(wire)} bytes, at most {MAX_MESSAGE_BYTES} are taken")
    try:
        fields = parse_canonical(wire)
        if not isinstance(fields, dict) or _is_too_deep(fields):
            raise ContractError("malformed", f"not a JSON object of at most {MAX_DEPTH} levels")
        signature = base64.b64decode(str(fields.pop("signature", "")), validate=True)
        return Envelope.model_validate(fields), fields, signature
    except (ValueError, RecursionError, binascii.Error) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ContractError("malformed", f"message cannot be read: {reason}") from error


def open_sealed(wire: bytes, key: Ed25519PublicKey) -> Envelope:
    """Parse a message and check its signature. Raises `ContractError`, `wrong_signature` among its codes."""
    envelope, fields, signature = read_unverified(wire)
    check_signature(fields, signature, key)
    return envelope


def check_signature(fields: dict[str, Any], signature: bytes, key: Ed25519PublicKey) -> None:
    """Check the signature over the signed fields of a message. Raises `ContractError` (`wrong_signature`)."""
    try:
        key.verify(signature, canonical(fields))
    except InvalidSignature as error:
        raise ContractError("wrong_signature", "the signature is not the sender's over these bytes") from error


def _is_too_deep(value: Any) -> bool:
    """Whether values are nested beyond `MAX_DEPTH`; level by level, so that a hostile message cannot exhaust the stack."""
    level = [value]
    for _ in range(MAX_DEPTH):
        children = [item.values() if isinstance(item, dict) else item for item in level]
        level = [child for items in children for child in items if isinstance(child, dict | list)]
        if not level:
            return False
    return True
