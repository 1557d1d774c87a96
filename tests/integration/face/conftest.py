"""Simulated cameras and a list that messages are collected in."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from simulators.camera import CameraSimulator
from terminal.camera.scratch import Scratch
from terminal.face.capture import FaceMessage
from tests.waiting import until


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Look until the condition holds; fails with `what` when it does not in time."""
    if not until(condition):
        pytest.fail(f"in vain waited for: {what}")


@pytest.fixture
def simulator() -> Iterator[CameraSimulator]:
    camera = CameraSimulator(scene="person:eileen")
    camera.start()
    yield camera
    camera.close()


@pytest.fixture
def messages() -> list[FaceMessage]:
    return []


@pytest.fixture(autouse=True)
def plain_segments_go_with_the_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A kiosk that a test cuts off in mid-film would leave its plain segments in the machine's memory."""
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr("dopusk.terminal_film.Scratch", partial(Scratch, memory=memory))
