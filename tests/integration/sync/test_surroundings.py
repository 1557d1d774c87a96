"""Surroundings that stand still or do not let us in: said clearly, counted, and nothing is lost when they are well again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from central.authority import pki
from sync import metrics
from sync.link_report import NO_RECEIPTS
from sync.policy import WINDOW
from sync.wal import KEPT_BYTES, wal_bytes
from terminal.store.database import KeyFile, connect
from tests.broker import write_pair
from tests.integration.sync.conftest import SyncedTerminal
from tests.mute_broker import mute_broker
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_a_broker_that_never_acknowledges_is_noticed_and_costs_nothing(terminal: SyncedTerminal) -> None:
    own, before = terminal.broker, metrics.receiptless._value.get()
    exams = {terminal.exam() for _ in range(3)}
    with mute_broker(terminal.folder, terminal.centre.authority) as mute:
        terminal.broker = replace(own, port=mute.port)
        forwarder = terminal.start(receipt_patience_s=0.2)
        assert until(lambda: terminal.reason == NO_RECEIPTS)
        assert until(lambda: mute.pings > 0)
        assert until(lambda: terminal.is_connected)
        assert until(lambda: mute.taken >= 3)
        assert len(forwarder._window) <= WINDOW
        assert metrics.receiptless._value.get() > before
        assert terminal.queued == 3
        terminal.stop()
    terminal.broker = own
    terminal.start()
    assert until(lambda: terminal.queued == 0)
    assert set(terminal.exams_at_centre()) == exams
    assert until(lambda: terminal.reason == "")


def test_an_expired_certificate_is_named_and_a_new_one_goes_on(
    terminal: SyncedTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = terminal.broker
    with monkeypatch.context() as past:
        past.setattr(pki, "TERMINAL_VALID", timedelta(minutes=-1))
        issued = terminal.centre.authority.issue_terminal("kiosk-1")
    certificate, key = write_pair(terminal.folder, "expired", issued)
    terminal.broker = replace(own, cert_file=certificate, key_file=key)
    exam_id = terminal.exam()
    terminal.start()
    assert until(lambda: "certificate expired" in terminal.reason)
    assert not terminal.is_connected
    assert terminal.exams_at_centre() == []
    write_pair(terminal.folder, "expired", terminal.centre.authority.issue_terminal("kiosk-1"))  # as `renew` does
    assert until(lambda: terminal.queued == 0)
    assert terminal.exams_at_centre() == [exam_id]


def test_a_log_that_a_long_reader_left_is_cut_off(terminal: SyncedTerminal) -> None:
    """A program that held the store open while much was written; afterwards the disk gets its room back."""
    path = terminal.folder / "terminal.db"
    reader = connect(path, KeyFile(terminal.folder / "master.key").master_key())
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM diary").fetchone()
    exams = {terminal.exam(photo=bytes([number]) * 1_000_000) for number in range(8)}
    assert (wal_bytes(path) or 0) > KEPT_BYTES
    terminal.start()
    assert until(lambda: set(terminal.exams_at_centre()) == exams and terminal.queued == 0)
    assert until(lambda: metrics.wal_bytes._value.get() > KEPT_BYTES)
    reader.execute("COMMIT")
    reader.close()
    assert until(lambda: wal_bytes(path) == 0)
    (limit,) = terminal.store.db.execute("PRAGMA journal_size_limit").fetchone()
    assert limit == KEPT_BYTES
