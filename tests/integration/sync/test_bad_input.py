"""What a terminal may meet on the wire and on its disk: refused or survived with a word on it, and nothing is lost."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from central.link.outgoing import Outgoing
from central.store.anomalies import anomaly
from central.store.engine import reading
from sync import metrics
from sync.broker_address import LinkFilesError
from sync.contract.envelope import MAX_MESSAGE_BYTES
from sync.contract.receipt import RECEIPT_SCHEMA
from sync.contract.topics import Down
from terminal.store.database import KeyFile, connect
from terminal.store.store import TerminalStore
from tests.broker import write_pair
from tests.integration.sync.conftest import SyncedTerminal
from tests.unit.terminal.store.scene import play_exam
from tests.waiting import until

# paho leaves a socket to the garbage collector when the TLS handshake is cut off; it is closed there.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def _nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"deeper": value}
    return value


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (_nested(60), "malformed"),
        ({"receipts": [{"message_id": 7, "outcome": ["accepted"], "committed_at": "yesterday"}]}, "malformed"),
        ({"receipts": []}, "malformed"),
        ({"text": "x" * (MAX_MESSAGE_BYTES + 1)}, "oversized"),
    ],
    ids=["deeply nested", "wrongly typed", "empty", "oversized"],
)
def test_a_bad_message_is_counted_and_the_next_good_one_is_taken(
    terminal: SyncedTerminal, payload: dict[str, Any], code: str
) -> None:
    terminal.start()
    assert until(lambda: terminal.is_connected)
    before = metrics.refused.labels(code)._value.get()
    bad = Outgoing.from_config(terminal.centre.config).seal_unchained("kiosk-1", RECEIPT_SCHEMA, payload)
    terminal.centre.dispatcher._link.publish(terminal.address.down(Down.RECEIPT), bad.wire)
    assert until(lambda: metrics.refused.labels(code)._value.get() == before + 1)
    exam_id = terminal.exam()
    assert until(lambda: terminal.queued == 0)
    assert terminal.exams_at_centre() == [exam_id]


def test_with_the_certificate_of_another_terminal_nothing_goes_out(terminal: SyncedTerminal) -> None:
    own = terminal.broker
    certificate, key = write_pair(terminal.folder, "foreign", terminal.centre.authority.issue_terminal("kiosk-2"))
    terminal.broker = replace(own, cert_file=certificate, key_file=key)
    exam_id = terminal.exam()
    terminal.start()
    assert until(lambda: "uthori" in terminal.reason)
    assert terminal.exams_at_centre() == []
    terminal.stop()
    terminal.broker = own
    terminal.start()
    assert until(lambda: terminal.queued == 0)
    assert terminal.exams_at_centre() == [exam_id]


def test_a_certificate_that_is_no_certificate_is_named(terminal: SyncedTerminal) -> None:
    terminal.broker.cert_file.write_text("not a certificate")
    with pytest.raises(LinkFilesError, match="enrol the terminal"):
        terminal.start()


def test_a_disk_that_became_read_only_is_waited_out(terminal: SyncedTerminal) -> None:
    """Receipts cannot be stored, so they are not acknowledged; when the disk is well again, they are."""
    exam_id = terminal.exam()
    path, master = terminal.folder / "terminal.db", KeyFile(terminal.folder / "master.key").master_key()

    def open_read_only() -> Any:
        db = connect(path, master)
        db.execute("PRAGMA query_only = ON")
        return db

    terminal.exam()
    terminal.start(open_database=open_read_only)
    assert until(lambda: "readonly" in terminal.reason)
    terminal.stop()
    terminal.start()
    assert until(lambda: terminal.queued == 0)
    assert exam_id in terminal.exams_at_centre()
    assert len(terminal.exams_at_centre()) == 2


def test_two_terminals_with_one_identity_lose_nothing_and_are_seen(terminal: SyncedTerminal) -> None:
    """Somebody cloned the disk: both send, the broker lets one in at a time, the centre sees two in one place."""
    clone_folder = terminal.folder / "clone"
    clone_folder.mkdir()
    clone = replace(terminal, folder=clone_folder, reports=[])
    clone.store = TerminalStore(
        clone_folder / "terminal.db",
        clone_folder / "media",
        KeyFile(clone_folder / "master.key"),
        terminal.identity.key,
        terminal.address,
        "test",
    )
    exams = {terminal.exam() for _ in range(5)} | {play_exam(clone.store) for _ in range(5)}
    terminal.start()
    clone.start()
    assert until(lambda: terminal.queued == 0 and clone.queued == 0)
    clone.stop()
    clone.store.close()
    assert set(terminal.exams_at_centre()) == exams
    with reading(terminal.centre.engine) as connection:
        kinds = set(connection.execute(select(anomaly.c.kind)).scalars())
    assert kinds & {"double_seq", "broken_chain"}
