"""One form of bytes for one value: canonical JSON (RFC 8785), its SHA-256, and ids that sort by time (UUIDv7, RFC 9562)."""

import hashlib
from typing import Any

import rfc8785
import uuid_utils

GENESIS_HASH = "0" * 64
"""What the first link of a chain names as the one before it."""


def canonical(value: Any) -> bytes:
    """Canonical JSON of plain values. Raises `ValueError` for what has no canonical form (NaN, integers beyond 2^53)."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def new_id() -> str:
    """A fresh UUIDv7 as text: unique everywhere and ordered by creation within one clock."""
    return str(uuid_utils.uuid7())
