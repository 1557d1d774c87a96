"""Who came: what was typed or read is looked up in the roster, with the check digits of a SNILS verified first."""

import re
from dataclasses import dataclass
from typing import Literal, Protocol

from sync.contract.exam import FaceSearch
from sync.contract.roster import RosterWorker
from sync.contract.snils import is_valid, keyed_hash
from terminal.card_numbers import spellings


class Lookup(Protocol):
    """The roster as far as identification needs it."""

    def find(self, kind: str, value: str) -> RosterWorker | None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """The roster knows the worker, by `how`."""

    worker: RosterWorker
    how: Literal["personnel_number", "card", "qr", "face"]
    evidence: FaceSearch | None = None
    """For `face`: what the search gave."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """`unknown` (nobody has it), `check_digit` (a SNILS that cannot be one), `malformed` (neither number nor SNILS)."""

    code: Literal["unknown", "check_digit", "malformed"]


def identify_typed(text: str, lookup: Lookup, snils_key: bytes | None) -> Found | NotFound:
    """Look up a typed personnel number, or a SNILS with or without separators."""
    digits = re.sub(r"[\s-]", "", text)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 11:
        return NotFound("malformed")
    worker = lookup.find("personnel_number", digits)
    if worker is None and len(digits) == 11:
        if not is_valid(digits):
            return NotFound("check_digit")
        worker = lookup.find("snils", keyed_hash(digits, snils_key)) if snils_key else None
    return NotFound("unknown") if worker is None else Found(worker, "personnel_number")


def identify_card(text: str, lookup: Lookup) -> Found | NotFound:
    """Look up what a card reader or a QR reader gave, in whatever layout and capitals it typed.

    The very spelling comes first; if others lead to more than one worker, it is nobody's card.
    """
    value = text.strip()
    if not value or len(value) > 200 or not value.isprintable():
        return NotFound("malformed")
    very, *others = spellings(value)
    worker = lookup.find("card", very)
    if worker is None:
        found = {one.worker_id: one for spelling in others if (one := lookup.find("card", spelling)) is not None}
        worker = next(iter(found.values())) if len(found) == 1 else None
    return NotFound("unknown") if worker is None else Found(worker, "card")
