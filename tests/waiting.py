"""Waiting for something that another thread or process does, with a bounded deadline.

The bound is there so that a test that hangs says where; it is generous, for it costs nothing when things go well.
"""

import os
import threading
import time
from collections.abc import Callable

LONGEST_S = float(os.environ.get("TESTS_LONGEST_S", "120"))
"""How long a test waits for what must come; below pytest's own limit for a test. `make prove` waits less for what cannot come."""


def until(condition: Callable[[], bool], timeout_s: float = LONGEST_S) -> bool:
    """Ask again and again until the condition holds; False when it does not in time.

    A condition that is slow to find out is asked more seldom: what it waits for needs the processor too.
    """
    pause = threading.Event()
    deadline = time.monotonic() + timeout_s
    while True:
        asked_s = time.monotonic()
        if condition():
            return True
        answered_s = time.monotonic()
        if answered_s > deadline:
            return False
        pause.wait(min(0.2, max(0.02, 2 * (answered_s - asked_s))))
