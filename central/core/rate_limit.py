"""Rate limit for one caller: the generic cell rate algorithm (ITU-T I.371) with a bounded memory.

One number per caller: the moment at which its allowance is full again. Each process counts for itself, so that N
processes behind one address let through N times as much; what protects accounts (lock-out) is in the store and shared.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from central.core import metrics

_MINUTE_S = 60.0
_SUBSCRIBER = 64
MAX_CALLERS = 20_000
"""Callers that are remembered, about 4 MB. Beyond it the one that was longest silent is forgotten."""


def network_of(address: str) -> str:
    """What counts as one caller: an IPv4 address, or the /64 that an IPv6 subscriber has all addresses of (RFC 6177)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _SUBSCRIBER), strict=False))


class TooMany(Exception):
    """Come back after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many requests; again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class RateLimit:
    """At most `per_minute` calls in a minute, and as many at once. Safe to use from several threads.

    `door` is what the metric names it.
    """

    def __init__(
        self,
        door: str,
        per_minute: int,
        *,
        max_callers: int = MAX_CALLERS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval_s = _MINUTE_S / per_minute
        self._max_callers = max_callers
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._refused = metrics.rate_limited.labels(door)

    def take(self, caller: str) -> None:
        """Count one call. Raises `TooMany`; a refused call does not count."""
        now = self._monotonic()
        with self._lock:
            wait_s = self._wait_s(caller, now)
            if wait_s <= 0:
                self._full_at[caller] = max(self._full_at.get(caller, now), now) + self._interval_s
                self._full_at.move_to_end(caller)
                if len(self._full_at) > self._max_callers:
                    self._full_at.popitem(last=False)
        if wait_s > 0:
            self._refused.inc()
            raise TooMany(int(wait_s) + 1)

    def check(self, caller: str) -> None:
        """Raises `TooMany` like `take`, and counts nothing."""
        with self._lock:
            wait_s = self._wait_s(caller, self._monotonic())
        if wait_s > 0:
            self._refused.inc()
            raise TooMany(int(wait_s) + 1)

    def _wait_s(self, caller: str, now: float) -> float:
        return self._full_at.get(caller, now) - now - (_MINUTE_S - self._interval_s)

    def __len__(self) -> int:
        return len(self._full_at)
