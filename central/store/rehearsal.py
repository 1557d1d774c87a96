"""Many writes worked out beside the store, and then written in one short transaction. For SQLite, which has one writer.

The code that stores a file runs, unchanged, on a reading connection on which temporary tables stand before those of the store under
the same names: it reads what it has written itself, and nobody waits. What it wrote is kept as statements with their values, in a
file without a name. Run once more on the store they need a small part of the time.
"""

import marshal
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, Engine, Integer, Table, and_, event, literal_column, or_, select
from sqlalchemy.schema import CreateIndex, CreateTable

from central.store.engine import one_connection, set_reading
from central.store.register_changes import register_change
from central.store.registry import worker

_CACHE_KIB = 400_000
"""Of SQLite, while so many rows go into its indexes."""
_USUAL_CACHE_KIB = 2_000
"""SQLite's own default."""
_WRITES = ("INSERT", "UPDATE", "DELETE")
_REFUSED = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_BESIDE = "beside"
"""What the file without a name is called on its connection."""
_OURS = ("temp", _BESIDE)
_NEW_ROW = re.compile(r"(INSERT INTO \w+ \([\w, ]+\)) VALUES \((\?(?:, \?)*)\)")
"""A statement that adds one row. SQLite takes the rows of many from another table in half the time that Python takes to hand
them over."""


