"""Rows by the thousand into either store: `executemany` on SQLite, `COPY` on PostgreSQL. For benchmarks only."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import JSON, Connection, Engine, Table, text

Convert = Callable[[Any], Any]


class Bulk:
    """Collects rows of tables and writes them with `flush`. JSON columns take text that is JSON already, or a value."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[Table, list[dict[str, Any]]] = {}

    def add(self, table: Table, row: dict[str, Any]) -> None:
        """One row. All rows of a table have the same columns."""
        self._rows.setdefault(table, []).append(row)

    def flush(self) -> None:
        """Write everything and commit."""
        for table, rows in self._rows.items():
            names = list(rows[0])
            converts = [_convert(table, name, self._connection) for name in names]
            values = (
                [convert(row[name]) if convert else row[name] for name, convert in zip(names, converts, strict=True)]
                for row in rows
            )
            if self._connection.dialect.name == "sqlite":
                self._insert(table, names, values)
            else:
                self._copy(table, names, values)
        self._rows.clear()
        self._connection.commit()
        # `COPY` goes past SQLAlchemy, which then knows of nothing to commit.
        driver: Any = self._connection.connection.driver_connection
        driver.commit()

    def _insert(self, table: Table, names: list[str], values: Iterator[list[Any]]) -> None:
        columns, places = ", ".join(f'"{name}"' for name in names), ", ".join("?" for _ in names)
        statement = f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})'  # noqa: S608 - names of our own tables
        self._connection.exec_driver_sql(statement, [tuple(row) for row in values])

    def _copy(self, table: Table, names: list[str], values: Iterator[list[Any]]) -> None:
        columns = ", ".join(f'"{name}"' for name in names)
        driver: Any = self._connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            for row in values:
                copy.write_row(row)


def _convert(table: Table, name: str, connection: Connection) -> Convert | None:
    kind = table.c[name].type
    if isinstance(kind, JSON):
        return lambda value: value if value is None or isinstance(value, str) else json.dumps(value)
    return kind.dialect_impl(connection.dialect).bind_processor(connection.dialect)


@contextmanager
def loading(engine: Engine) -> Iterator[Connection]:
    """A connection that need not survive a power cut until it ends; the planner's statistics are made at its end."""
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        # Outside of a transaction, where SQLite refuses these.
        driver: Any = connection.connection.driver_connection
        if sqlite:
            driver.execute("PRAGMA synchronous = OFF")
            driver.execute("PRAGMA cache_size = -1000000")
        else:
            connection.execute(text("SET synchronous_commit = off"))
            connection.commit()
        yield connection
        if sqlite:
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            connection.execute(text("ANALYZE"))
            connection.commit()
