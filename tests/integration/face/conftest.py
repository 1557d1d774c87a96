"""Simulated cameras and a list that messages are collected in."""

import time
from collections.abc import Callable, Iterator

import pytest

from simulators.camera import CameraSimulator
from terminal.face.capture import FaceMessage


def wait_until(condition: Callable[[], bool], what: str, deadline_s: float = 20.0) -> None:
    """Look until the condition holds; fails with `what` after the deadline."""
    import threading

    pause = threading.Event()
    end_s = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end_s:
            pytest.fail(f"in vain waited for: {what}")
        pause.wait(0.02)


@pytest.fixture
def simulator() -> Iterator[CameraSimulator]:
    camera = CameraSimulator(scene="person:eileen")
    camera.start()
    yield camera
    camera.close()


@pytest.fixture
def messages() -> list[FaceMessage]:
    return []
