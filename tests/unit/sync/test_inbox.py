"""The inbox: committed once, applied in the order of arrival."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from sync.contract.receipt import RefusedMessage
from sync.inbox import MOST_REFUSED_ARRIVALS, Inbox, migrations


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    db = Database(connection)
    migrations.apply(db)
    yield Inbox(db)
    connection.close()


def test_a_message_delivered_twice_is_stored_once(inbox: Inbox) -> None:
    assert inbox.store("a", "decision", b"1")
    assert not inbox.store("a", "decision", b"1")
    assert len(inbox.new()) == 1


def test_messages_are_applied_in_the_order_they_came(inbox: Inbox) -> None:
    for name in "cab":
        inbox.store(name, "reference", b"")
    assert [message.message_id for message in inbox.new()] == ["c", "a", "b"]


def test_what_is_applied_or_refused_does_not_come_again(inbox: Inbox) -> None:
    for name in "abc":
        inbox.store(name, "roster", b"")
    inbox.mark("a", "applied")
    inbox.mark("b", "refused", "nothing is known of it")
    assert [message.message_id for message in inbox.new()] == ["c"]
    assert [inbox.state_of(name) for name in "abcd"] == ["applied", "refused", "new", None]


def test_memory_is_bounded_by_the_asker(inbox: Inbox) -> None:
    for number in range(30):
        inbox.store(str(number), "roster", b"")
    assert len(inbox.new(limit=10)) == 10


def _refused(number: int) -> RefusedMessage:
    return RefusedMessage(message_id=None, sha256=f"{number:064x}", code="malformed", reason="not JSON")


def test_a_refusal_waits_once_until_the_centre_is_told(inbox: Inbox) -> None:
    assert inbox.note_refused(_refused(1))
    assert not inbox.note_refused(_refused(1))
    assert inbox.refused_arrivals() == [_refused(1)]
    inbox.drop_refused(_refused(1).sha256)
    assert inbox.refused_arrivals() == []


def test_a_flood_of_forgeries_does_not_fill_the_disk(inbox: Inbox) -> None:
    taken = [inbox.note_refused(_refused(number)) for number in range(MOST_REFUSED_ARRIVALS + 5)]
    assert taken.count(True) == MOST_REFUSED_ARRIVALS


def test_another_message_under_a_known_id_is_told_from_a_copy(inbox: Inbox) -> None:
    inbox.store("a", "decision", b"1")
    assert not inbox.holds_other("a", b"1")
    assert inbox.holds_other("a", b"2")
    assert not inbox.holds_other("b", b"2")
