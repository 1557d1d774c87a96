"""Telling open pages that something changed: one watcher of the store, any number of listening browsers.

The watcher asks for a cheap mark; what a page shows it fetches itself, with its own rights.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from central.store import exams, refusals, terminals
from central.store.engine import reading

log = logging.getLogger(__name__)

POLL_S = 0.1
HEARTBEAT_S = 15.0
SPACING_S = 1.0
"""After a change a page is told of the next ones no sooner, and of all of them at once: in a morning's peak fifty open queues
would otherwise ask for their rows several times a second each."""


class Live:
    """Wakes listeners when the list of exams changes. `poke` is safe to call from any thread."""

    def __init__(self, engine: Engine, poll_s: float = POLL_S) -> None:
        self._engine = engine
        self._poll_s = poll_s
        self._listeners: set[asyncio.Event] = set()
        self._poked: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False

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
                continue
            try:
                mark = await asyncio.to_thread(self._mark)
            except SQLAlchemyError as error:
                log.warning("the store did not answer the watcher: %s", type(error).__name__)
                continue
            # The first look after somebody began to listen counts as a change: something may have come in between.
            if poked or mark != last:
                self._wake_listeners()
            last = mark

    def poke(self) -> None:
        """Something changed that the mark does not show (a claim), or that must be seen without waiting."""
        loop, poked = self._loop, self._poked
        if loop is not None and poked is not None and not loop.is_closed():
            loop.call_soon_threadsafe(poked.set)

    async def changes(self, still_wanted: Callable[[], bool]) -> AsyncIterator[bool]:
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
        until_s = time.monotonic() + SPACING_S
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
