"""Calls that are due later, run by the core thread."""

import heapq
import itertools
from collections.abc import Callable

from terminal.clock import Clock


class TimerHeap:
    """Calls that are due at moments of the monotonic clock; run by the core thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self._clock.now().monotonic_s + seconds, next(self._numbers), call))

    def next_in_s(self, most_s: float) -> float:
        """Seconds until the next call is due, at most `most_s`."""
        if not self._heap:
            return most_s
        return min(most_s, max(0.0, self._heap[0][0] - self._clock.now().monotonic_s))

    def run_due(self) -> bool:
        """Run what is due; whether anything was."""
        ran = False
        while self._heap and self._heap[0][0] <= self._clock.now().monotonic_s:
            _, _, call = heapq.heappop(self._heap)
            call()
            ran = True
        return ran
