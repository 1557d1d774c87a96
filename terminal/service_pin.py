"""The PIN of the service screen: which ones are easy to guess, and where its hash goes in `terminal.toml`. No I/O."""

import re
import tomllib
from itertools import pairwise
from typing import Any, Literal

LEAST_DIGITS = 4
MOST_DIGITS = 12
"""What the screen's keypad takes."""

PinFault = Literal["not_digits", "too_short", "too_long", "repeated", "in_a_row", "year", "common"]

_ROWS = ("01234567890", "9876543210", "1470", "2580", "3690", "147258369", "963852741", "0852", "159", "357")
_COMMON = frozenset({"0007", "1004", "1029", "1123", "5683", "6969", "121314", "159753", "12369874", "789456123"})
_YEAR = re.compile(r"(19|20)\d\d")
_SECTION = re.compile(r"\s*\[\s*service\s*\]\s*(#.*)?")
_ANY_SECTION = re.compile(r"\s*\[")
_HASH = re.compile(r"\s*pin_hash\s*=")


class NoPlaceForPin(Exception):
    """The hash cannot be put into the file without touching something else; write the line by hand."""


def fault_of(pin: str) -> PinFault | None:
    """Why this PIN is none, or is among the first that anybody tries; None where nothing speaks against it."""
    if not pin.isascii() or not pin.isdecimal():
        return "not_digits"
    if len(pin) < LEAST_DIGITS:
        return "too_short"
    if len(pin) > MOST_DIGITS:
        return "too_long"
    if any(len(pin) % size == 0 and pin == pin[:size] * (len(pin) // size) for size in (1, 2, 3, 4) if size < len(pin)):
        return "repeated"
    if any(pin in row for row in _ROWS) or _is_step_by_step(pin):
        return "in_a_row"
    if len(pin) == LEAST_DIGITS and _YEAR.fullmatch(pin):
        return "year"
    return "common" if pin in _COMMON else None


def _is_step_by_step(pin: str) -> bool:
    """Digits that go up or down by the same step, over the nine too: 1357, 8901, 9630."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return len(steps) == 1


def section_of(pin_hash: str) -> str:
    """The lines for `terminal.toml`."""
    return f'[service]\npin_hash = "{pin_hash}"\n'


def with_pin_hash(text: str, pin_hash: str) -> str:
    """The same file with this hash, comments and all else untouched. Raises `NoPlaceForPin` and `TOMLDecodeError`."""
    wanted: dict[str, Any] = tomllib.loads(text)
    service = wanted.get("service", {})
    if not isinstance(service, dict):
        raise NoPlaceForPin
    wanted["service"] = service | {"pin_hash": pin_hash}
    written = _written(text, pin_hash)
    try:
        is_right = tomllib.loads(written) == wanted
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:  # the section is written in a way of its own, for example as an inline table
        raise NoPlaceForPin
    return written


def _written(text: str, pin_hash: str) -> str:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    head = next((number for number, line in enumerate(lines) if _SECTION.fullmatch(line.rstrip("\r\n"))), None)
    if head is None:
        return "".join(lines) + "\n" + section_of(pin_hash)
    line = f'pin_hash = "{pin_hash}"\n'
    for number in range(head + 1, len(lines)):
        if _ANY_SECTION.match(lines[number]):
            break
        if _HASH.match(lines[number]):
            lines[number] = line
            return "".join(lines)
    lines.insert(head + 1, line)
    return "".join(lines)
