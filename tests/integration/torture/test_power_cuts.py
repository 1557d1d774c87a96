"""Power cuts over a whole exam and over the centre's intake, and the proof that careless settings are found out."""

import json

import pytest

from dopusk.lab.torture.power_cut import centre_side, terminal_side
from dopusk.lab.torture.power_cut.recording import RecordingSteps
from dopusk.lab.torture.power_cut.replay import replay_centre, replay_terminal

pytestmark = pytest.mark.slow
WAL = ("journal_mode = WAL", "foreign_keys = ON")


def test_every_disk_of_the_terminal_holds_what_was_shown() -> None:
    replayed = replay_terminal(seed=7, drawn=3, every=9)
    assert replayed.faults == []
    assert replayed.promises > 20
    assert replayed.disks > 200
    printed = json.loads(json.dumps(replayed.as_fields()))
    assert sum(printed["by_variant"].values()) == printed["disks"] == replayed.disks


def test_every_disk_of_the_centre_holds_what_was_receipted() -> None:
    replayed = replay_centre(seed=7, drawn=3, every=9)
    assert replayed.faults == []
    assert replayed.disks > 200


@pytest.mark.parametrize(
    "pragmas", [("synchronous = NORMAL", *WAL), ("synchronous = FULL", *WAL)], ids=["no sync", "journal may come back"]
)
def test_careless_settings_lose_what_was_shown(monkeypatch: pytest.MonkeyPatch, pragmas: tuple[str, ...]) -> None:
    """The replay can fail: without a sync at each commit, or with a journal whose deletion was never synced."""
    monkeypatch.setattr(terminal_side, "PRAGMAS", pragmas)
    assert replay_terminal(seed=7, drawn=3, every=60).faults
    monkeypatch.setattr(centre_side, "PRAGMAS", pragmas)
    assert replay_centre(seed=7, drawn=3, every=60).faults


@pytest.mark.parametrize("step", ["sync", "sync_folder"])
def test_a_photo_that_is_not_synced_before_its_event_is_missed(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """The replay can fail for files too: without the sync of the content, or of the folder that names it."""
    monkeypatch.setattr(RecordingSteps, step, lambda _steps, _path: None)
    faults = replay_terminal(seed=7, drawn=3, every=20).faults
    assert any("media" in fault for fault in faults)
    assert all("media" in fault for fault in faults)
