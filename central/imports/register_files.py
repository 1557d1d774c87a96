"""Large files of the registers: read, checked and stored row by row, so that memory grows with the people and not with the file.

A file is stored as a whole or not at all. It is checked before the transaction that stores it, since everybody else's writing
waits for that one; what was checked holds as long as nobody has changed the organisation's registers (`mark`). Where the store has
one writer, what is to be written is worked out before that transaction too (`central.store.rehearsal`).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import IntegrityError

from central.core.clock import now_utc
from central.core.days import day_of
from central.core.parties import Worker
from central.core.priority import hurrying
from central.imports import ground_columns, grounds, history, history_columns, worker_columns, workers
from central.imports.consents import GivenConsent
from central.imports.lines_on_disk import LinesOnDisk, table_rows
from central.imports.row_faults import RowFault
from central.imports.tables import (
    FAULTS,
    JOB_BOUNDS,
    MOST_ROWS_OF_A_JOB,
    Columns,
    TableRow,
    read_table_into,
    write_table,
)
from central.imports.worker_check import WorkerCheck
from central.people.consents import ConsentRefused
from central.people.registry import Registry
from central.store import register_changes
from central.store.consents import consent, consent_withdrawal
from central.store.engine import hold_registers, is_single_writer, reading, writing
from central.store.faces import worker_face
from central.store.foreign_exams import foreign_exam, history_import, history_withdrawal
from central.store.grounds import ground
from central.store.persons import person
from central.store.register_changes import Author, register_change
from central.store.registry import worker
from central.store.rehearsal import Rehearsed
from central.store.roster_entries import roster_due
from central.store.workers import last_written
from central.words.table_values import Value

MOST_TRIES = 3
"""So often a file is checked anew because somebody changed the registers meanwhile."""

Faulty = tuple[Mapping[str, str], tuple[RowFault, ...]]
_NewWorker = tuple[Worker, tuple[GivenConsent, ...]]
_FAULTS = TypeAdapter(tuple[dict[str, str], tuple[RowFault, ...]])
_WORKER = TypeAdapter(_NewWorker)
_DAYS = ("at", "valid_until")
"""Columns of a ground that hold days."""


Mark = tuple[int, datetime | None]
"""The registers of an organisation: how many changes they have seen, and when a worker was written last."""
Note = Callable[[Connection, Mapping[str, int]], None]


@dataclass(frozen=True, slots=True)
class Tables:
    """What the storing of a kind of file touches; `central.store.rehearsal.rehearsing` says what each is."""

    read: Sequence[Table]
    written: Sequence[Table]
    beside: Sequence[Table]


class RegisterChanged(ValueError):
    """The registers changed between each check and the storing that was to follow it."""

    def __init__(self) -> None:
        super().__init__(
            "the registers were changed while the file was checked; nothing is stored; run the command again"
        )


@dataclass(slots=True)
class FileCheck:
    """What a file would do, and what is wrong with it. `faulty`: the rows with faults, each with them."""

    counts: dict[str, int]
    mark: Mark = (0, None)
    faults: int = 0
    faulty: LinesOnDisk[Faulty] = field(
        default_factory=lambda: LinesOnDisk(
            lambda item: _FAULTS.dump_json(_plain(item)).decode(), _FAULTS.validate_json
        )
    )

    def note(self, row: Mapping[str, str], found: tuple[RowFault, ...]) -> None:
        """One more row with faults."""
        self.faults += len(found)
        self.faulty.append((row, found))

    def close(self) -> None:
        """Its lines are needed no more."""
        self.faulty.close()


def _plain(item: Faulty) -> tuple[dict[str, str], tuple[RowFault, ...]]:
    return dict(item[0]), item[1]


class RegisterFile(Protocol):
    """One kind of file, with what was checked of it."""

    columns: Columns
    action: str
    """Of the access log."""
    tables: Tables

    def check(
        self, connection: Connection, org: str, rows: Iterable[TableRow], today: date, done: Callable[[int], None]
    ) -> FileCheck:
        """Judge every row, keep what is to be stored; stores nothing. `done` is told how many rows are judged."""
        ...

    def store(self, connection: Connection, author: Author | None, done: Callable[[int], None]) -> Mapping[str, int]:
        """Store what was kept, in the caller's transaction; what the access log says of it."""
        ...


def read_large_file(file: RegisterFile, content: bytes) -> LinesOnDisk[TableRow]:
    """The rows, on the disk. Raises `UnreadableTable`."""
    return read_table_into(table_rows, content, file.columns, bounds=JOB_BOUNDS, most_rows=MOST_ROWS_OF_A_JOB)


