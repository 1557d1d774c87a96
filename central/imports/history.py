"""Examinations of before, from a journal on paper or from another vendor's system, as a table. They never admit anybody.

Each row is checked, all faults are told at once, everything is stored in one transaction or nothing; the same row twice changes
nothing. The columns: `central.imports.history_columns`. An import can be withdrawn as a whole.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.core.input_fault import InputFault
from central.core.text_cleaning import clean_line
from central.imports.history_columns import COLUMNS, EXAM_TYPES, HEADINGS, OUTCOMES, values_of
from central.imports.history_columns import EXAM_TYPE as EXAM_TYPE_COLUMN
from central.imports.history_columns import OUTCOME as OUTCOME_COLUMN
from central.imports.row_faults import Nearest, RowFault
from central.imports.row_person import EMPLOYER, NUMBER, SNILS, People, person_of
from central.imports.tables import AT_ONCE_BOUNDS, MOST_ROWS_AT_ONCE, TableRow, fault_table, read_table_into
from central.imports.worker_check import blocks
from central.store import foreign_exams as store
from central.store.foreign_exams import HistoryImport
from central.store.register_changes import Author
from sync.contract.canonical import new_id

_LOOKED_UP = frozenset({"unknown_worker", "unknown", "several"})
MOST_REASON_CHARS = 500

NewForeignExam = dict[str, Any]
"""Columns of a row of foreign exams but its id and its import; `at` is a day."""


@dataclass(frozen=True, slots=True)
class CheckedHistory:
    """What a file would do."""

    new: tuple[NewForeignExam, ...]
    known: int
    faults: tuple[RowFault, ...]
    rows: tuple[Mapping[str, str], ...]

    @property
    def added(self) -> int:
        """How many rows are new."""
        return len(self.new)

    def error_file(self, language: str) -> bytes:
        """The rows with faults, in the same form, with one more column that says what is wrong."""
        return fault_table(HEADINGS, self.rows, self.faults, language)


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What became of one row: faults, or what is to be stored; neither for a row that the file has twice."""

    row: Mapping[str, str]
    faults: tuple[RowFault, ...] = ()
    new: NewForeignExam | None = None
    is_known: bool = False
    """It is stored already, or stands in the file before."""


def read_small_file(content: bytes) -> list[TableRow]:
    """The rows of a file that somebody waits for. Raises `UnreadableTable`, and `TooMuch` for a file that is a job's."""
    rows: list[TableRow] = read_table_into(list, content, COLUMNS, bounds=AT_ONCE_BOUNDS, most_rows=MOST_ROWS_AT_ONCE)
    return rows


def check_rows(
    connection: Connection, org: str, rows: Sequence[TableRow], today: date, snils_hash: Callable[[str], str]
) -> CheckedHistory:
    """Check the rows of a file against the register; stores nothing."""
    verdicts = list(HistoryCheck(connection, org, rows, today, snils_hash))
    return CheckedHistory(
        tuple(one.new for one in verdicts if one.new is not None and not one.is_known),
        sum(one.is_known for one in verdicts),
        tuple(fault for one in verdicts for fault in one.faults),
        tuple(rows),
    )


class HistoryCheck:
    """One file and the register that it is checked against. Iterating judges the rows, once; `check_rows` for small files."""

    def __init__(
        self,
        connection: Connection,
        org: str,
        rows: Iterable[TableRow],
        today: date,
        snils_hash: Callable[[str], str],
    ) -> None:
        self._connection, self._org, self._rows, self._today = connection, org, rows, today
        self._snils_hash = snils_hash
        self._people = people = People(connection, org)
        said = {EXAM_TYPE_COLUMN: tuple(EXAM_TYPES), OUTCOME_COLUMN: tuple(OUTCOMES)}
        self._near = Nearest(said, {NUMBER: people.numbers, EMPLOYER: people.employers.names}, secret=SNILS)
        self._seen: set[tuple[str, str]] = set()

    def __iter__(self) -> Iterator[RowVerdict]:
        for block in blocks(self._rows):
            judged = [self._judge(row) for row in block]
            ids = {one.new["worker_id"] for one in judged if one.new is not None}
            stored = store.known(self._connection, ids) if ids else set()
            for one in judged:
                is_stored = one.new is not None and (one.new["worker_id"], one.new["sha256"]) in stored
                yield replace(one, is_known=True) if is_stored else one

    def _judge(self, row: TableRow) -> RowVerdict:
        found = dict(row.faults)
        worker_id = person_of(row, self._people, self._snils_hash, found)
        made = values_of(row, self._today, found)
        if found:
            return RowVerdict(
                row,
                tuple(
                    self._near.fault(row.number, column, code, row.get(column, ""), _LOOKED_UP)
                    for column, code in found.items()
                ),
            )
        made |= {"org": self._org, "worker_id": worker_id, "row_no": row.number}
        key = (worker_id, made["sha256"])
        twice = key in self._seen
        self._seen.add(key)
        return RowVerdict(row, new=made, is_known=twice)


def store_new(
    connection: Connection,
    org: str,
    new: Iterable[NewForeignExam],
    author: Author,
    done: Callable[[int], None] = lambda _count: None,
) -> int:
    """Store rows some at a time as one import, in the caller's transaction; returns how many were new.

    A file that brings nothing new is no import. `done` is told how many rows are written.
    """
    import_id, added, count = new_id(), 0, 0
    for lot in blocks(new):
        # Somebody else may have sent the same file meanwhile: what is in the store counts.
        stored = store.known(connection, {item["worker_id"] for item in lot})
        fresh = [item for item in lot if (item["worker_id"], item["sha256"]) not in stored]
        if fresh and not added:
            store.begin(connection, import_id, org, author.at, author.account_id)
        if fresh:
            store.add(connection, [item | {"foreign_id": new_id(), "import_id": import_id} for item in fresh])
        added += len(fresh)
        count += len(lot)
        done(count)
    return added


def withdraw(connection: Connection, one: HistoryImport, reason: str, author: Author) -> dict[str, InputFault]:
    """Take an import back as a whole, in the caller's transaction. What is wrong, by field; then nothing is stored."""
    reason = clean_line(reason)
    if not reason:
        return {"reason": InputFault("reason_needed")}
    if len(reason) > MOST_REASON_CHARS:
        return {"reason": InputFault("too_long")}
    if one.withdrawn_at is not None:
        return {"import": InputFault("withdrawn_already")}
    store.withdraw(connection, one, reason, author.at, author.account_id)
    return {}
