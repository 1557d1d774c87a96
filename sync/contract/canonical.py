"""One form of bytes for one value: canonical JSON (RFC 8785), its SHA-256, and ids that sort by time (UUIDv7, RFC 9562).

Every message is read and written in this form several times on its way, so it is made by a fast writer where that writer
is known to agree with the RFC, and by the reference implementation wherever there is doubt.
"""

import hashlib
import json
from typing import Any

import rfc8785
import uuid_utils
from pydantic_core import from_json, to_json

GENESIS_HASH = "0" * 64
"""What the first link of a chain names as the one before it."""

MAX_DEPTH = 32
"""Objects and arrays of a message are nested at most so deep."""

_LARGEST_INTEGER = 2**53 - 1
_PLAIN_FLOATS = (1e-4, 1e15)
"""Between these every writer gives the shortest digits without an exponent."""


class _NotPlain(Exception):
    """The value has something that the fast writer may write otherwise than the RFC, or is nested beyond `MAX_DEPTH`."""


def canonical(value: Any) -> bytes:
    """Canonical JSON of plain values. Raises `ValueError` for what has no canonical form (NaN, integers beyond 2^53)."""
    try:
        return to_json(_sorted(value, MAX_DEPTH))
    except (_NotPlain, TypeError, ValueError):
        pass  # the reference implementation decides, and says what is wrong
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error


def parse_canonical(wire: bytes) -> Any:
    """The value of canonical JSON bytes.

    Raises `ValueError` for bytes that are not the canonical form of their value, and for a value nested beyond `MAX_DEPTH`.
    """
    try:
        value = from_json(wire, allow_inf_nan=False)
        _check_plain(value, MAX_DEPTH)
        if to_json(value) == wire:
            return value
    except (_NotPlain, ValueError):
        pass
    value = json.loads(wire)
    if _is_too_deep(value):
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if canonical(value) != wire:
        raise ValueError("not canonical JSON")
    return value


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def new_id() -> str:
    """A fresh UUIDv7 as text: unique everywhere and ordered by creation within one clock."""
    return str(uuid_utils.uuid7())


def _sorted(value: Any, levels: int) -> Any:
    """The same value with its keys in the RFC's order and whole numbers without a fraction; raises `_NotPlain` in doubt.

    The RFC sorts keys by UTF-16, which differs from the order of code points beyond the Basic Multilingual Plane only.
    """
    # Compared by exact type: a subclass may write itself otherwise. Texts are most of a message and save the call.
    kind = type(value)
    if kind is dict:
        if not levels:
            raise _NotPlain
        ordered = {}
        for key in sorted(value):
            if type(key) is not str or not key.isascii():
                raise _NotPlain
            item = value[key]
            ordered[key] = item if type(item) is str else _sorted(item, levels - 1)
        return ordered
    if kind is list:
        if not levels:
            raise _NotPlain
        return [item if type(item) is str else _sorted(item, levels - 1) for item in value]
    if kind is int:
        return _checked(-_LARGEST_INTEGER <= value <= _LARGEST_INTEGER, value)
    if kind is float:
        if value.is_integer():
            return _checked(abs(value) < _PLAIN_FLOATS[1], int(value))
        return _checked(_PLAIN_FLOATS[0] <= abs(value) < _PLAIN_FLOATS[1], value)
    return _checked(kind is str or kind is bool or value is None, value)


def _check_plain(value: Any, levels: int) -> None:
    """Whether the fast writer writes a parsed object or array as the RFC does; raises `_NotPlain` in doubt.

    The same rules as those of `_sorted`, without a copy: what is parsed is in order already, or is no canonical JSON.
    """
    kind = type(value)
    if not levels or (kind is not dict and kind is not list):
        raise _NotPlain
    if kind is dict:
        before = ""
        for key in value:
            if key < before or not key.isascii():
                raise _NotPlain
            before = key
        value = value.values()
    for item in value:
        kind = type(item)
        if kind is dict or kind is list:
            _check_plain(item, levels - 1)
        elif kind is int:
            if not -_LARGEST_INTEGER <= item <= _LARGEST_INTEGER:
                raise _NotPlain
        elif kind is float and (item.is_integer() or not _PLAIN_FLOATS[0] <= abs(item) < _PLAIN_FLOATS[1]):
            raise _NotPlain


def _checked(is_plain: bool, value: Any) -> Any:
    if not is_plain:
        raise _NotPlain
    return value


def _is_too_deep(value: Any) -> bool:
    """Whether values are nested beyond `MAX_DEPTH`; level by level, so that a hostile message cannot exhaust the stack."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        children = [item.values() if isinstance(item, dict) else item for item in level]
        level = [child for items in children for child in items if isinstance(child, dict | list)]
        if not level:
            return False
    return True
