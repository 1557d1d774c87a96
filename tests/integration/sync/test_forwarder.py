"""The sync side against a real broker and a real centre: whatever happens to the wire, nothing is lost and nothing doubled."""

import logging
import threading
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.link.outgoing import Outgoing
from central.store.engine import writing
from simulators.fleet_terminal import FleetTerminal
from sync.contract.receipt import RECEIPT_SCHEMA, ReceiptBatch
from sync.contract.topics import Down, Up
from sync.transactions import writing as writing_store
from tests.broker import ORG
from tests.integration.sync.conftest import SyncedTerminal
from tests.unit.terminal.store.scene import receipt
from tests.waiting import LONGEST_S, until

# paho leaves a socket to the garbage collector when the TLS handshake is cut off; it is closed there.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PHOTO = bytes(range(256)) * 1200


def test_an_exam_with_its_photo_arrives_and_is_receipted(terminal: SyncedTerminal) -> None:
    exam_id = terminal.exam(photo=PHOTO)
    terminal.start()
    assert until(lambda: terminal.queued == 0)
    assert terminal.exams_at_centre() == [exam_id]
    photo = terminal.store.db.execute("SELECT sha256 FROM media").fetchone()[0]
    stored = terminal.centre.config.media_dir / photo[:2] / photo
    assert until(stored.exists)
    assert stored.read_bytes() == PHOTO


def test_a_backlog_survives_the_end_of_the_sync_process(terminal: SyncedTerminal) -> None:
    """The library keeps its queue in memory only; ours is on the disk."""
    exams = [terminal.exam() for _ in range(20)]
    terminal.proxy.cut()
    terminal.start()
    assert until(lambda: bool(terminal.reports) and terminal.reports[-1].backlog.queued == 20)
    assert not terminal.is_connected
    terminal.stop()
    terminal.proxy.heal()
    terminal.start()
    assert until(lambda: terminal.queued == 0)
    assert sorted(terminal.exams_at_centre()) == sorted(exams)


def test_a_cut_wire_loses_nothing(terminal: SyncedTerminal) -> None:
    """What is taken in the seconds around the cut arrives as well."""
    terminal.start()
    exams = []
    for _ in range(4):
        exams.append(terminal.exam())
        terminal.proxy.cut()
        exams.append(terminal.exam())
        terminal.proxy.heal()
        exams.append(terminal.exam())
    assert until(lambda: terminal.queued == 0)
    assert sorted(terminal.exams_at_centre()) == sorted(exams)
    assert terminal.messages_at_centre() == len(exams)


def test_a_half_open_connection_is_noticed(terminal: SyncedTerminal) -> None:
    terminal.start()
    assert until(lambda: terminal.is_connected)
    terminal.proxy.half_open()
    exam_id = terminal.exam()
    assert until(lambda: not terminal.is_connected)
    terminal.proxy.heal()
    assert until(lambda: terminal.queued == 0)
    assert terminal.exams_at_centre() == [exam_id]


def test_a_broker_that_forgets_everything_costs_nothing(terminal: SyncedTerminal) -> None:
    """The broker had acknowledged; the centre had not. The broker then dies with its memory."""
    terminal.centre.stop_ingest()
    terminal.start(receipt_patience_s=3600.0)
    exams = [terminal.exam() for _ in range(5)]
    assert until(lambda: "nobody" in terminal.reason)
    broker = terminal.centre.broker
    broker.kill()
    broker.forget()
    broker.start()
    terminal.centre.start_ingest()
    assert until(lambda: terminal.queued == 0)
    assert sorted(terminal.exams_at_centre()) == sorted(exams)


def test_nobody_at_the_centre_is_said_and_soon_noticed_to_be_over(terminal: SyncedTerminal) -> None:
    terminal.centre.stop_ingest()
    terminal.start(receipt_patience_s=3600.0)
    exams = [terminal.exam() for _ in range(30)]
    assert until(lambda: "nobody" in terminal.reason)
    assert until(lambda: terminal.is_connected)
    terminal.centre.start_ingest()
    assert until(lambda: terminal.queued == 0)
    assert sorted(terminal.exams_at_centre()) == sorted(exams)
    assert until(lambda: terminal.reason == "")


def test_a_frozen_broker_that_never_acknowledges_costs_no_more_than_the_window(terminal: SyncedTerminal) -> None:
    terminal.start()
    assert until(lambda: terminal.is_connected)
    terminal.centre.broker.pause()
    exams = [terminal.exam() for _ in range(15)]
    assert until(lambda: not terminal.is_connected)
    terminal.centre.broker.resume()
    assert until(lambda: terminal.queued == 0)
    assert sorted(terminal.exams_at_centre()) == sorted(exams)
    assert terminal.messages_at_centre() == len(exams)


