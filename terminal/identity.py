"""Who came: what was typed or read is looked up in the roster, with the check digits of a SNILS verified first."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Literal, Protocol

from sync.contract.roster import RosterWorker

_NO_CHECK_UP_TO = 1_001_998
"""Numbers up to 001-001-998 carry no check digits (the pension fund's own rule)."""


class Lookup(Protocol):
    """The roster as far as identification needs it."""

    def find(self, kind: str, value: str) -> RosterWorker | None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """The roster knows the worker, by `how`."""

    worker: RosterWorker
    how: Literal["personnel_number", "card", "qr"]


@dataclass(frozen=True, slots=True)
class NotFound:
    """`unknown` (nobody has it), `check_digit` (a SNILS that cannot be one), `malformed` (neither number nor SNILS)."""

    code: Literal["unknown", "check_digit", "malformed"]


def snils_is_valid(digits: str) -> bool:
    """Check digits of an 11-digit SNILS: weights 9 to 1 from the left, sum mod 101, 100 counts as 00.

    Source: the check number algorithm published in ConsultantPlus LAW_124607; test value 112-233-445 95.
    """
    if not re.fullmatch(r"\d{11}", digits) or digits == "0" * 11:
        return False
    if int(digits[:9]) <= _NO_CHECK_UP_TO:
        return True
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(9, 0, -1), strict=True))
    return total % 101 % 100 == int(digits[9:])


def snils_hash(digits: str, key: bytes) -> str:
    """Keyed hash (HMAC-SHA-256): a plain hash of 11 digits could be tried out in minutes."""
    return hmac.new(key, digits.encode("ascii"), hashlib.sha256).hexdigest()


def identify_typed(text: str, lookup: Lookup, snils_key: bytes | None) -> Found | NotFound:
    """Look up a typed personnel number, or a SNILS with or without separators."""
    digits = re.sub(r"[\s-]", "", text)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 11:
        return NotFound("malformed")
    worker = lookup.find("personnel_number", digits)
    if worker is None and len(digits) == 11:
        if not snils_is_valid(digits):
            return NotFound("check_digit")
        worker = lookup.find("snils", snils_hash(digits, snils_key)) if snils_key else None
    return NotFound("unknown") if worker is None else Found(worker, "personnel_number")


def identify_card(text: str, lookup: Lookup) -> Found | NotFound:
    """Look up what a card reader or a QR reader gave."""
    value = text.strip()
    if not value or len(value) > 200 or not value.isprintable():
        return NotFound("malformed")
    worker = lookup.find("card", value)
    return NotFound("unknown") if worker is None else Found(worker, "card")
