"""Tells open queues that something has changed: one watcher of the store, any number of listening browsers.

The watcher asks for a cheap mark of each organisation and tells those who see it. What a page shows it fetches itself, with its
own rights; what it shows alike with others is made once.
"""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Engine

from central.core.step_records import StepRecord
from central.store import queue_marks
from central.store.engine import reading

Made = TypeVar("Made")

POLL_S = 0.1
HEARTBEAT_S = 15.0
SPACING_S = 1.0
"""After a change a page is told of the next ones no sooner, and of all of them at once: in a morning's peak fifty open queues
would otherwise ask for their rows several times a second each."""
TOLD_PER_S = 25
"""So many pages are told in a second; where more are open, each waits longer in turn."""


@dataclass(slots=True)
class _Shared:
    """One thing that is made once for several, and at which state of its organisations it was made."""

    making: threading.Lock = field(default_factory=threading.Lock)
    generation: Hashable = None
    made: Any = None
    made_at_s: float = 0.0


class Live:
    """Wakes listeners when the queue of one of their organisations changes. `poke` and `shared` are safe from any thread."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], poll_s: float = POLL_S) -> None:
        self._engine = engine
        self._clock = clock
        self._poll_s = poll_s
        self._listeners: dict[asyncio.Event, frozenset[str]] = {}
        self._poked: asyncio.Event | None = None
        self._ended: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._round = 0
        """Counts up whenever changes may have been missed."""
        self._changes: Counter[str] = Counter()
        self._names = queue_marks.Names()
        self._shared: dict[Hashable, _Shared] = {}
        self._keeping = threading.Lock()

    async def watch(self) -> None:
        """Runs as long as the application does."""
        self._loop = asyncio.get_running_loop()
        self._poked = asyncio.Event()
        self._ended = asyncio.Event()
        record = StepRecord("live", "marks")
        last: dict[str, Hashable] | None = None
        while not self._closing:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._poked.wait(), self._poll_s)
            self._poked.clear()
            if not self._listeners:
                last = None
                self._round += 1
                continue
            try:
                marks = await asyncio.to_thread(self._marks)
            except Exception as error:  # noqa: BLE001  # whatever it is, queues are watched on
                self._round += 1
                await self._rest(record.failed(error))
                continue
            record.passed()
            if last is None:
                # The first look after somebody began to listen: something may have come in between.
                self._round += 1
                self._wake(None)
            elif changed := {org for org in marks.keys() | last.keys() if marks.get(org) != last.get(org)}:
                # Before anybody is told: what was made until now is not given to those who ask because of this change.
                self._changes.update(changed)
                self._wake(changed)
            last = marks
        self._ended.set()
        record.forget()

    async def _rest(self, rest_s: float) -> None:
        if self._ended is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), rest_s)

    def poke(self) -> None:
        """Something may have changed that should be seen without waiting for the next look."""
        loop, poked = self._loop, self._poked
        if loop is not None and poked is not None and not loop.is_closed():
            loop.call_soon_threadsafe(poked.set)

    def shared(self, key: Hashable, orgs: Sequence[str], make: Callable[[], Made]) -> tuple[Made, float]:
        """What `make` gives, and how many seconds ago: made once for all who ask between two changes of these organisations.

        For answers to a change. Keys must be few: what they stand for is kept.
        """
        with self._keeping:
            known = self._shared.setdefault(key, _Shared())
        with known.making:
            generation = (self._round, *(self._changes[org] for org in orgs))
            if known.generation != generation or not self._listeners:
                known.made = make()
                known.generation, known.made_at_s = generation, time.monotonic()
            found: Made = known.made
            return found, time.monotonic() - known.made_at_s

    async def changes(self, orgs: Sequence[str], still_wanted: Callable[[], bool]) -> AsyncGenerator[bool, None]:
        """True for each change in these organisations, False for each heartbeat, until application or session ends."""
        changed = asyncio.Event()
        self._listeners[changed] = frozenset(orgs)
        try:
            yield True
            while not self._closing:
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
                except TimeoutError:
                    if not await asyncio.to_thread(still_wanted):
                        return
                    yield False
                    continue
                changed.clear()
                if not self._closing:
                    yield True
                    await self._pause()
        finally:
            del self._listeners[changed]

    async def _pause(self) -> None:
        """Let changes gather; the end of the application does not wait for it."""
        await self._rest(max(SPACING_S, len(self._listeners) / TOLD_PER_S))

    @property
    def closing(self) -> bool:
        """Whether the application ends: pages that listen are let go."""
        return self._closing

    def close(self) -> None:
        """End watcher and listeners."""
        self._closing = True
        if self._ended is not None:
            self._ended.set()
        self._wake(None)

    def _wake(self, orgs: set[str] | None) -> None:
        """Those who see one of these organisations; all for None."""
        for listener, seen in self._listeners.items():
            if orgs is None or not seen.isdisjoint(orgs):
                listener.set()

    def _marks(self) -> dict[str, Hashable]:
        with reading(self._engine) as connection:
            return queue_marks.marks(connection, self._clock(), self._names)
