"""Checks the rows of a workers' file one after another against the register; stores nothing.

A row is about the employment that has its number with its employer. What is held of the register is what the file may collide
with; of each row what the next ones may collide with.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection

from central.books.codes import Codes
from central.core.input_fault import InputFault
from central.core.name_folding import fold_name
from central.core.parties import Worker
from central.core.snils import parse_snils
from central.imports import consents
from central.imports.consents import GivenConsent
from central.imports.employer_names import EmployerNames
from central.imports.row_faults import Nearest, RowFault
from central.imports.tables import TableRow
from central.imports.twins import Row, Twins
from central.imports.worker_columns import (
    CARDS,
    CODE,
    EMPLOYER,
    FACTORS,
    FIELDS,
    HEADING_OF,
    NAME,
    NUMBER,
    SAID,
    SNILS,
    WORDS,
)
from central.registers.same_person import Employment, differences, filled
from central.registers.worker_rules import differs, worker_of
from central.store import consents as consent_store
from central.store import employments as people_store
from central.store import posts
from central.store import workers as store

_LOOKED_UP = frozenset({"unknown", "several", "unknown_text"})
_BLOCK = 500
_FEW = 2_000
"""Of more people than these the whole register is gone through, and not each one sought."""
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What became of one row: faults, or the worker to be stored, or nothing where the row says what is stored already."""

    line: int
    row: Mapping[str, str]
    faults: tuple[RowFault, ...] = ()
    worker: Worker | None = None
    is_new: bool = False
    consents: tuple[GivenConsent, ...] = ()
    """Those that are not in force yet; with them a worker who is not changed otherwise."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What has to be known of all rows before the first is judged."""

    names: set[str]
    numbers: set[str]
    hashes: dict[int, str]
    """Keyed hash of the SNILS by place in the file."""
    rewritten: set[str]
    """Ids of stored employments that the file has a row of."""
    with_cards: set[str]
    """Those of them whose cards the file says anew."""
    says_cards: bool


