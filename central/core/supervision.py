"""Threads that no error ends: failed steps are tried again, and failures are counted, logged and shown.

A thread of the centre looks after strangers' bytes, rows of the store and other people's servers. Whatever one of its steps
raises, the other steps go on; the failed one rests for a growing while and is tried again. How each does stands in
`central.core.step_records` and in the metrics.

What can be told apart inside a step (a row, a message, a channel) belongs to the step: `each` does one after the other and sets
aside the one that cannot be done.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from central.core import metrics
from central.core.step_records import FIRST_REST_S, StepRecord, is_away

log = logging.getLogger(__name__)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a thread does again and again. `every_s`: at most so often; 0 in every pass."""

    name: str
    run: Callable[[], object]
    every_s: float = 0.0


class Supervised:
    """A thread that does its steps in turn, every `poll_s` seconds and whenever somebody calls `wake`."""

    def __init__(self, name: str, steps: Iterable[Step], *, poll_s: float, daemon: bool = False) -> None:
        self.name = name
        self._steps = tuple(steps)
        self._poll_s = poll_s
        self._daemon = daemon
        self._records: dict[str, StepRecord] = {}
        self._done_s: dict[str, float] = {}
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def stopping(self) -> bool:
        """Whether it is to end: long steps look at it between two of their items."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Begin, in the background."""
        self._records = {step.name: self._new_record(step.name) for step in self._steps}
        self._start_thread()
        metrics.thread_alive.labels(self.name).set_function(lambda: float(not self._is_dead()))
        metrics.thread_restarts.labels(self.name).inc(0)

    def wake(self) -> None:
        """Do the steps now. From any thread."""
        self._woken.set()

    def hasten(self, step: str) -> None:
        """Do this step in the next pass, whatever its `every_s`."""
        self._done_s.pop(step, None)

    def rest(self, for_s: float) -> None:
        """Leave others so long before the work goes on; an end of the thread ends it too."""
        self._stopping.wait(for_s)

    def stop(self, within_s: float | None = None) -> None:
        """End after the step in hand, and wait so long for that."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(within_s)
        for record in self._records.values():
            record.forget()

    def record(self, step: str) -> StepRecord:
        """What is known of a step; for steps that set single items aside (`each`)."""
        if step not in self._records:
            self._records[step] = self._new_record(step)
        return self._records[step]

    def _new_record(self, step: str) -> StepRecord:
        record = StepRecord(self.name, step)
        record.is_dead = self._is_dead
        return record

    def _start_thread(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=self._daemon)
        self._thread.start()

    def _is_dead(self) -> bool:
        thread = self._thread
        return thread is not None and not thread.is_alive() and not self._stopping.is_set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                for step in self._steps:
                    self._do(step)
                self._woken.wait(self._poll_s)
                self._woken.clear()
            except BaseException as error:  # noqa: BLE001
                # Not even an error in the telling of an error ends the thread.
                metrics.thread_restarts.labels(self.name).inc()
                log.critical("%s: the thread itself failed: %s", self.name, type(error).__name__)
                self._stopping.wait(FIRST_REST_S)

    def _do(self, step: Step) -> None:
        record = self._records[step.name]
        moment = time.monotonic()
        last_s = self._done_s.get(step.name)
        is_early = last_s is not None and moment - last_s < step.every_s
        if self._stopping.is_set() or record.rests or is_early:
            return
        self._done_s[step.name] = moment
        record.begin()
        try:
            step.run()
        except BaseException as error:  # noqa: BLE001  # a thread that ends by SystemExit is as dead as any other
            record.failed(error)
            metrics.thread_restarts.labels(self.name).inc()
        else:
            record.passed()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Together:
    """Threads that begin and end together. `wake` all of them when there is something to do."""

    def __init__(self, threads: Iterable[Supervised]) -> None:
        self._threads = tuple(threads)

    def wake(self, *steps: str) -> None:
        """Look now; `steps` whatever their `every_s`. From any thread."""
        for thread in self._threads:
            for step in steps:
                thread.hasten(step)
            thread.wake()

    def __enter__(self) -> Self:
        with ExitStack() as begun:
            for thread in self._threads:
                begun.enter_context(thread)
            begun.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for thread in self._threads:
            thread.stop()


def each(
    items: Iterable[Item],
    do: Callable[[Item], object],
    record: StepRecord,
    name_of: Callable[[Item], str],
    set_aside: Callable[[Item, Exception], object],
) -> int:
    """Do one after the other; returns how many were done.

    An item that cannot be done is noted and `set_aside`, and the next ones go on. What is away is no fault of the item: it is
    raised, and the rest waits for the next pass.
    """
    done = 0
    for item in items:
        try:
            do(item)
        except Exception as error:
            if is_away(error):
                raise
            record.note(error, name_of(item))
            set_aside(item, error)
        else:
            done += 1
    return done