def test_a_lost_receipt_is_asked_for_by_sending_again(terminal: SyncedTerminal) -> None:
    """The centre has the exam, the terminal was gone when the receipt came, and its session at the broker is gone too."""
    exam_id = terminal.exam()
    _, direct = terminal.centre.identity("somebody")
    address = replace(direct, cert_file=terminal.broker.cert_file, key_file=terminal.broker.key_file)
    fleet = FleetTerminal(terminal.identity, address)
    fleet.start()
    outgoing = terminal.store.outbox.next_queued(5)
    for row in outgoing:
        fleet.publish(row.kind, row.wire)
    assert fleet.wait_for_receipts([row.message_id for row in outgoing])
    fleet.stop()
    terminal.start()
    assert until(lambda: terminal.queued == 0)
    assert {one["outcome"] for one in terminal.store.outbox.receipts_of(exam_id)} == {"duplicate"}
    assert terminal.exams_at_centre() == [exam_id]


def test_a_refused_message_is_parked_and_the_next_one_goes_through(terminal: SyncedTerminal) -> None:
    with terminal.store.transaction():
        stamp = next(terminal.store.log.events_of(terminal.exam())).stamp
        bad = terminal.store.queue(Up.EXAM, "dopusk.unheard-of/9", {"x": 1}, subject="bad", stamp=stamp)
    good = terminal.exam()
    terminal.start()
    assert until(lambda: terminal.queued == 0)
    (parked,) = terminal.store.outbox.receipts_of("bad")
    assert (parked["message_id"], parked["outcome"], parked["code"]) == (bad, "refused", "unknown_schema")
    assert good in terminal.exams_at_centre()
    assert until(lambda: terminal.reports[-1].backlog.parked == 1)


def test_a_locked_store_is_waited_out(terminal: SyncedTerminal, caplog: pytest.LogCaptureFixture) -> None:
    """Another program holds the lock longer than the time-out; nothing is acknowledged, nothing is lost."""
    exam_id = terminal.exam()
    with caplog.at_level(logging.ERROR), writing_store(terminal.store.db):
        terminal.start(busy_timeout_s=0.05)
        assert until(lambda: "store cannot be used" in terminal.reason)
    assert until(lambda: terminal.queued == 0)
    assert terminal.exams_at_centre() == [exam_id]
    assert "locked" in caplog.text


@pytest.mark.parametrize(
    "what",
    ["not signed by the centre", "signed by another centre", "not JSON", "for another terminal", "no receipt at all"],
)
def test_what_only_pretends_to_come_from_the_centre_closes_nothing(
    terminal: SyncedTerminal, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    terminal.centre.stop_ingest()
    exam_id = terminal.exam()
    (row,) = terminal.store.outbox.next_queued(1)
    batch = ReceiptBatch(receipts=(receipt(row.message_id),)).model_dump(mode="json")
    ingest_side = Outgoing.from_config(terminal.centre.config)
    other_centre = Outgoing(Ed25519PrivateKey.generate(), "test")
    stranger, _ = terminal.centre.identity("stranger")
    wire = {
        "not signed by the centre": stranger.seal(RECEIPT_SCHEMA, batch)[1].wire,
        "signed by another centre": other_centre.seal_unchained("kiosk-1", RECEIPT_SCHEMA, batch).wire,
        "not JSON": b"\xff" * 40,
        "for another terminal": ingest_side.seal_unchained("kiosk-2", RECEIPT_SCHEMA, batch).wire,
        "no receipt at all": ingest_side.seal_unchained("kiosk-1", RECEIPT_SCHEMA, {"receipts": "all"}).wire,
    }[what]
    terminal.start()
    assert until(lambda: terminal.is_connected)
    terminal.centre.dispatcher._link.publish(terminal.address.down(Down.RECEIPT), wire)
    assert until(lambda: "refused" in caplog.text)
    assert terminal.queued == 1
    terminal.centre.start_ingest()
    assert until(lambda: terminal.queued == 0)
    assert terminal.exams_at_centre() == [exam_id]


def test_a_roster_comes_down_is_stored_once_and_told(terminal: SyncedTerminal) -> None:
    with writing(terminal.centre.engine) as connection:
        terminal.centre.registry.publish_roster(connection, ORG)
    terminal.centre.dispatcher.wake()
    terminal.start()
    assert terminal.inbox_news.wait(LONGEST_S)
    messages = terminal.store.inbox.new()
    assert {message.kind for message in messages} == {"roster"}
    assert len({message.message_id for message in messages}) == len(messages)


def test_two_processes_on_one_store_never_fail_for_the_lock(terminal: SyncedTerminal) -> None:
    """The core writes as fast as it can while the sync side closes receipts."""
    terminal.start()
    exams = [terminal.exam() for _ in range(60)]
    assert until(lambda: terminal.queued == 0)
    assert sorted(terminal.exams_at_centre()) == sorted(exams)


def test_it_ends_when_asked_even_with_a_frozen_broker(terminal: SyncedTerminal) -> None:
    terminal.start()
    assert until(lambda: terminal.is_connected)
    terminal.centre.broker.pause()
    terminal.exam()
    terminal.stop()
    terminal.centre.broker.resume()
    assert not [thread for thread in threading.enumerate() if thread.name == "sync"]
