"""Rows by the thousand into either store, in the caller's transaction: `executemany` on SQLite, `COPY` on PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Connection, Engine, Table, text

from central.store.metadata import UtcDateTime, json_text

Convert = Callable[[Any], Any]
_CACHE_KIB = 400_000
"""Of SQLite, while so many rows go into its indexes."""
_CHECKPOINT_PAGES = 100_000
"""400 MB of log, in place of SQLite's 4: a page of an index is copied into the store once for many batches, and not after each."""


class Bulk:
    """Collects rows of tables and writes them with `write`. JSON columns take a value, or bytes that are JSON already."""

    def __init__(self) -> None:
        self.rows: dict[Table, list[dict[str, Any]]] = {}

    def add(self, table: Table, row: dict[str, Any]) -> None:
        """One row. All rows of a table have the same columns."""
        self.rows.setdefault(table, []).append(row)

    def write(self, connection: Connection) -> None:
        """Write everything and forget it."""
        for table, rows in self.rows.items():
            names = list(rows[0])
            converts = [_convert(table, name, connection) for name in names]
            values = (
                [convert(row[name]) if convert else row[name] for name, convert in zip(names, converts, strict=True)]
                for row in rows
            )
            if connection.dialect.name == "sqlite":
                _insert(connection, table, names, values)
            else:
                _copy(connection, table, names, values)
        self.rows.clear()


def _insert(connection: Connection, table: Table, names: list[str], values: Iterator[list[Any]]) -> None:
    columns, places = ", ".join(f'"{name}"' for name in names), ", ".join("?" for _ in names)
    statement = f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})'  # noqa: S608 - names of our own tables
    connection.exec_driver_sql(statement, [tuple(row) for row in values])


def _copy(connection: Connection, table: Table, names: list[str], values: Iterator[list[Any]]) -> None:
    columns = ", ".join(f'"{name}"' for name in names)
    driver: Any = connection.connection.dbapi_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
        for row in values:
            copy.write_row(row)


def _convert(table: Table, name: str, connection: Connection) -> Convert | None:
    kind = table.c[name].type
    if isinstance(kind, JSON):
        return _json
    if isinstance(kind, UtcDateTime):
        return _moment_text if connection.dialect.name == "sqlite" else None
    return kind.dialect_impl(connection.dialect).bind_processor(connection.dialect)


def _moment_text(value: datetime | None) -> str | None:
    """As SQLAlchemy writes a moment into SQLite, in a tenth of its time."""
    return None if value is None else value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _json(value: Any) -> str | None:
    if value is None:
        return None
    return value.decode("utf-8") if isinstance(value, bytes) else json_text(value)


@contextmanager
def loading(engine: Engine) -> Iterator[Connection]:
    """A connection of its own on which commits are not waited for; the planner's statistics are made at its end.

    After a power cut the newest of its commits may be gone, each of them whole.
    """
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        # Outside of a transaction, where SQLite refuses these.
        driver: Any = connection.connection.dbapi_connection
        connection.detach()  # the pool must not hand out what is set here
        if sqlite:
            driver.execute("PRAGMA synchronous = NORMAL")
            driver.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            driver.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        else:
            driver.execute("SET synchronous_commit = off")
            driver.commit()
        yield connection
        if sqlite:
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            connection.execute(text("ANALYZE"))
            connection.commit()
