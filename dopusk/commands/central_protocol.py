"""Limits on connections that the server's library leaves open: the wait for a request, and their number.

Times and sizes of what comes after the head are kept by `central.console.bounds`.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 15.0
"""Within so long from its first byte, or from the connection's begin, the head of a request has to be there."""
MOST_CONNECTIONS = 600
"""Open at once. With the files, the store's connections and what else is open this stays below 1,024, which is what systemd
gives a service and what the client of the broker can wait for (`select`)."""


class BoundedProtocol(H11Protocol):
    """One connection. Beyond `MOST_CONNECTIONS` the one that has waited longest without a whole request goes."""

    head_s = HEAD_S
    most_connections = MOST_CONNECTIONS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_timer: asyncio.TimerHandle | None = None
        self._waits_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waits_since = self.loop.time()
        self._await_head()
        if len(self.connections) > self.most_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_timer is None and self._is_between_requests():
            self._await_head()
        super().data_received(data)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._unset_head_timer()

    def on_response_complete(self) -> None:
        self._waits_since = self.loop.time()
        super().on_response_complete()

    @property
    def waits_since(self) -> float | None:
        """Since when this connection has had no whole request under way; None while one is being answered."""
        if self._is_between_requests() or self.cycle.more_body:
            return self._waits_since
        return None

    def drop(self) -> None:
        """End the connection without a word."""
        self.transport.abort()

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_s, self.drop)

    def _unset_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _make_room(self) -> None:
        waiting = [
            (since, id(one), one)
            for one in self.connections
            if isinstance(one, BoundedProtocol) and one is not self and (since := one.waits_since) is not None
        ]
        (min(waiting)[2] if waiting else self).drop()