def error_table(headings: Sequence[str], faulty: Iterable[Faulty], language: str) -> bytes:
    """The rows with faults, in the same form, with one more column that says what is wrong, in words."""

    def lines() -> Iterator[list[Value]]:
        for row, found in faulty:
            words = "; ".join(f"{fault.column}: {fault.beside_the_cell(language)}" for fault in found)
            yield [*(row.get(name, "") for name in headings), words]

    return write_table([*headings, FAULTS], lines())


def import_large_file(
    engine: Engine,
    file: RegisterFile,
    org: str,
    rows: LinesOnDisk[TableRow],
    author: Author | None,
    *,
    done: Callable[[int], None],
    note: Note,
) -> FileCheck:
    """Check a file and store it as a whole, unless it has faults. `note` writes the access log in the same transaction.

    `done` is told of each row twice: when it is judged, and when what is to be written of it is known. Raises `RegisterChanged`.
    """
    store = _store_beside if is_single_writer(engine) else _store_at_once
    for _ in range(MOST_TRIES):
        checked = check_large_file(engine, file, org, rows, done)
        if checked.faults:
            return checked
        try:
            if store(engine, file, org, checked.mark, author, lambda count: done(len(rows) + count), note):
                return checked
        except (ConsentRefused, IntegrityError):
            # Consents are no register of their own: one was entered or withdrawn meanwhile. Or somebody wrote the very same.
            pass
        checked.close()
    raise RegisterChanged


def _store_at_once(
    engine: Engine,
    file: RegisterFile,
    org: str,
    mark: Mark,
    author: Author | None,
    done: Callable[[int], None],
    note: Note,
) -> bool:
    """One transaction, for which the registers of the organisation alone wait. False where they have changed since the mark."""
    with writing(engine) as connection:
        hold_registers(connection, org)
        if _mark(connection, org) != mark:
            return False
        note(connection, file.store(connection, author, done))
        return True


def _store_beside(
    engine: Engine,
    file: RegisterFile,
    org: str,
    mark: Mark,
    author: Author | None,
    done: Callable[[int], None],
    note: Note,
) -> bool:
    """The same where everybody's writing waits for a transaction: what it writes is worked out before."""
    with Rehearsed(engine, org, file.tables.beside) as rehearsed:
        with rehearsed.viewing() as connection:
            if _mark(connection, org) != mark:
                return False
            with rehearsed.working_out(read=file.tables.read, written=file.tables.written):
                said = file.store(connection, author, done)

        def write() -> bool:
            with rehearsed.writing() as connection:
                if _mark(connection, org) != mark or not rehearsed.holds():
                    return False
                rehearsed.write()
                note(connection, said)
                return True

        return hurrying(write)


def _mark(connection: Connection, org: str) -> Mark:
    return register_changes.count_of(connection, org), last_written(connection, org)


def check_large_file(
    engine: Engine, file: RegisterFile, org: str, rows: LinesOnDisk[TableRow], done: Callable[[int], None]
) -> FileCheck:
    """Judge every row of a file; stores nothing."""
    with reading(engine) as connection:
        mark = _mark(connection, org)
        checked = file.check(connection, org, rows, day_of(now_utc()), done)
    checked.mark = mark
    return checked


class WorkerFile:
    """The workers' file."""

    columns = worker_columns.COLUMNS
    action = "workers.import"
    tables = Tables(
        read=(worker, person, consent),
        written=(register_change, roster_due, worker_face),
        beside=(consent, consent_withdrawal),
    )

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._new: LinesOnDisk[_NewWorker] | None = None
        self._counts: dict[str, int] = {}

    def check(
        self, connection: Connection, org: str, rows: Iterable[TableRow], today: date, done: Callable[[int], None]
    ) -> FileCheck:
        """As `RegisterFile.check`; counts `added`, `changed`, `unchanged`."""
        self._new = LinesOnDisk(lambda item: _WORKER.dump_json(item).decode(), _WORKER.validate_json)
        counts = {"added": 0, "changed": 0, "unchanged": 0}
        checked = FileCheck(counts)
        for count, one in enumerate(WorkerCheck(connection, org, rows, today, self._registry.snils_hash), start=1):
            if one.faults:
                checked.note(one.row, one.faults)
            elif one.worker is None:
                counts["unchanged"] += 1
            else:
                counts["added" if one.is_new else "changed"] += 1
                self._new.append((one.worker, one.consents))
            done(count)
        self._counts = counts
        return checked

    def store(self, connection: Connection, author: Author | None, done: Callable[[int], None]) -> Mapping[str, int]:
        """As `RegisterFile.store`."""
        if self._new is None:
            raise RuntimeError("a file is checked before it is stored")
        workers.store_workers(connection, self._registry, self._new, author, done)
        return {name: self._counts[name] for name in ("added", "changed")}


