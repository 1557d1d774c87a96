"""Kiosk and sync process side by side: news go both ways, a lost one is said again, a silent neighbour is noticed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import neighbour
from sync.contract.health import TerminalStatus
from sync.link_report import LinkReport
from sync.neighbour import KioskProcess, SyncProcess
from sync.outbox import Backlog
from tests.waiting import until

ALONE = TerminalStatus(state="online", software_version="alone")
KIOSK = TerminalStatus(state="online", software_version="kiosk", backlog=7)
LINK = LinkReport(True, Backlog(3, 1, "2026-11-22T02:14:00.000Z"), "")


class Pair:
    """Both sides on one folder, and what each heard."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.links: list[LinkReport] = []
        self.inbox: list[None] = []
        self.told_centre: list[None] = []
        self.kiosk_side = SyncProcess(store, self.links.append, lambda: self.inbox.append(None), lambda: KIOSK)
        self.sync_side = self.make_sync_side()

    def make_sync_side(self) -> KioskProcess:
        return KioskProcess(self.store, lambda: self.told_centre.append(None), ALONE)


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setattr(neighbour, "EVERY_S", 0.1)
    monkeypatch.setattr(neighbour, "SILENT_AFTER_S", 0.5)
    made = Pair(tmp_path / "terminal.db")
    made.kiosk_side.start()
    yield made
    made.kiosk_side.close()
    made.sync_side.close()


def test_news_go_both_ways(pair: Pair) -> None:
    pair.sync_side.start()
    pair.sync_side.tell_link(LINK)
    assert until(lambda: LINK in pair.links)
    pair.sync_side.tell_inbox()
    assert until(lambda: bool(pair.inbox))
    assert until(lambda: pair.sync_side.status() == KIOSK)
    pair.kiosk_side.tell_status()
    assert until(lambda: bool(pair.told_centre))


def test_a_sync_process_that_was_started_later_is_heard(pair: Pair) -> None:
    assert until(lambda: bool(pair.links) and "not running" in pair.links[-1].reason)
    pair.sync_side.start()
    pair.sync_side.tell_link(LINK)
    assert until(lambda: pair.links[-1] == LINK)


def test_a_kiosk_that_says_nothing_is_not_spoken_for(pair: Pair) -> None:
    pair.sync_side.start()
    assert until(lambda: pair.sync_side.status() == KIOSK)
    pair.kiosk_side.close()
    assert until(lambda: pair.sync_side.status() == ALONE)


def test_nonsense_is_passed_over(pair: Pair) -> None:
    pair.sync_side.start()
    for nonsense in ({"status": 1}, {"status": {"state": "purple"}}, {"unknown": 1}):
        pair.kiosk_side._socket.send(nonsense)
    assert until(lambda: pair.sync_side.status() == KIOSK)
