"""Grounds from other registers as a table: examinations, vaccinations, medical books, sick leaves and others about workers.

Each row is checked, all faults are told at once, everything is stored in one transaction or nothing; the same row twice
changes nothing. The columns: `central.imports.ground_columns`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.books import reading
from central.core.ground_rules import GROUND_KINDS
from central.imports.ground_columns import (
    COLUMNS,
    CONFIRMED,
    FINDING,
    HEADINGS,
    IN_PERSON,
    KIND,
    NEEDED,
    OLD_KINDS,
    REPLACES,
    VACCINE,
    values_of,
    words_of,
)
from central.imports.row_faults import Nearest, RowFault
from central.imports.row_person import EMPLOYER, NUMBER, SNILS, People, person_of
from central.imports.tables import (
    AT_ONCE_BOUNDS,
    MOST_ROWS_AT_ONCE,
    TableRow,
    fault_table,
    read_table,
    read_table_into,
)
from central.imports.worker_check import blocks
from central.store import grounds as store
from central.store import roster_entries
from central.store.register_changes import Author
from sync.contract.canonical import new_id

_SAID_FINDINGS = ("годен", "ограничения", "не годен")
_LOOKED_UP = frozenset({"unknown_worker", "unknown", "several", "unknown_vaccine"})


NewGround = dict[str, Any]
"""Columns of a row of grounds but its id and who entered it; `at` and `valid_until` are days."""


@dataclass(frozen=True, slots=True)
class CheckedGrounds:
    """What a file would do."""

    values: tuple[NewGround, ...]
    known: int
    faults: tuple[RowFault, ...]
    rows: tuple[Mapping[str, str], ...]

    @property
    def added(self) -> int:
        """How many rows are new."""
        return len(self.values) - self.known

    def error_file(self, language: str) -> bytes:
        """The rows with faults, in the same form, with one more column that says what is wrong."""
        return fault_table(HEADINGS, self.rows, self.faults, language)


def read_file(content: bytes) -> list[TableRow]:
    """The rows of a file. Raises `UnreadableTable`. Takes its time: no transaction waits for it."""
    return read_table(content, NEEDED, columns=COLUMNS)


def check_file(
    connection: Connection, org: str, content: bytes, today: date, snils_hash: Callable[[str], str]
) -> CheckedGrounds:
    """Read a small file and check it in one go, where nobody waits for the store; else `read_file` and `check_rows`."""
    return check_rows(connection, org, read_file(content), today, snils_hash)


def read_small_file(content: bytes) -> list[TableRow]:
    """As `read_file`, while somebody waits for the page. Raises `TooMuch` for a file that is a job's."""
    rows: list[TableRow] = read_table_into(list, content, COLUMNS, bounds=AT_ONCE_BOUNDS, most_rows=MOST_ROWS_AT_ONCE)
    return rows


def check_rows(
    connection: Connection,
    org: str,
    rows: Sequence[Mapping[str, str]],
    today: date,
    snils_hash: Callable[[str], str],
) -> CheckedGrounds:
    """Check the rows of a file against the register; stores nothing."""
    verdicts = list(GroundCheck(connection, org, rows, today, snils_hash))
    new = [one for one in verdicts if one.new is not None]
    return CheckedGrounds(
        tuple(one.new for one in new if one.new is not None),
        sum(one.is_known for one in new),
        tuple(fault for one in verdicts for fault in one.faults),
        tuple(rows),
    )


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What became of one row: faults, or what is to be stored; neither for a row that the file has twice."""

    row: Mapping[str, str]
    faults: tuple[RowFault, ...] = ()
    new: NewGround | None = None
    is_known: bool = False
    """It is stored already."""


class GroundCheck:
    """One file and the register that it is checked against. Iterating judges the rows, once; `check_rows` for small files."""

    def __init__(
        self,
        connection: Connection,
        org: str,
        rows: Iterable[Mapping[str, str]],
        today: date,
        snils_hash: Callable[[str], str],
    ) -> None:
        self._connection, self._org, self._rows, self._today = connection, org, rows, today
        self._snils_hash = snils_hash
        self._people = people = People(connection, org)
        kinds, vaccines = (reading.in_force(connection, book, org, today).items for book in (GROUND_KINDS, "vaccines"))
        said = {KIND: [item.ru for item in kinds if item.offered], FINDING: _SAID_FINDINGS, IN_PERSON: ("да", "нет")}
        names = {NUMBER: people.numbers, EMPLOYER: people.employers.names, VACCINE: [item.ru for item in vaccines]}
        self._near = Nearest(said | {CONFIRMED: ("да", "нет")}, names, secret=SNILS)
        self._kinds, self._vaccines = OLD_KINDS | words_of(kinds), words_of(vaccines)
        self._seen: set[tuple[str, str]] = set()

    def __iter__(self) -> Iterator[RowVerdict]:
        for block in blocks(enumerate(self._rows, start=2)):
            judged = [self._judge(place, row) for place, row in block]
            ids = {one.new["worker_id"] for one in judged if one.new is not None}
            stored = store.known(self._connection, sorted(ids)) if ids else set()
            for one in judged:
                if one.new is not None and (one.new["worker_id"], one.new["sha256"]) in stored:
                    yield replace(one, is_known=True)
                else:
                    yield one

    def _judge(self, place: int, row: Mapping[str, str]) -> RowVerdict:
        found = dict(row.faults) if isinstance(row, TableRow) else {}
        worker_id = person_of(row, self._people, self._snils_hash, found)
        made = values_of(row, self._kinds, self._vaccines, self._today, found)
        made |= {"org": self._org, "worker_id": worker_id}
        made["supersedes"] = _superseded(self._connection, row.get(REPLACES, ""), made, found) if worker_id else None
        line = row.number if isinstance(row, TableRow) else place
        if found:
            return RowVerdict(
                row,
                tuple(
                    self._near.fault(line, column, code, row.get(column, ""), _LOOKED_UP)
                    for column, code in found.items()
                ),
            )
        key = (made["worker_id"], made["sha256"])
        if key in self._seen:
            return RowVerdict(row)
        self._seen.add(key)
        return RowVerdict(row, new=made)


def store_checked(connection: Connection, checked: CheckedGrounds, author: Author) -> int:
    """Store a file without faults, in the caller's transaction; returns how many rows were new.

    Raises `ValueError` for a file with faults.
    """
    if checked.faults:
        raise ValueError("a file with faults is not stored")
    return store_new(connection, checked.values, author)


def store_new(
    connection: Connection, new: Iterable[NewGround], author: Author, done: Callable[[int], None] = lambda _count: None
) -> int:
    """Store rows some at a time, in the caller's transaction; returns how many were new. `done` is told how many are written."""
    entered = {"entered_at": author.at, "entered_by": author.account_id}
    added = count = 0
    for lot in blocks(new):
        fresh = store.add(connection, [item | {"ground_id": new_id()} | entered for item in lot])
        if fresh:
            # What rules make of it is told to the terminals.
            roster_entries.mark_due(connection, sorted({item["worker_id"] for item in lot}))
        added += fresh
        count += len(lot)
        done(count)
    return added


def _superseded(connection: Connection, number: str, made: Mapping[str, Any], faults: dict[str, str]) -> str | None:
    """The newest document of that kind and number that the person has on record."""
    if not number:
        return None
    for one in store.of_worker(connection, made["worker_id"]):
        if one.kind == made["kind"] and one.number == number:
            return one.ground_id
    faults.setdefault(REPLACES, "no_such_document")
    return None
