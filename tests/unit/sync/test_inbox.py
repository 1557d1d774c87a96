"""The inbox: committed once, applied in the order of arrival."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from sync.inbox import Inbox, migrations


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    db = Database(connection)
    migrations.apply(db)
    yield Inbox(db)
    connection.close()


def test_a_message_delivered_twice_is_stored_once(inbox: Inbox) -> None:
    assert inbox.store("a", "decision", b"1", "2026-11-22T02:00:00.000Z")
    assert not inbox.store("a", "decision", b"1", "2026-11-22T02:00:05.000Z")
    assert len(inbox.new()) == 1


def test_a_clock_that_jumps_back_does_not_reorder(inbox: Inbox) -> None:
    for name, year in (("c", 2026), ("a", 1970), ("b", 2040)):
        inbox.store(name, "reference", b"", f"{year}-01-01T00:00:00.000Z")
    assert [message.message_id for message in inbox.new()] == ["c", "a", "b"]


def test_what_is_applied_or_refused_does_not_come_again(inbox: Inbox) -> None:
    for name in "abc":
        inbox.store(name, "roster", b"", "2026-01-01T00:00:00.000Z")
    inbox.mark("a", "applied")
    inbox.mark("b", "refused", "nothing is known of it")
    assert [message.message_id for message in inbox.new()] == ["c"]
    assert [inbox.state_of(name) for name in "abcd"] == ["applied", "refused", "new", None]


def test_memory_is_bounded_by_the_asker(inbox: Inbox) -> None:
    for number in range(30):
        inbox.store(str(number), "roster", b"", "2026-01-01T00:00:00.000Z")
    assert len(inbox.new(limit=10)) == 10
