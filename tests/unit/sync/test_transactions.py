"""Write transactions of two connections on one file."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from sync.transactions import STORE_TROUBLE, writing


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    connections = [
        sqlite3.connect(tmp_path / "x.db", isolation_level=None, timeout=0.05, check_same_thread=False) for _ in "ab"
    ]
    first, second = (Database(connection) for connection in connections)
    first.execute("PRAGMA journal_mode = WAL")
    first.execute("CREATE TABLE t (x INTEGER)")
    yield first, second
    for connection in connections:
        connection.close()


def test_a_reader_that_turns_writer_keeps_its_turn(pair: tuple[Database, Database]) -> None:
    first, second = pair
    with writing(first):
        assert first.execute("SELECT count(*) FROM t").fetchone() == (0,)
        with pytest.raises(STORE_TROUBLE, match="locked"), writing(second):
            pytest.fail("two writers at once")
        first.execute("INSERT INTO t VALUES (1)")
    with writing(second):
        second.execute("INSERT INTO t VALUES (2)")
    assert first.execute("SELECT sum(x) FROM t").fetchone() == (3,)


def test_an_error_rolls_back_and_leaves_no_transaction_open(pair: tuple[Database, Database]) -> None:
    first, _ = pair
    with pytest.raises(KeyError):
        _insert_and_fail(first, 1)
    assert not first.conn.in_transaction
    assert first.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_an_inner_transaction_can_fail_alone(pair: tuple[Database, Database]) -> None:
    first, _ = pair
    with writing(first):
        first.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(KeyError):
            _insert_and_fail(first, 2)
    assert first.execute("SELECT sum(x) FROM t").fetchone() == (1,)


def _insert_and_fail(db: Database, value: int) -> None:
    with writing(db):
        db.execute("INSERT INTO t VALUES (?)", (value,))
        raise KeyError
