"""Replays every recording under tests/golden: the first visit to a real device becomes a test without editing."""

from pathlib import Path

import pytest

from tests.contract.replay import replay

GOLDEN = Path(__file__).parents[1] / "golden"
RECORDINGS = sorted(GOLDEN.glob("*/*.jsonl"))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_recording_comes_to_the_same_outcome(path: Path) -> None:
    found, recorded = replay(path)
    assert found == recorded


def test_recordings_are_at_hand() -> None:
    assert RECORDINGS
