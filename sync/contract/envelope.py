"""The envelope of every message: who, when, in which order, signed with Ed25519 over its canonical form.

Wire form: canonical JSON of the envelope's fields plus `signature` (base64). The signature covers the canonical JSON
without `signature`; the hash that the next message names covers the whole, signature included.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError

from sync.contract.canonical import MAX_DEPTH, canonical, parse_canonical, sha256_hex
from sync.contract.model import Id, Name, Sha256, ShortText, Utc, WireModel

MAX_MESSAGE_BYTES = 512 * 1024
_AFTER_SIGNATURE = b'"terminal_id":'
"""The member of an envelope that follows `signature` in canonical order, and the last one of all."""


class ContractError(Exception):
    """A message that must not be taken. `code` is one of the words counted by the metrics.

    `facts` are what the message says, for whoever says it in other words: `form` where a code has several meanings.
    """

    def __init__(self, code: str, message: str, **facts: str) -> None:
        super().__init__(message)
        self.code = code
        self.facts = facts


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
    signed = canonical(envelope.model_dump(mode="json", by_alias=True))
    place = signed.rindex(_AFTER_SIGNATURE)
    wire = signed[:place] + _signature_member(base64.b64encode(key.sign(signed))) + signed[place:]
    return Sealed(wire, sha256_hex(wire))


class Unverified(NamedTuple):
    """A message in good form that nobody has vouched for yet: its envelope, its signed fields and bytes, its signature."""

    envelope: Envelope
    fields: dict[str, Any]
    signed: bytes
    signature: bytes


def read_unverified(wire: bytes) -> Unverified:
    """Parse a message without trusting it.

    Raises `ContractError`: `oversized`, `malformed` (no JSON, too deep, not canonical, fields missing or of a wrong type).
    """
    if len(wire) > MAX_MESSAGE_BYTES:
        raise ContractError(
            "oversized",
            f"{len(wire)} bytes, at most {MAX_MESSAGE_BYTES} are taken",
            size=str(len(wire)),
            most=str(MAX_MESSAGE_BYTES),
        )
    try:
        fields = parse_canonical(wire)
        if not isinstance(fields, dict):
            raise ContractError("malformed", f"not a JSON object of at most {MAX_DEPTH} levels", form="no_object")
        text = str(fields.pop("signature", ""))
        signature = base64.b64decode(text, validate=True)
        return Unverified(Envelope.model_validate(fields), fields, _signed(wire, text, fields), signature)
    except (ValueError, RecursionError, binascii.Error) as error:
        if isinstance(error, ValidationError):
            fault = error.errors()[0]
            reason, facts = fault["msg"], {"form": "field", "place": _place(fault["loc"]), "rule": fault["type"]}
        else:
            reason, facts = str(error), {"form": "not_canonical"}
        raise ContractError("malformed", f"message cannot be read: {reason}", **facts) from error


def open_sealed(wire: bytes, key: Ed25519PublicKey) -> Envelope:
    """Parse a message and check its signature. Raises `ContractError`, `wrong_signature` among its codes."""
    message = read_unverified(wire)
    check_signature(message, key)
    return message.envelope


def check_signature(message: Unverified, key: Ed25519PublicKey) -> None:
    """Check the signature of a message over its signed bytes. Raises `ContractError` (`wrong_signature`)."""
    try:
        key.verify(message.signature, message.signed)
    except InvalidSignature as error:
        raise ContractError("wrong_signature", "the signature is not the sender's over these bytes") from error


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in parts)


def _signed(wire: bytes, signature: str, fields: dict[str, Any]) -> bytes:
    """The bytes that were signed: those of the wire without the signature, which need not be written once more.

    Where the same member stands in the message twice, the fields decide and not their place.
    """
    member = _signature_member(signature.encode())
    return wire.replace(member, b"") if wire.count(member) == 1 else canonical(fields)


def _signature_member(text: bytes) -> bytes:
    return b'"signature":"%s",' % text
