"""Deadlines on the monotonic clock: a kiosk's wall clock may jump and must not affect a measurement."""

import threading
import time


class MonotonicDeadline:
    """A `drivers.ports.Deadline` so many seconds from now; it is over at once when `over` is set."""

    def __init__(self, seconds: float, over: threading.Event | None = None) -> None:
        self._at_s = time.monotonic() + seconds
        self._over = over

    @property
    def left_s(self) -> float:
        if self._over is not None and self._over.is_set():
            return 0.0
        return max(0.0, self._at_s - time.monotonic())

    @property
    def expired(self) -> bool:
        return self.left_s == 0.0

    def within(self, seconds: float) -> "MonotonicDeadline":
        return MonotonicDeadline(min(self.left_s, seconds), self._over)
