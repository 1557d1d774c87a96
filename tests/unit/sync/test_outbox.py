"""The outbox: chained, signed, append-only, closed by the centre's receipt and by nothing else."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from sync.contract.canonical import GENESIS_HASH, new_id, sha256_hex
from sync.contract.envelope import MAX_MESSAGE_BYTES, ClockStamp, open_sealed
from sync.contract.receipt import Receipt
from sync.contract.topics import TerminalAddress, Up
from sync.outbox import Outbox
from sync.outbox_schema import migrations

KEY = Ed25519PrivateKey.generate()
AT = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)
PROOF = b"the signed receipts"


@pytest.fixture
def db() -> Iterator[Database]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    database = Database(connection)
    migrations.apply(database)
    yield database
    connection.close()


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db)


def append(outbox: Outbox, kind: Up = Up.EXAM, subject: str = "exam", at: datetime = AT, **payload: Any) -> str:
    return outbox.append(
        KEY,
        TerminalAddress("zarya", "kiosk-1"),
        kind=kind,
        schema="dopusk.exam/1",
        payload=payload or {"value": 1},
        subject=subject,
        generation="test",
        created_at=at,
        clock=ClockStamp(trusted=True, boot_id="b", monotonic_s=1.0),
    )


def receipt(message_id: str, outcome: str = "accepted", code: str = "") -> Receipt:
    return Receipt.model_validate({"message_id": message_id, "outcome": outcome, "code": code, "committed_at": AT})


def test_messages_are_numbered_chained_and_signed(outbox: Outbox) -> None:
    ids = [append(outbox) for _ in range(5)]
    rows = outbox.next_queued(10)
    assert [row.message_id for row in rows] == ids
    before = GENESIS_HASH
    for number, row in enumerate(rows, start=1):
        envelope = open_sealed(row.wire, KEY.public_key())
        assert (envelope.seq, envelope.prev_hash) == (number, before)
        before = sha256_hex(row.wire)


def test_a_clock_that_jumps_back_changes_neither_order_nor_numbers(outbox: Outbox) -> None:
    ids = [append(outbox, at=AT.replace(year=year)) for year in (2026, 1970, 2031, 2020)]
    assert [row.message_id for row in outbox.next_queued(10)] == ids
    assert outbox.backlog().oldest_at == "2026-11-22T02:14:00.000Z"


def test_exams_go_before_media_however_long_media_wait(outbox: Outbox) -> None:
    chunks = [append(outbox, Up.MEDIA) for _ in range(6)]
    exam = append(outbox)
    order = [row.message_id for row in outbox.next_queued(3)]
    assert order == [exam, *chunks[:2]]
    assert [row.message_id for row in outbox.next_queued(10, media_limit=1)] == [exam, chunks[0]]


def test_what_is_in_flight_is_not_given_out_again(outbox: Outbox) -> None:
    for _ in range(5):
        append(outbox)
    assert [row.seq for row in outbox.next_queued(2, without={1, 3})] == [2, 4]
    assert outbox.next_queued(0) == []


@pytest.mark.parametrize("outcome", ["accepted", "duplicate"])
def test_a_receipt_closes_its_row_and_is_kept(outbox: Outbox, db: Database, outcome: str) -> None:
    message_id = append(outbox)
    other = append(outbox)
    assert outbox.close([receipt(message_id, outcome), receipt(new_id())], PROOF) == [1]
    assert [row.message_id for row in outbox.next_queued(5)] == [other]
    (known,) = [one for one in outbox.receipts_of("exam") if one["message_id"] == message_id]
    assert known["outcome"] == outcome
    assert db.execute("SELECT wire FROM receipt_proof").fetchall() == [(PROOF,)]


def test_the_same_receipt_again_changes_nothing(outbox: Outbox, db: Database) -> None:
    message_id = append(outbox)
    outbox.close([receipt(message_id)], PROOF)
    assert outbox.close([receipt(message_id)], PROOF) == []
    assert outbox.close([receipt(message_id, "refused", "late")], PROOF) == []
    assert outbox.receipts_of("exam")[0]["outcome"] == "accepted"
    assert db.execute("SELECT count(*) FROM receipt_proof").fetchone() == (1,)


def test_a_refused_message_is_parked_with_its_reason_and_the_others_go_on(outbox: Outbox) -> None:
    refused, other = append(outbox), append(outbox)
    outbox.close([receipt(refused, "refused", "unknown_schema")], PROOF)
    assert [row.message_id for row in outbox.next_queued(5)] == [other]
    backlog = outbox.backlog()
    assert (backlog.queued, backlog.parked) == (1, 1)
    assert outbox.receipts_of("exam")[0]["code"] == "unknown_schema"
    assert outbox.release_parked(refused)
    assert [row.message_id for row in outbox.next_queued(5)] == [refused, other]
    assert not outbox.release_parked(other)


def test_a_message_beyond_the_size_of_the_wire_is_parked_at_once(outbox: Outbox) -> None:
    append(outbox, text="x" * MAX_MESSAGE_BYTES)
    assert outbox.next_queued(5) == []
    assert outbox.receipts_of("exam")[0]["code"] == "oversized"
    assert outbox.backlog().parked == 1


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM outbox",
        "DELETE FROM receipt_proof",
        "UPDATE receipt_proof SET wire = x'00'",
        "UPDATE outbox SET seq = 7",
        "UPDATE outbox SET message_id = 'x'",
        "UPDATE outbox SET kind = 'media'",
        "UPDATE outbox SET subject = 'x'",
        "UPDATE outbox SET priority = 9",
        "UPDATE outbox SET prev_hash = 'x'",
        "UPDATE outbox SET sha256 = 'x'",
        "UPDATE outbox SET created_at = 'x'",
        "UPDATE outbox SET wire = x'00'",
        "UPDATE outbox SET wire = NULL",
        "UPDATE outbox SET state = 'queued'",
        "UPDATE outbox SET receipt_at = 'x'",
    ],
)
def test_the_database_refuses_changes(outbox: Outbox, db: Database, statement: str) -> None:
    outbox.close([receipt(append(outbox))], PROOF)
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|kept"):
        db.execute(statement)


def test_media_may_be_emptied_after_its_receipt_only(outbox: Outbox, db: Database) -> None:
    chunk = append(outbox, Up.MEDIA)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute("UPDATE outbox SET wire = NULL")
    outbox.close([receipt(chunk)], PROOF)
    db.execute("UPDATE outbox SET wire = NULL")
    append(outbox)
    assert open_sealed(outbox.next_queued(1)[0].wire, KEY.public_key()).seq == 2


@given(kinds=st.lists(st.sampled_from([Up.ACK, Up.EXAM, Up.MEDIA]), max_size=30), limit=st.integers(0, 40))
def test_never_more_than_asked_for_and_the_urgent_first(kinds: list[Up], limit: int) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    db = Database(connection)
    migrations.apply(db)
    outbox = Outbox(db)
    for kind in kinds:
        append(outbox, kind)
    rows = outbox.next_queued(limit)
    order = sorted(range(len(kinds)), key=lambda at: ({"ack": 0, "exam": 1, "media": 5}[kinds[at]], at))
    assert [row.seq for row in rows] == [at + 1 for at in order[:limit]]
    connection.close()
