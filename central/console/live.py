"""Telling open pages that something changed: one watcher of the store, any number of listening browsers.

The watcher asks for a cheap mark; what a page shows it fetches itself, with its own rights.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from central.store import exams, refusals, terminals
from central.store.engine import reading

log = logging.getLogger(__name__)
Made = TypeVar("Made")

POLL_S = 0.1
HEARTBEAT_S = 15.0
SPACING_S = 1.0
"""After a change a page is told of the next ones no sooner, and of all of them at once: in a morning's peak fifty open queues
would otherwise ask for their rows several times a second each."""
TOLD_PER_S = 25
"""So many pages are told in a second; where more are open, each waits longer in turn."""


class Live:
    """Wakes listeners when the list of exams changes. `poke` is safe to call from any thread."""

    def __init__(self, engine: Engine, poll_s: float = POLL_S) -> None:
        self._engine = engine
        self._poll_s = poll_s
        self._listeners: set[asyncio.Event] = set()
        self._poked: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._generation = 0
        self._shared: dict[Hashable, tuple[int, Any]] = {}
        self._making = threading.Lock()

    async def watch(self) -> None:
        """Runs as long as the application does."""
        self._loop = asyncio.get_running_loop()
        self._poked = asyncio.Event()
        last: object = None
        while not self._closing:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._poked.wait(), self._poll_s)
            poked = self._poked.is_set()
            self._poked.clear()
            if not self._listeners:
                last = None
                self._generation += 1
                continue
            try:
                mark = await asyncio.to_thread(self._mark)
            except SQLAlchemyError as error:
                log.warning("the store did not answer the watcher: %s", type(error).__name__)
                continue
            # The first look after somebody began to listen counts as a change: something may have come in between.
            if poked or mark != last:
                # Before anybody is told: what was made until now is not given to those who ask because of this change.
                self._generation += 1
                self._wake_listeners()
            last = mark

    def poke(self) -> None:
        """Something changed that the mark does not show (a claim), or that must be seen without waiting."""
        loop, poked = self._loop, self._poked
        if loop is not None and poked is not None and not loop.is_closed():
            loop.call_soon_threadsafe(poked.set)

    def shared(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, made once for all who ask between two changes. For answers to a change, from any thread."""
        with self._making:
            generation = self._generation
            known = self._shared.get(key)
            if known is not None and known[0] == generation and self._listeners:
                found: Made = known[1]
                return found
            made = make()
            self._shared = {name: kept for name, kept in self._shared.items() if kept[0] == generation}
            self._shared[key] = (generation, made)
            return made

    async def changes(self, still_wanted: Callable[[], bool]) -> AsyncGenerator[bool, None]:
        """True for each change, False for each heartbeat, until the application or the session ends."""
        changed = asyncio.Event()
        self._listeners.add(changed)
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
            self._listeners.discard(changed)

    async def _pause(self) -> None:
        """Let changes gather; the end of the application does not wait for it."""
        until_s = time.monotonic() + max(SPACING_S, len(self._listeners) / TOLD_PER_S)
        while not self._closing and (left_s := until_s - time.monotonic()) > 0:
            await asyncio.sleep(min(left_s, self._poll_s))

    @property
    def closing(self) -> bool:
        """Whether the application ends: pages that listen are let go."""
        return self._closing

    def close(self) -> None:
        """End watcher and listeners."""
        self._closing = True
        self._wake_listeners()

    def _wake_listeners(self) -> None:
        for listener in self._listeners:
            listener.set()

    def _mark(self) -> object:
        with reading(self._engine) as connection:
            return exams.change_mark(connection), terminals.attention_mark(connection), refusals.mark(connection)
