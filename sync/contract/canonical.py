"""One form of bytes for one value: canonical JSON (RFC 8785), its SHA-256, and ids that sort by time (UUIDv7, RFC 9562)."""

import hashlib
import json
from typing import Any

import rfc8785
import uuid_utils

GENESIS_HASH = "0" * 64
"""What the first link of a chain names as the one before it."""

_FOUR_BYTE_LEADS = (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4")
_SAFE_DIGITS = 15
"""Every integer of so many digits is below 2^53."""


class _NotPlain(Exception):
    """The value has something that the interpreter's own JSON may write otherwise than the RFC."""


def canonical(value: Any) -> bytes:
    """Canonical JSON of plain values. Raises `ValueError` for what has no canonical form (NaN, integers beyond 2^53)."""
    try:
        plain = _load_plain(_dump(value))
        if plain == value:
            return _dump(plain)
    except (_NotPlain, TypeError, ValueError):
        pass  # the reference implementation below decides, and says what is wrong
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error


def parse_canonical(wire: bytes) -> Any:
    """The value of canonical JSON bytes. Raises `ValueError` for bytes that are not the canonical form of their value."""
    try:
        value = _load_plain(wire)
        if _dump(value) == wire:
            return value
    except _NotPlain:
        pass
    value = json.loads(wire)
    if canonical(value) != wire:
        raise ValueError("not canonical JSON")
    return value


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def new_id() -> str:
    """A fresh UUIDv7 as text: unique everywhere and ordered by creation within one clock."""
    return str(uuid_utils.uuid7())


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


def _load_plain(wire: bytes) -> Any:
    """Parse JSON into a value that `_dump` writes as the RFC does; raises `_NotPlain` where that is not certain.

    The two differ in numbers with an exponent, in integers beyond 2^53, and in the order of keys outside the Basic
    Multilingual Plane, whose UTF-8 begins with a byte from F0 on. A zero fraction becomes an integer.
    """
    if any(lead in wire for lead in _FOUR_BYTE_LEADS):
        raise _NotPlain
    return json.loads(wire, parse_float=_plain_float, parse_int=_plain_int)


def _plain_float(token: str) -> float | int:
    if "e" in token or "E" in token:
        raise _NotPlain
    if token.endswith(".0"):
        return _plain_int(token[:-2])
    return float(token)


def _plain_int(token: str) -> int:
    if len(token) > _SAFE_DIGITS:
        raise _NotPlain
    return int(token)
