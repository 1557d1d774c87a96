"""Waiting for something that another thread or process does, with a bounded deadline."""

import threading
import time
from collections.abc import Callable


def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    """Ask again and again until the condition holds; False when it does not in time."""
    pause = threading.Event()
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.02)
    return True
