"""Finds rows about a person who is in the register already, or in the file twice. Pure.

The same number, SNILS, card, or the same name and birth date: what the form of a worker asks about, a file is not asked. Namesakes
without a birth date are let in, unless their numbers too differ only by what a spreadsheet drops.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from central.core.name_folding import fold_card, fold_name, fold_number
from central.core.parties import Worker


@dataclass(frozen=True, slots=True)
class _Person:
    worker_id: str
    number: str
    born: date | None


class Twins:
    """The people of a register, and the rows of a file as they are looked at one after another."""

    def __init__(self, stored: Iterable[Mapping[str, Any]]) -> None:
        self._seen: set[str] = set()
        self._names: dict[str, list[_Person]] = {}
        self._same: dict[str, tuple[str, date | None]] = {}
        self._snils: dict[str, str] = {}
        self._cards: dict[str, str] = {}
        for row in stored:
            person = _Person(row["worker_id"], row["personnel_number"], row["birth_date"])
            self._names.setdefault(row["search_name"], []).append(person)
            self._same[row["worker_id"]] = (row["search_name"], row["birth_date"])
            if row["snils_hmac"]:
                self._snils[row["snils_hmac"]] = row["worker_id"]
            for card in row["cards"]:
                self._cards[fold_card(card)] = row["worker_id"]
        self._stored_snils = dict(self._snils)

    def of_number(self, number: str) -> dict[str, str]:
        """Whether this personnel number stood in a row before."""
        if number and number in self._seen:
            return {"personnel_number": "twice"}
        self._seen.add(number)
        return {}

    def of(self, worker: Worker, snils_hash: str | None) -> dict[str, str]:
        """What of this row belongs to somebody else: code by field. The row counts from then on."""
        found: dict[str, str] = {}
        if snils_hash is not None:
            holder = self._snils.setdefault(snils_hash, worker.worker_id)
            if holder != worker.worker_id:
                found["snils"] = "snils_taken" if snils_hash in self._stored_snils else "twice"
        for card in worker.cards:
            if self._cards.setdefault(fold_card(card), worker.worker_id) != worker.worker_id:
                found["cards"] = "card_taken"
        name = fold_name(worker.full_name)
        if self._same.get(worker.worker_id) == (name, worker.birth_date):
            return found
        own = _Person(worker.worker_id, worker.personnel_number, worker.birth_date)
        people = self._names.setdefault(name, [])
        if any(_is_same(own, other) for other in people if other.worker_id != own.worker_id):
            found["full_name"] = "person_taken"
        people.append(own)
        return found


def _is_same(one: _Person, other: _Person) -> bool:
    if one.number == other.number:
        # A row that stands twice is told as that.
        return False
    if one.born is not None and other.born is not None:
        return one.born == other.born
    return fold_number(one.number) == fold_number(other.number)
