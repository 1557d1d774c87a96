"""Access-log entries written at most once an hour: looks that a page repeats by itself, or that belong to one already in the log.

Kept in memory by each process: after a restart, and by another process, a look is written down once more.
"""

import threading
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

EVERY = timedelta(hours=1)
_KEPT = 4096
"""So many looks are remembered before old ones are thrown out."""


class OncePerHour:
    """Remembers when what was last written down. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._written: dict[Hashable, datetime] = {}

    def is_due(self, key: Hashable) -> bool:
        """Whether nothing was written down under this key within the hour. If so, counts as written now."""
        now = self._clock()
        with self._lock:
            before = self._written.get(key)
            if before is not None and now - before < EVERY:
                return False
            if len(self._written) >= _KEPT:
                self._written = {one: at for one, at in self._written.items() if now - at < EVERY}
            self._written[key] = now
            return True

    def mark(self, key: Hashable) -> None:
        """It is being written down anyway."""
        with self._lock:
            self._written[key] = self._clock()