def _ground_line(item: grounds.NewGround) -> str:
    return json.dumps(item, default=date.isoformat, ensure_ascii=False)


def _ground_of(line: str) -> grounds.NewGround:
    item: grounds.NewGround = json.loads(line)
    return item | {name: date.fromisoformat(item[name]) for name in _DAYS if item[name]}


def _foreign_line(item: history.NewForeignExam) -> str:
    return json.dumps(item, default=date.isoformat, ensure_ascii=False)


def _foreign_of(line: str) -> history.NewForeignExam:
    item: history.NewForeignExam = json.loads(line)
    return item | {"at": date.fromisoformat(item["at"])}


class GroundFile:
    """The file of grounds."""

    columns = ground_columns.COLUMNS
    action = "grounds.import"
    tables = Tables(read=(ground,), written=(roster_due,), beside=(ground,))

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._new: LinesOnDisk[grounds.NewGround] | None = None
        self._rows = 0

    def check(
        self, connection: Connection, org: str, rows: Iterable[TableRow], today: date, done: Callable[[int], None]
    ) -> FileCheck:
        """As `RegisterFile.check`; counts `added` and `known`."""
        self._new = LinesOnDisk(_ground_line, _ground_of)
        counts = {"added": 0, "known": 0}
        checked = FileCheck(counts)
        count = 0
        for count, one in enumerate(
            grounds.GroundCheck(connection, org, rows, today, self._registry.snils_hash), start=1
        ):
            if one.faults:
                checked.note(one.row, one.faults)
            elif one.new is not None:
                counts["known" if one.is_known else "added"] += 1
                if not one.is_known:
                    self._new.append(one.new)
            done(count)
        self._rows = count
        return checked

    def store(self, connection: Connection, author: Author | None, done: Callable[[int], None]) -> Mapping[str, int]:
        """As `RegisterFile.store`."""
        if self._new is None:
            raise RuntimeError("a file is checked before it is stored")
        added = grounds.store_new(connection, self._new, author or Author(None, now_utc()), done)
        return {"added": added, "rows": self._rows}


class HistoryFile:
    """The file of examinations of before."""

    columns = history_columns.COLUMNS
    action = "history.import"
    tables = Tables(
        read=(), written=(history_import, foreign_exam), beside=(foreign_exam, history_import, history_withdrawal)
    )

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._org = ""
        self._new: LinesOnDisk[history.NewForeignExam] | None = None
        self._rows = 0

    def check(
        self, connection: Connection, org: str, rows: Iterable[TableRow], today: date, done: Callable[[int], None]
    ) -> FileCheck:
        """As `RegisterFile.check`; counts `added` and `known`."""
        self._org, self._new = org, LinesOnDisk(_foreign_line, _foreign_of)
        counts = {"added": 0, "known": 0}
        checked = FileCheck(counts)
        count = 0
        for count, one in enumerate(
            history.HistoryCheck(connection, org, rows, today, self._registry.snils_hash), start=1
        ):
            if one.faults:
                checked.note(one.row, one.faults)
            elif one.new is not None:
                counts["known" if one.is_known else "added"] += 1
                if not one.is_known:
                    self._new.append(one.new)
            done(count)
        self._rows = count
        return checked

    def store(self, connection: Connection, author: Author | None, done: Callable[[int], None]) -> Mapping[str, int]:
        """As `RegisterFile.store`."""
        if self._new is None:
            raise RuntimeError("a file is checked before it is stored")
        added = history.store_new(connection, self._org, self._new, author or Author(None, now_utc()), done)
        return {"added": added, "rows": self._rows}


FILES: Mapping[str, Callable[[Registry], RegisterFile]] = {
    "workers": WorkerFile,
    "grounds": GroundFile,
    "history": HistoryFile,
}
"""The kinds of files, by the name of their import."""
HEADINGS: Mapping[str, Sequence[str]] = {
    "workers": worker_columns.HEADINGS,
    "grounds": ground_columns.HEADINGS,
    "history": history_columns.HEADINGS,
}
