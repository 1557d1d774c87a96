"""APSW behind the DB-API that our stores speak. Plain SQLite: SQLCipher cannot be given a recording file system layer."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw


class PlainCursor:
    """Rows are read at once: only small results are asked for here."""

    arraysize = 1

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: tuple[tuple[Any, ...], ...] | None = None
        self.lastrowid: int = 0
        self.rowcount = -1

    def execute(self, statement: str, values: Sequence[Any] | dict[str, Any] = ()) -> "PlainCursor":
        """Run one statement."""
        cursor = self._connection.cursor()
        self.description = None

        def describe(running: apsw.Cursor, _sql: str, _values: Any) -> bool:
            columns = running.get_description()
            self.description = tuple((name, *(None,) * 6) for name, _ in columns) or None
            return True

        cursor.exec_trace = describe
        before = self._connection.total_changes()
        self._rows = list(cursor.execute(statement, values))
        self.lastrowid = self._connection.last_insert_rowid()
        self.rowcount = self._connection.total_changes() - before
        return self

    def executemany(self, statement: str, many: Iterable[Sequence[Any]]) -> "PlainCursor":
        """Run one statement for each set of values."""
        for values in many:
            self.execute(statement, values)
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def close(self) -> None:
        self._rows = []

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while self._rows:
            yield self._rows.pop(0)


class PlainConnection:
    """One connection through a file system layer of ours. Transactions are begun and ended by statements."""

    isolation_level = None
    row_factory = None

    def __init__(self, path: Path, vfs: str | None, pragmas: Sequence[str] = ()) -> None:
        self._connection = apsw.Connection(str(path), vfs=vfs)
        for pragma in pragmas:
            self.execute(f"PRAGMA {pragma}")

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.in_transaction)

    def cursor(self) -> PlainCursor:
        return PlainCursor(self._connection)

    def execute(self, statement: str, values: Sequence[Any] | dict[str, Any] = ()) -> PlainCursor:
        return self.cursor().execute(statement, values)

    def executemany(self, statement: str, many: Iterable[Sequence[Any]]) -> PlainCursor:
        return self.cursor().executemany(statement, many)

    def create_function(self, name: str, arguments: int, function: Any, *, deterministic: bool = False) -> None:
        self._connection.create_scalar_function(name, function, arguments, deterministic=deterministic)

    def commit(self) -> None:
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()
