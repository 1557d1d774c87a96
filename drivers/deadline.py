"""Deadlines on the monotonic clock: the wall clock of a kiosk may jump, a cuff must not care."""

import time


class MonotonicDeadline:
    """A `drivers.ports.Deadline` so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._at_s = time.monotonic() + seconds

    @property
    def left_s(self) -> float:
        return max(0.0, self._at_s - time.monotonic())

    @property
    def expired(self) -> bool:
        return time.monotonic() >= self._at_s

    def within(self, seconds: float) -> "MonotonicDeadline":
        return MonotonicDeadline(min(self.left_s, seconds))
