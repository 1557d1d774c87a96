"""Finds rows about a person who is in the register already, or in the file twice. Pure.

With one employer: the same number, SNILS, or the same name and birth date; what the form of a worker asks about, a file is not
asked. Namesakes without a birth date are let in, unless their numbers too differ only by what a spreadsheet drops. With another
employer the same SNILS is a second employment of the same person, who then has to be called the same; the same name alone is for
a medic to judge, later (`/registers/persons/twins`). A card is one person's, whatever the employer.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from central.core.input_fault import InputFault
from central.core.name_folding import fold_card, fold_name, fold_number
from central.core.parties import Worker
from central.registers.same_person import Employment, differences, overlap


@dataclass(frozen=True, slots=True)
class Row:
    """A row that could be read: its number in the file, the employment, the keyed hash of its SNILS, and whose it is by now."""

    line: int
    worker: Worker
    snils_hash: str | None
    person_id: str | None


class Twins:
    """The people of a register, and the rows of a file as they are looked at one after another."""

    def __init__(self, stored: Iterable[Mapping[str, Any]], *, today: date, rewritten: Collection[str] = ()) -> None:
        """`rewritten`: ids of the workers that the file has rows of; what is stored of their cards and names no longer counts."""
        self._today = today
        self._numbers: dict[tuple[str, str], int] = {}
        self._names: dict[tuple[str, str], list[Employment]] = {}
        self._same: dict[str, tuple[str, date | None]] = {}
        self._snils: dict[str, list[Employment]] = {}
        self._of_person: dict[str, list[Employment]] = {}
        self._cards: dict[str, tuple[str, str]] = {}
        self._persons: dict[str, str] = {}
        for row in stored:
            one = Employment.of_row(row)
            self._names.setdefault((one.employer_id, row["search_name"]), []).append(one)
            self._same[one.worker_id] = (row["search_name"], row["birth_date"])
            self._persons[one.worker_id] = one.person_id
            if one.worker_id not in rewritten:
                self._of_person.setdefault(one.person_id, []).append(one)
            if row["snils_hmac"]:
                self._snils.setdefault(row["snils_hmac"], []).append(one)
            for card in row["cards"]:
                self._cards[fold_card(card)] = (one.person_id, one.worker_id)

    def of_number(self, employer_id: str, number: str, line: int = 0) -> dict[str, InputFault]:
        """Whether this personnel number of the employer stood in a row before."""
        before = self._numbers.setdefault((employer_id, number), line) if number and employer_id else line
        return {} if before == line else {"personnel_number": InputFault("twice", str(before) if before else "")}

    def of(self, row: Row) -> dict[str, InputFault]:
        """What of this row belongs to somebody else: code by field. The row counts from then on."""
        found: dict[str, InputFault] = {}
        worker, own = row.worker, Employment.of_worker(row.worker, row.line)
        person_id = self._person_of(row, own, found)
        others = self._of_person.setdefault(person_id, [])
        for other in others:
            for field, code in differences(other, own).items():
                found.setdefault(field, InputFault(code, _place(other)))
        others.append(own)
        for card in worker.cards:
            holder = self._cards.setdefault(fold_card(card), (person_id, own.worker_id))
            if own.worker_id != holder[1] and person_id != holder[0]:
                found["cards"] = InputFault("card_taken")
        name = fold_name(worker.full_name)
        if self._same.get(own.worker_id) == (name, worker.birth_date):
            return found
        people = self._names.setdefault((own.employer_id, name), [])
        for other in people:
            if (
                other.worker_id != own.worker_id
                and not _is_other(own, other)
                and self._persons.get(other.worker_id) != person_id
            ):
                found["full_name"] = InputFault("person_taken", _place(other))
        people.append(own)
        self._persons[own.worker_id] = person_id
        return found

    def _person_of(self, row: Row, own: Employment, found: dict[str, InputFault]) -> str:
        """Whose employment the row is; two at once with one employer are a fault of the SNILS."""
        person_id = row.person_id or own.worker_id
        if row.snils_hash is None:
            return person_id
        holders = self._snils.setdefault(row.snils_hash, [])
        for other in holders:
            if other.worker_id == own.worker_id:
                continue
            if other.employer_id == own.employer_id and overlap(other, own, self._today):
                found["snils"] = InputFault("twice" if other.line else "snils_taken", _place(other))
                return person_id
            person_id = self._persons.get(other.worker_id) or other.person_id or person_id
        holders.append(own)
        return person_id


def _place(other: Employment) -> str:
    return str(other.line) if other.line else f"{other.full_name}, {other.personnel_number}"


def _is_other(one: Employment, other: Employment) -> bool:
    """Whether two with one name and one employer are two people."""
    if one.personnel_number == other.personnel_number:
        # A row that stands twice is told as that.
        return True
    if one.birth_date is not None and other.birth_date is not None:
        return one.birth_date != other.birth_date
    return fold_number(one.personnel_number) != fold_number(other.personnel_number)