class Rehearsed:
    """What was written, and what of the store it holds for. All of it is gone when the context is left."""

    def __init__(self, engine: Engine, org: str, beside: Sequence[Table]) -> None:
        """`beside`: tables in which new rows of the organisation make it stale."""
        self._org = org
        self._seen = dict.fromkeys((register_change, *beside), 0)
        self._open: AbstractContextManager[Connection] = one_connection(engine)
        self._kept: dict[str, tuple[str, int]] = {}
        """By statement: the table that has the values of its runs, and how many there are."""

    def __enter__(self) -> Self:
        self._connection = self._open.__enter__()
        driver: Any = self._connection.connection.driver_connection
        self._driver = driver
        # A database without a name is a file that has none: it goes with the connection, however the process ends.
        self._driver.execute(f"ATTACH DATABASE '' AS {_BESIDE}")
        self._driver.execute(f"CREATE TABLE {_BESIDE}.step (step_id INTEGER PRIMARY KEY, statement TEXT, given BLOB)")
        return self

    def __exit__(self, *error: Any) -> None:
        self._driver.execute(f"DETACH DATABASE {_BESIDE}")
        self._open.__exit__(*error)

    @contextmanager
    def viewing(self) -> Iterator[Connection]:
        """One consistent view of the store, for `working_out`."""
        connection = set_reading(self._connection, is_reading=True)
        with connection.begin():
            self._seen = {table: _newest(connection, table) for table in self._seen}
            yield connection

    @contextmanager
    def working_out(self, *, read: Sequence[Table], written: Sequence[Table]) -> Iterator[None]:
        """Let what is written on the view be kept and not done. Inside `viewing`.

        `read`: tables that are written and read; `written`: those that are only written, and seem empty. Writing into any other
        raises `sqlalchemy.exc.DatabaseError`.
        """
        for table in (*read, *written):
            _stand_before(self._connection, table, full=table in read)
        event.listen(self._connection, "before_cursor_execute", self._note)
        self._driver.set_authorizer(_only_beside)
        try:
            yield
        finally:
            self._driver.set_authorizer(None)
            event.remove(self._connection, "before_cursor_execute", self._note)
        for table in (*read, *written):
            self._connection.exec_driver_sql(f"DROP TABLE temp.{table.name}")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction, for `holds` and `write`: committed at the end, rolled back by an exception."""
        connection = set_reading(self._connection, is_reading=False)
        self._driver.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        try:
            with connection.begin():
                yield connection
        finally:
            self._driver.execute(f"PRAGMA cache_size = -{_USUAL_CACHE_KIB}")

    def holds(self) -> bool:
        """Whether nothing that it was worked out from has changed since. Inside `writing`."""
        return not any(
            self._connection.execute(
                select(_rowid(table)).select_from(table).where(*self._is_about(table, newest)).limit(1)
            ).first()
            for table, newest in self._seen.items()
        )

    def write(self) -> None:
        """Write it. Inside `writing`. Raises `sqlalchemy.exc.IntegrityError` where somebody has written the same."""
        steps = f"SELECT statement, given FROM {_BESIDE}.step ORDER BY step_id"  # noqa: S608 - our name
        for statement, given in self._driver.execute(steps):
            self._connection.exec_driver_sql(statement, marshal.loads(given))  # noqa: S302 - written by this process

    def _note(self, _connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        """Before a statement runs: keep it if it writes."""
        if statement.lstrip()[:6].upper() not in _WRITES:
            return
        # A list has the values of many runs; a tuple those of one, of several rows perhaps.
        rows = [tuple(map(_plain, row)) for row in (values if isinstance(values, list) else [values])]
        if (adds := _NEW_ROW.fullmatch(statement)) is not None:
            statement, rows = self._taken_from_beside(adds[1], adds[2].count("?"), statement, rows)
        given = marshal.dumps(rows)
        self._driver.execute(f"INSERT INTO {_BESIDE}.step (statement, given) VALUES (?, ?)", (statement, given))  # noqa: S608 - our name

    def _taken_from_beside(self, into: str, width: int, statement: str, rows: list[Any]) -> tuple[str, list[Any]]:
        """The statement that adds the same rows from a table beside, and its values."""
        names = ", ".join(f"c{place}" for place in range(width))
        if statement not in self._kept:
            self._kept[statement] = (f"kept_{len(self._kept)}", 0)
            # Columns without a type keep each value as it was given.
            self._driver.execute(f"CREATE TABLE {_BESIDE}.{self._kept[statement][0]} ({names})")
        table, first = self._kept[statement]
        marks = ", ".join("?" * width)
        self._driver.executemany(f"INSERT INTO {_BESIDE}.{table} VALUES ({marks})", rows)  # noqa: S608 - our name
        self._kept[statement] = table, first + len(rows)
        taken = f"SELECT {names} FROM {_BESIDE}.{table} WHERE rowid > ? AND rowid <= ?"  # noqa: S608 - our names
        return f"{into} {taken}", [(first, first + len(rows))]

    def _is_about(self, table: Table, newest: int) -> list[ColumnElement[bool]]:
        is_new = _rowid(table) > newest
        if table is not register_change:
            return [is_new, table.c.org == self._org] if "org" in table.c else [is_new]
        # Another organisation's entry of a person whom this one has too says what the person is called.
        own = select(worker.c.person_id).where(worker.c.org == self._org)
        shared = select(worker.c.worker_id).where(worker.c.person_id.in_(own))
        c = register_change.c
        return [is_new, or_(c.org == self._org, and_(c.kind == "workers", c.entry_id.in_(shared)))]


def _stand_before(connection: Connection, table: Table, *, full: bool) -> None:
    """A temporary table of the same name and form. References are looked at when the store itself is written."""
    made = str(CreateTable(table, include_foreign_key_constraints=[]).compile(connection))
    connection.exec_driver_sql(made.replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1))
    if full:
        names = ", ".join(f'"{column.name}"' for column in table.c)
        copy = f'INSERT INTO temp."{table.name}" ({names}) SELECT {names} FROM main."{table.name}"'  # noqa: S608 - our names
        connection.exec_driver_sql(copy)
        for index in table.indexes:
            connection.execute(CreateIndex(index))


def _only_beside(action: int, _what: str | None, _more: str | None, schema: str | None, _trigger: str | None) -> int:
    return sqlite3.SQLITE_DENY if action in _REFUSED and schema not in _OURS else sqlite3.SQLITE_OK


def _rowid(table: Table) -> ColumnElement[int]:
    """SQLite's own number of a row: of tables to which rows are only added it grows."""
    return literal_column(f'"{table.name}".rowid', Integer())


def _newest(connection: Connection, table: Table) -> int:
    return int(connection.exec_driver_sql(f'SELECT coalesce(max(rowid), 0) FROM "{table.name}"').scalar_one())  # noqa: S608 - our name


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
