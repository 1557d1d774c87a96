"""The clock: UTC for records, monotonic for durations, and whether the wall clock can be trusted.

A wall clock may jump; nothing here is ordered by it.
"""

import ctypes
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from terminal.exam.model import Stamp

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class Clock(Protocol):
    """Where moments come from; tests hand in their own."""

    def now(self) -> Stamp: ...


@cache
def boot_id() -> str:
    """The kernel's id of this boot: monotonic times of different boots must not be compared."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def is_synchronised() -> bool:
    """Whether the kernel says that something (NTP, GPS) keeps its clock right. False when it cannot be asked."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        buffer = ctypes.create_string_buffer(512)  # struct timex, modes = 0: read only
        state: int = libc.adjtimex(buffer)
    except (OSError, AttributeError):
        return False
    return 0 <= state < _TIME_ERROR


class SystemClock:
    """The machine's clock."""

    def __init__(self) -> None:
        self._trusted = is_synchronised()
        self._asked_s = time.monotonic()

    def now(self) -> Stamp:
        """This moment; trust is asked again once a minute."""
        monotonic_s = time.monotonic()
        if monotonic_s - self._asked_s > 60:
            self._trusted, self._asked_s = is_synchronised(), monotonic_s
        return Stamp(at=datetime.now(UTC), monotonic_s=monotonic_s, boot_id=boot_id(), trusted=self._trusted)
