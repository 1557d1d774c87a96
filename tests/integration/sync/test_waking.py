"""The sync side sleeps until it is woken or something is due, and does not care what the wall clock is set to."""

import time

import pytest

from sync import forwarder as forwarder_module
from sync.forwarder import Forwarder
from sync.neighbour import KioskProcess
from terminal import intents
from tests.integration.sync.conftest import SyncedTerminal
from tests.waiting import LONGEST_S, until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

NEVER_S = 100.0 * LONGEST_S


def test_a_record_goes_out_because_it_was_appended_and_not_because_somebody_looks(
    terminal: SyncedTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder_module, "_LOOK_EVERY_S", NEVER_S)
    monkeypatch.setattr(forwarder_module, "_CARE_EVERY_S", NEVER_S)
    terminal.start(status=None)
    assert until(lambda: terminal.is_connected)
    exams = set()
    for _ in range(3):
        exams.add(terminal.exam())
        assert until(lambda: set(terminal.exams_at_centre()) == exams)
    assert until(lambda: terminal.queued == 0)


def test_a_store_that_was_changed_without_a_word_is_looked_at_all_the_same(terminal: SyncedTerminal) -> None:
    """As `dopusk terminal release` changes it, or when the word was lost between two processes."""
    terminal.start(status=None)
    assert until(lambda: terminal.is_connected)
    terminal.store.on_queued = lambda: None
    exam_id = terminal.exam()
    assert until(lambda: terminal.exams_at_centre() == [exam_id])


@pytest.mark.parametrize("speaks", [True, False])
def test_an_idle_terminal_looks_rarely(terminal: SyncedTerminal, monkeypatch: pytest.MonkeyPatch, speaks: bool) -> None:
    looks: list[float] = []
    own = Forwarder._take_events

    def take_events(self: Forwarder) -> None:
        own(self)
        looks.append(time.monotonic())

    monkeypatch.setattr(Forwarder, "_take_events", take_events)
    terminal.start(**({} if speaks else {"status": None}))
    exam_id = terminal.exam()
    assert until(lambda: terminal.exams_at_centre() == [exam_id] and terminal.queued == 0)
    began = len(looks)
    assert until(lambda: len(looks) >= began + 12)
    # Ten looks a second made twelve of them in 1.2 s; what is due now comes every two and every five seconds.
    assert looks[began + 11] - looks[began] > 4.0


@pytest.mark.parametrize("step_s", [-3600.0, 3600.0, -1e9])
def test_a_clock_that_is_set_stops_nothing(
    terminal: SyncedTerminal, monkeypatch: pytest.MonkeyPatch, step_s: float
) -> None:
    """Set while connected and waiting for receipts, and once more while ingest is away and a record waits to go again."""
    own, shift_s = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: own() + shift_s[0])
    terminal.start(receipt_patience_s=0.5)
    first = terminal.exam()
    assert until(lambda: terminal.exams_at_centre() == [first])
    shift_s[0] = step_s
    second = terminal.exam()
    assert until(lambda: set(terminal.exams_at_centre()) == {first, second})
    terminal.centre.stop_ingest()
    third = terminal.exam()
    assert until(lambda: terminal.reports[-1].code in ("nobody_listens", "no_receipts"))
    shift_s[0] = -step_s
    terminal.centre.start_ingest()
    assert until(lambda: set(terminal.exams_at_centre()) == {first, second, third})
    assert until(lambda: terminal.queued == 0)


def test_a_kiosk_tells_its_sync_process_of_each_record(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Across the border of processes: by a word on the socket beside the store."""
    from dopusk.terminal_app import Terminal
    from sync.contract.health import TerminalStatus
    from sync.contract.roster import Roster
    from tests.unit.terminal.test_check_config import Site
    from tests.unit.terminal.test_identity import worker

    site = Site(tmp_path_factory.mktemp("site") / "kiosk")
    site.fields["camera"]["source"] = ""
    site.fields["exam"]["steps"] = ["consent", "complaints"]
    site.fields["device"] = []
    from dopusk.terminal_check import check_terminal

    config = check_terminal(site.config).config
    assert config is not None
    woken: list[None] = []
    terminal = Terminal(config, lambda _: None, consent_texts={"ru": "текст", "en": "text"})
    terminal.store.roster.replace(Roster(version=1, workers=(worker(),)))
    sync_side = KioskProcess(
        config.files.store, lambda: None, TerminalStatus(state="online"), wake=lambda: woken.append(None)
    )
    sync_side.start()
    terminal.start()
    try:
        assert until(lambda: terminal.service.latest is not None)
        before = len(woken)
        terminal.mailbox.post(intents.Begin())
        terminal.mailbox.post(intents.Leave())
        assert until(lambda: len(woken) > before)
    finally:
        terminal.close()
        sync_side.close()
