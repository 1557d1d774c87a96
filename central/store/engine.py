"""Opening the centre's store: SQLite with WAL and full sync, or PostgreSQL; short write and read transactions."""

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import IntegrityError

import central.store
from central.core.store_urls import parsed
from central.store.metadata import json_text, metadata

BUSY_TIMEOUT_S = 30.0
CONNECTIONS = 20
"""So many stay open once they were needed: a new one has to start a server process, or to read the schema anew."""
ROWS_AT_ONCE = 16
"""So many rows go into one statement of SQLite's. The driver keeps its last 128 statements with the values they had: with
a statement for every size of batch that was 200 MiB of people's values after a long drain."""
_READING = "dopusk_reading"
PRAGMAS = (
    "synchronous = EXTRA",
    "journal_mode = WAL",
    "foreign_keys = ON",
    f"journal_size_limit = {64 * 1024 * 1024}",
)
"""EXTRA, and before WAL: the rollback journal of a new store is deleted and its folder synced. Otherwise a power cut may
bring that journal back, and SQLite would roll the whole store back to nothing. In WAL mode EXTRA is FULL.

What a long reader has let the log grow to is cut to 64 MiB at the next checkpoint that comes to its end."""


def open_engine(url: str) -> Engine:
    """An engine for `url` (see `CentralConfig.store_url`). On SQLite each commit is synced to the disk before it returns.

    Its exceptions name the statement and not its values: they are logged, and the values are people's. (What PostgreSQL itself
    says of a violated constraint it still says.)
    """
    if not url.startswith("sqlite"):
        return create_engine(
            parsed(url), pool_size=CONNECTIONS, pool_pre_ping=True, json_serializer=json_text, hide_parameters=True
        )
    timeout = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
    engine = create_engine(
        parsed(url),
        pool_size=CONNECTIONS,
        connect_args=timeout,
        json_serializer=json_text,
        hide_parameters=True,
        insertmanyvalues_page_size=ROWS_AT_ONCE,
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: committed at the end, rolled back by an exception."""
    with engine.begin() as connection:
        yield connection


@contextlib.contextmanager
def rebuilding(engine: Engine) -> Iterator[Connection]:
    """One write transaction that may make tables anew: references are looked at once, at its end.

    SQLite changes a column by copying its table, and with its references in force it would take the rows that name the old
    table for lost. Raises `sqlalchemy.exc.IntegrityError` where a reference leads nowhere; nothing is changed then.
    """
    if engine.dialect.name != "sqlite":
        with writing(engine) as connection:
            yield connection
        return
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        # Before the transaction: inside one SQLite takes no notice of it.
        _execute(driver, "PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if lost:
                    tables = ", ".join(sorted({str(row[0]) for row in lost}))
                    raise IntegrityError("PRAGMA foreign_key_check", None, ValueError(f"rows of {tables} name nothing"))
        finally:
            _execute(driver, "PRAGMA foreign_keys = ON")


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view for reading that never waits for a writer and never makes one wait."""
    with engine.connect().execution_options(**{_READING: True}) as connection:
        yield connection


@contextlib.contextmanager
def one_connection(engine: Engine) -> Iterator[Connection]:
    """A connection for several transactions, one after the other; `set_reading` says which kind the next one is."""
    with engine.connect() as connection:
        yield connection


def set_reading(connection: Connection, *, is_reading: bool) -> Connection:
    """Let the next transactions of this connection be as those of `reading`, or as those of `writing`."""
    return connection.execution_options(**{_READING: is_reading})


def is_single_writer(engine: Engine) -> bool:
    """Whether everybody's writing waits for a transaction that writes, whatever it writes."""
    return engine.dialect.name == "sqlite"


def hold(connection: Connection, name: str) -> None:
    """Let one transaction at a time go on from here under that name, where something is read before it is written.

    SQLite has one writer as it is; PostgreSQL would let two of them read the same and both write.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def hold_registers(connection: Connection, org: str) -> None:
    """Let one change of an organisation's registers at a time go on: whoever reads them after this reads all that were made
    before, and what goes to the terminals holds them all. An empty `org` stands for the register of organisations."""
    hold(connection, f"registers of {org}")


def create_schema(engine: Engine) -> None:
    """Create all tables of all store modules without migrations and without guards. For tests and scratch stores."""
    load_tables()
    metadata.create_all(engine)


def load_tables() -> None:
    """Import every module of `central.store`, so that `metadata` knows all tables."""
    for module in pkgutil.iter_modules(central.store.__path__):
        if not module.ispkg:
            importlib.import_module(f"central.store.{module.name}")


def _execute(driver: Any, statement: str) -> None:
    cursor = driver.cursor()
    cursor.execute(statement)
    cursor.close()


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling would begin transactions deferred, and a deferred one that turns into a
    # writer fails at once instead of waiting for its turn.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
