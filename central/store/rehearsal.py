"""Many writes worked out beside the store, and then written in one short transaction. For SQLite, which has one writer.

The code that stores a file runs, unchanged, on a reading connection on which temporary tables stand before those of the store under
the same names: it reads what it has written itself, and nobody waits. What it wrote is kept as statements with their values, in a
file without a name. Run once more on the store they need a tenth of the time.
"""

import marshal
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Table, and_, event, literal_column, or_, select
from sqlalchemy.schema import CreateIndex, CreateTable

from central.store.register_changes import register_change
from central.store.registry import worker

_CACHE_KIB = 400_000
"""Of SQLite, while so many rows go into its indexes."""
_USUAL_CACHE_KIB = 2_000
"""SQLite's own default."""
_WRITES = ("INSERT", "UPDATE", "DELETE")
_REFUSED = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})


class Rehearsed:
    """What was written, and what of the store it holds for. Close it."""

    def __init__(self, org: str, beside: Sequence[Table]) -> None:
        """`beside`: tables in which new rows of the organisation make it stale."""
        self._org = org
        self._seen = dict.fromkeys((register_change, *beside), 0)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this object

    def begin(self, connection: Connection) -> None:
        """What is read from here on is what it was worked out from."""
        self._seen = {table: _newest(connection, table) for table in self._seen}

    def note(self, _connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        """Before a statement runs: keep it if it writes."""
        if statement.lstrip()[:6].upper() in _WRITES:
            # A list has the values of many runs; a tuple those of one, of several rows perhaps.
            rows = [tuple(map(_plain, row)) for row in (values if isinstance(values, list) else [values])]
            marshal.dump((statement, rows), self._file)

    def holds(self, connection: Connection) -> bool:
        """Whether nothing that it was worked out from has changed since. In the transaction that is to write it."""
        return not any(
            connection.execute(
                select(_rowid(table)).select_from(table).where(*self._is_about(table, newest)).limit(1)
            ).first()
            for table, newest in self._seen.items()
        )

    def write(self, connection: Connection) -> None:
        """Write it, in the caller's transaction. Raises `sqlalchemy.exc.IntegrityError` where somebody has written the same."""
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KIB}")
        try:
            self._file.seek(0)
            while True:
                try:
                    statement, rows = marshal.load(self._file)  # noqa: S302 - written by this process, in a file without a name
                except EOFError:
                    return
                connection.exec_driver_sql(statement, rows)
        finally:
            connection.exec_driver_sql(f"PRAGMA cache_size = -{_USUAL_CACHE_KIB}")

    def close(self) -> None:
        """It is needed no more."""
        self._file.close()

    def _is_about(self, table: Table, newest: int) -> list[ColumnElement[bool]]:
        is_new = _rowid(table) > newest
        if table is not register_change:
            return [is_new, table.c.org == self._org] if "org" in table.c else [is_new]
        # Another organisation's entry of a person whom this one has too says what the person is called.
        own = select(worker.c.person_id).where(worker.c.org == self._org)
        shared = select(worker.c.worker_id).where(worker.c.person_id.in_(own))
        c = register_change.c
        return [is_new, or_(c.org == self._org, and_(c.kind == "workers", c.entry_id.in_(shared)))]


@contextmanager
def rehearsing(
    connection: Connection, rehearsed: Rehearsed, *, read: Sequence[Table], written: Sequence[Table]
) -> Iterator[None]:
    """Let what is written inside, on a connection of `central.store.engine.reading`, be kept and not done.

    `read`: tables that are written and read; `written`: those that are only written, and seem empty inside. Writing into any
    other raises `sqlalchemy.exc.DatabaseError`.
    """
    rehearsed.begin(connection)
    for table in (*read, *written):
        _stand_before(connection, table, full=table in read)
    driver: Any = connection.connection.driver_connection
    event.listen(connection, "before_cursor_execute", rehearsed.note)
    driver.set_authorizer(_only_temporary)
    try:
        yield
    finally:
        driver.set_authorizer(None)
        event.remove(connection, "before_cursor_execute", rehearsed.note)
        # The temporary tables go with the transaction, which `reading` rolls back.
        connection.rollback()


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


def _only_temporary(action: int, _what: str | None, _more: str | None, schema: str | None, _trigger: str | None) -> int:
    return sqlite3.SQLITE_DENY if action in _REFUSED and schema != "temp" else sqlite3.SQLITE_OK


def _rowid(table: Table) -> ColumnElement[int]:
    """SQLite's own number of a row: of tables to which rows are only added it grows."""
    return literal_column(f'"{table.name}".rowid', Integer())


def _newest(connection: Connection, table: Table) -> int:
    return int(connection.exec_driver_sql(f'SELECT coalesce(max(rowid), 0) FROM "{table.name}"').scalar_one())  # noqa: S608 - our name


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
