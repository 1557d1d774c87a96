"""A measurement that somebody waits for, and the run that the driver sees of it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drivers.deadline import MonotonicDeadline
from drivers.ports import Progress


@dataclass(slots=True, eq=False)
class Order:
    """One measurement that somebody waits for. It ends once, whoever ends it."""

    request_id: str
    device_id: str
    options: Mapping[str, str]
    deadline: MonotonicDeadline
    off: threading.Event = field(default_factory=threading.Event)
    _end: threading.Lock = field(default_factory=threading.Lock)

    def ends_now(self) -> bool:
        """True for the first caller, and only that caller reports the end."""
        return self._end.acquire(blocking=False)

    @property
    def has_ended(self) -> bool:
        return self._end.locked()


class LineRun:
    """A `drivers.ports.Run` that posts progress and follows its order."""

    def __init__(self, order: Order, options: Mapping[str, str], report: Callable[[Progress], None]) -> None:
        self._order = order
        self._options = options
        self._report = report
        self._last: Progress | None = None

    @property
    def deadline(self) -> MonotonicDeadline:
        return self._order.deadline

    @property
    def cancelled(self) -> bool:
        return self._order.off.is_set()

    @property
    def options(self) -> Mapping[str, str]:
        return self._options

    def report(self, progress: Progress) -> None:
        if progress != self._last:
            self._last = progress
            self._report(progress)

    def pause(self, seconds: float) -> None:
        self._order.off.wait(min(seconds, self.deadline.left_s))