class WorkerCheck:
    """One file and the register that it is checked against. Iterating judges the rows, once."""

    def __init__(
        self,
        connection: Connection,
        org: str,
        rows: Iterable[Mapping[str, str]],
        today: date,
        snils_hash: Callable[[str], str],
    ) -> None:
        """`rows` are gone through twice. `snils_hash` is `Registry.snils_hash`."""
        self._connection, self._org, self._rows, self._today = connection, org, rows, today
        self._employers = EmployerNames(connection, org)
        self._texts = {
            (row["kind"], row["version"]): row["valid_from"] for row in consent_store.list_texts(connection, org)
        }
        self._near = Nearest(
            SAID,
            {
                EMPLOYER: self._employers.names,
                consents.COLUMN: [consents.named(kind, version) for kind, version in self._texts],
            },
            secret=SNILS,
        )
        self._codes = Codes(connection, org, today)
        self._posts = posts.of_org(connection, org)
        self._ahead = self._look_ahead(snils_hash)
        self._twins = Twins(self._stored(), today=today, rewritten=self._ahead.rewritten)

    def __iter__(self) -> Iterator[RowVerdict]:
        for block in blocks(enumerate(self._rows)):
            numbers = {row.get(NUMBER, "") for _, row in block}
            entries = [dict(row) for row in store.with_numbers(self._connection, self._org, sorted(numbers))]
            at_work = {(row["employer_id"], row["personnel_number"]): row for row in entries if not row["archived_at"]}
            archived = {(row["employer_id"], row["personnel_number"]) for row in entries if row["archived_at"]}
            hashes = {self._ahead.hashes[place] for place, _ in block if place in self._ahead.hashes}
            people = people_store.of_snils_many(self._connection, sorted(hashes))
            ids = [row["worker_id"] for row in entries] if self._agrees(block) else []
            standing = consent_store.standing(self._connection, self._org, ids) if ids else {}
            for place, row in block:
                one = self._read(place, row, at_work)
                yield self._judge(one, row, self._ahead.hashes.get(place), people, archived, standing)

    @staticmethod
    def _agrees(block: Iterable[tuple[int, Mapping[str, str]]]) -> bool:
        return any(row.get(consents.COLUMN) for _, row in block)

    def _look_ahead(self, snils_hash: Callable[[str], str]) -> _Ahead:
        found = _Ahead(set(), set(), {}, set(), set(), False)
        says_cards = False
        for block in blocks(enumerate(self._rows)):
            meant: dict[tuple[str, str], bool] = {}
            for place, row in block:
                found.names.add(fold_name(row.get(NAME, "")))
                if row.get(NUMBER) and row.get(EMPLOYER):
                    meant[self._employers.find(row[EMPLOYER])[0], row[NUMBER]] = CARDS in row
                says_cards = says_cards or bool(row.get(CARDS))
                digits = _digits(row.get(SNILS, ""))
                if digits:
                    found.hashes[place] = snils_hash(digits)
            numbers = {number for _, number in meant}
            if len(found.numbers) <= _FEW:
                found.numbers.update(numbers)
            for key in store.ids_of_numbers(self._connection, self._org, sorted(numbers)):
                says_its_cards = meant.get((key["employer_id"], key["personnel_number"]))
                if says_its_cards is not None:
                    found.rewritten.add(key["worker_id"])
                if says_its_cards:
                    found.with_cards.add(key["worker_id"])
        return replace(found, says_cards=says_cards)

    def _stored(self) -> Iterator[Mapping[str, Any]]:
        """Entries that rows of the file may collide with."""
        ahead = self._ahead
        if len(ahead.names) > _FEW or len(ahead.numbers) > _FEW:
            rows = store.identities(self._connection, self._org)
        else:
            hashes = sorted(set(ahead.hashes.values()))
            rows = store.identities_alike(
                self._connection, self._org, sorted(ahead.names), sorted(ahead.numbers), hashes, cards=ahead.says_cards
            )
        for row in rows:
            # Whose cards the file says anew holds no card by what is stored: a card may go from one to the other.
            yield {**row, "cards": ()} if row["worker_id"] in ahead.with_cards else row

    def _judge(
        self,
        one: "_ReadRow",
        row: Mapping[str, str],
        hashed: str | None,
        people: Mapping[str, Mapping[str, Any]],
        archived: set[tuple[str, str]],
        standing: Mapping[str, Mapping[Any, str]],
    ) -> RowVerdict:
        worker, before = one.worker, one.before
        found: dict[str, InputFault] = {column: InputFault(code) for column, code in one.faults.items()}
        if (one.employer_id, one.number) in archived:
            # Whether it is the same person is seen on a page, where the number can be given again too.
            found.setdefault(NUMBER, InputFault("archived"))
        person = people.get(hashed) if hashed is not None else None
        collisions = self._twins.of_number(one.employer_id, one.number, one.line)
        if worker is not None:
            person_id = (
                before["person_id"] if before is not None else person["person_id"] if person is not None else None
            )
            collisions |= self._twins.of(Row(one.line, worker, hashed, person_id))
            collisions = _elsewhere(self._org, person, person_id, worker, collisions)
        for field, fault in collisions.items():
            found.setdefault(HEADING_OF[field], fault)
        agreed = consents.read_cell(row.get(consents.COLUMN, ""), self._texts, self._today)
        if isinstance(agreed, str):
            found.setdefault(consents.COLUMN, InputFault(agreed))
        faults = [
            self._near.fault(one.line, column, fault.code, row.get(column, ""), _LOOKED_UP, fault.other)
            for column, fault in found.items()
        ]
        faults += [fault for fault in self._code_faults(one, row) if fault.column not in found]
        if worker is None or faults or isinstance(agreed, str):
            return RowVerdict(one.line, row, tuple(faults))
        if before is None and person is not None:
            worker = filled(worker, person, is_own=self._org in person["orgs"])
        new = tuple(item for item in agreed if standing.get(worker.worker_id, {}).get(item.kind) != item.version)
        if before is not None and not new and not differs(worker, before, hashed):
            return RowVerdict(one.line, row)
        return RowVerdict(one.line, row, (), worker, before is None, new)

    def _code_faults(self, one: "_ReadRow", row: Mapping[str, str]) -> Iterator[RowFault]:
        """Codes that are in no book, with what comes nearest; what the employment has already may stay."""
        held = one.before or {}
        for column, kept in ((CODE, [held.get("position_code") or ""]), (FACTORS, held.get("harm_factors") or ())):
            typed = row.get(column, "")
            fault = self._codes.fault(FIELDS[column], typed, [str(code) for code in kept]) if typed else None
            if fault is not None:
                yield RowFault(fault.code, typed=typed, near=fault.near, row=one.line, column=column)

    def _read(
        self, place: int, row: Mapping[str, str], known: Mapping[tuple[str, str], Mapping[str, Any]]
    ) -> "_ReadRow":
        line = row.number if isinstance(row, TableRow) else place + 2
        found: dict[str, str] = dict(row.faults) if isinstance(row, TableRow) else {}
        given = {
            field: WORDS[heading].get(fold_name(row[heading]), row[heading]) if heading in WORDS else row[heading]
            for heading, field in FIELDS.items()
            if heading in row
        }
        employer_id = ""
        if given.get("employer_id"):
            employer_id, code = self._employers.find(given["employer_id"])
            given["employer_id"] = employer_id
            if code:
                found.setdefault(EMPLOYER, code)
        number = row.get(NUMBER, "")
        before = known.get((employer_id, number))
        worker = worker_of(self._org, given, self._employers.ids, before, self._today, self._posts)
        if isinstance(worker, Worker):
            return _ReadRow(line, number, employer_id, None if found else worker, before, found)
        for field, code in worker.items():
            found.setdefault(HEADING_OF[field], code)
        return _ReadRow(line, number, employer_id, None, before, found)


@dataclass(frozen=True, slots=True)
class _ReadRow:
    """A row by itself: the employment that it is about, if it could be read, the stored one, and what is wrong by column."""

    line: int
    number: str
    employer_id: str
    worker: Worker | None
    before: Mapping[str, Any] | None
    faults: dict[str, str]


def blocks(items: Iterable[Item], size: int = _BLOCK) -> Iterator[list[Item]]:
    """So many at a time."""
    rest = iter(items)
    while block := list(islice(rest, size)):
        yield block


def _digits(words: str) -> str:
    try:
        return parse_snils(words) if words else ""
    except ValueError:
        return ""


def _elsewhere(
    org: str,
    person: Mapping[str, Any] | None,
    person_id: str | None,
    worker: Worker,
    collisions: dict[str, InputFault],
) -> dict[str, InputFault]:
    """A SNILS that only another organisation of the centre knows: that it does not fit is said, and nothing of what it has."""
    if person is None or collisions.keys() & {"snils", "full_name", "birth_date"} or org in person["orgs"]:
        return collisions
    own = Employment.of_worker(worker)
    theirs = replace(own, full_name=person["full_name"], birth_date=person["birth_date"])
    said = {name: InputFault("person_elsewhere") for name in differences(theirs, own) if name != "snils"}
    return collisions | said
