"""The watch itself: it sees what it is there for, on both stores, and nothing else."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import argon2
import pytest
from sqlalchemy import Engine, select, text

from central.access import accounts
from central.store.engine import reading, writing
from tests import lock_watch
from tests.lock_watch import watching


@pytest.fixture(autouse=True)
def _everybody_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """In these tests the test itself is the offender."""
    monkeypatch.setattr(lock_watch, "_place", lambda: "here")


def _compute() -> None:
    end = time.thread_time() + 0.3
    while time.thread_time() < end:
        pass


SLOW: dict[str, Callable[[], object]] = {
    "a password": lambda: argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("x"),
    "a password of ours": lambda: accounts.hash_password("x"),
    "a file": lambda: Path("/etc/hostname").read_bytes(),
    "a process": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    "a socket": lambda: socket.getaddrinfo("127.0.0.1", 1),
    "a pause": lambda: time.sleep(0),
    "computing": _compute,
}


@pytest.mark.parametrize("slow", SLOW.values(), ids=SLOW)
def test_slow_work_is_seen_under_the_lock_and_not_beside_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, slow: Callable[[], object]
) -> None:
    monkeypatch.setattr(lock_watch, "MOST_OWN_S", 0.2)
    with watching() as watch:
        slow()
        with reading(engine) as connection:
            connection.execute(text("SELECT 1"))
            slow()
        with writing(engine) as connection:
            connection.execute(select(accounts.store.account.c.account_id))
        slow()
        assert watch.offences == []
        with writing(engine):
            slow()
        assert len(watch.offences) >= 1
        assert "under the write lock" in watch.offences[0]


def test_a_transaction_that_fails_ends_the_watch_of_it(engine: Engine) -> None:
    with watching() as watch:
        with pytest.raises(ZeroDivisionError), writing(engine):
            _ = 1 // 0
        time.sleep(0)
        assert watch.offences == []
        assert watch.transactions == 1


def test_the_store_s_own_time_is_the_store_s(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_watch, "MOST_OWN_S", 0.2)
    counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT max(i) FROM n"
    with watching() as watch, writing(engine) as connection:
        connection.execute(text(counting)).all()
    assert watch.offences == []
