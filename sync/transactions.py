"""Write transactions that wait for their turn.

A deferred transaction that reads first and writes later fails at once, without waiting, when another process has written
in between (SQLite: `SQLITE_BUSY_SNAPSHOT`). The kiosk and the sync process share one file, so every transaction that may
write takes the write lock at its beginning.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlcipher3
from sqlite_utils import Database

STORE_TROUBLE: tuple[type[Exception], ...] = (sqlite3.OperationalError, sqlcipher3.OperationalError)
"""The store cannot be used *now*: disk full, locked by another program, read-only. Waiting or making room helps."""

STORE_DAMAGE: tuple[type[Exception], ...] = (sqlite3.DatabaseError, sqlcipher3.DatabaseError)
"""Also the kinds of error that waiting does not cure; a superset of `STORE_TROUBLE`."""


def is_full(error: Exception) -> bool:
    """Whether a `STORE_TROUBLE` is for want of room on the disk."""
    return "full" in str(error)


def is_of_the_store(error: BaseException) -> bool:
    """Whether the store itself is in trouble or damaged, and not what was to be written or read there."""
    return isinstance(error, STORE_TROUBLE) or type(error) in STORE_DAMAGE


@contextmanager
def writing(db: Database) -> Iterator[None]:
    """One transaction with the write lock, committed with a full sync or rolled back; inside another one, a savepoint.

    Raises one of `STORE_TROUBLE` when the lock is not to be had within the connection's time-out or the disk is full.
    """
    if db.conn.in_transaction:
        with db.atomic():
            yield
        return
    connection = db.conn
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
