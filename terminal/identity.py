"""Identifies the worker: looks up in the roster what was typed or read, after checking the check digits of a SNILS."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.contract.exam import FaceSearch
from sync.contract.person_code import BookCode, ForeignCode, is_worker_code, read_book_code, read_worker_code
from sync.contract.roster import RosterWorker
from sync.contract.snils import is_valid, keyed_hash
from terminal.card_numbers import fold_card, spellings
from terminal.exam.model import IdentifiedBy


class Lookup(Protocol):
    """The roster as far as identification needs it."""

    def find_all(self, kind: str, value: str) -> tuple[RosterWorker, ...]: ...


class Employments(Lookup, Protocol):
    """The roster by employments too."""

    def worker(self, worker_id: str) -> RosterWorker | None: ...


@dataclass(frozen=True, slots=True)
class InForce:
    """The roster of one day: an employment that has ended, or has not begun, is found by nothing.

    The terminal looks by itself: midnight comes without the centre too.
    """

    roster: Employments
    day: date

    def find_all(self, kind: str, value: str) -> tuple[RosterWorker, ...]:
        """As `RosterStore.find_all`, of the employments that hold on that day."""
        return self.of(self.roster.find_all(kind, value))

    def worker(self, worker_id: str) -> RosterWorker | None:
        """That employment, if it holds on that day."""
        found = self.roster.worker(worker_id)
        return found if found is not None and found.is_in_force(self.day) else None

    def of(self, workers: Iterable[RosterWorker]) -> tuple[RosterWorker, ...]:
        """Those of them that hold on that day."""
        return tuple(worker for worker in workers if worker.is_in_force(self.day))


@dataclass(frozen=True, slots=True)
class Found:
    """The roster knows the worker, by `how`."""

    worker: RosterWorker
    how: IdentifiedBy
    evidence: FaceSearch | None = None
    """For `face`: what the search gave."""


@dataclass(frozen=True, slots=True)
class Several:
    """The roster knows several employments, of one person or of several; the worker says which one it is today."""

    workers: tuple[RosterWorker, ...]
    how: IdentifiedBy
    evidence: FaceSearch | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """`unknown` (nobody has it), `check_digit` (a SNILS that cannot be one), `malformed` (neither number nor SNILS),
    `foreign_code` (a worker's code that this centre has not made, or that is torn).
    """

    code: Literal["unknown", "check_digit", "malformed", "foreign_code"]


def identify_typed(text: str, lookup: Lookup, snils_key: bytes | None) -> Found | Several | NotFound:
    """Look up a typed personnel number, or a SNILS with or without separators."""
    digits = re.sub(r"[\s-]", "", text)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 11:
        return NotFound("malformed")
    workers = lookup.find_all("personnel_number", digits)
    if not workers and len(digits) == 11:
        if not is_valid(digits):
            return NotFound("check_digit")
        workers = lookup.find_all("snils", keyed_hash(digits, snils_key)) if snils_key else ()
    return _told(workers, "personnel_number")


def identify_read(
    text: str, lookup: Employments, centre_key: Ed25519PublicKey
) -> Found | Several | NotFound | BookCode:
    """Look up what a reader of cards and codes gave: a worker's code, a card, or the code of a medical book.

    A card comes before a book: twelve digits may be either, and who has such a card is known. A book's code names nobody.
    """
    for given in (text, fold_card(text).replace(";", ":")):
        if is_worker_code(given):
            return _by_code(given, lookup, centre_key)
    found = identify_card(text, lookup)
    if not isinstance(found, NotFound):
        return found
    return read_book_code(text) or found


def _by_code(text: str, lookup: Employments, centre_key: Ed25519PublicKey) -> Found | NotFound:
    try:
        worker = lookup.worker(read_worker_code(text, centre_key))
    except ForeignCode:
        return NotFound("foreign_code")
    return Found(worker, "qr") if worker is not None else NotFound("unknown")


def identify_card(text: str, lookup: Lookup) -> Found | Several | NotFound:
    """Look up what a card reader or a QR reader gave, in whatever layout and capitals it typed.

    The very spelling comes first; if others lead to more than one person, it is nobody's card.
    """
    value = text.strip()
    if not value or len(value) > 200 or not value.isprintable():
        return NotFound("malformed")
    very, *others = spellings(value)
    workers = lookup.find_all("card", very)
    if not workers:
        found = {one.worker_id: one for spelling in others for one in lookup.find_all("card", spelling)}
        persons = {one.person_id or one.worker_id for one in found.values()}
        workers = tuple(found.values()) if len(persons) == 1 else ()
    return _told(workers, "card")


def identify_face(workers: tuple[RosterWorker, ...], evidence: FaceSearch) -> Found | Several | NotFound:
    """The employments in force of the person whom the search found."""
    return _told(workers, "face", evidence)


def _told(
    workers: tuple[RosterWorker, ...], how: IdentifiedBy, evidence: FaceSearch | None = None
) -> Found | Several | NotFound:
    match workers:
        case ():
            return NotFound("unknown")
        case (worker,):
            return Found(worker, how, evidence)
        case _:
            return Several(workers, how, evidence)
