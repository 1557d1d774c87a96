"""Limits for media: the amount that one terminal may send within an hour, and the reserve of the disk.

A terminal with a key can send what it likes as film. What goes beyond its allowance is not refused but put off: without a receipt
it is sent again later, so an honest backlog of weeks comes in some hours later and is lost by nobody.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from shutil import disk_usage

_HOUR_S = 3600.0
BURST_HOURS = 8
"""What a terminal has not used adds up to so much: it may have been away."""
_MOST_TERMINALS = 20_000


class MediaAllowance:
    """A bucket for each terminal, of `BURST_HOURS` times what it may bring in an hour. For one thread; each ingest worker counts
    for itself.
    """

    def __init__(
        self, bytes_per_hour: int, reserve_bytes: int, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval_s = _HOUR_S / bytes_per_hour
        self._reserve_bytes = reserve_bytes
        self._monotonic = monotonic
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def takes(self, terminal_id: str, size_bytes: int) -> bool:
        """Whether so many bytes of a terminal may be stored now; they are counted then."""
        now = self._monotonic()
        full_at = max(self._full_at.get(terminal_id, now), now) + size_bytes * self._interval_s
        if full_at - now > BURST_HOURS * _HOUR_S:
            return False
        self._full_at[terminal_id] = full_at
        self._full_at.move_to_end(terminal_id)
        if len(self._full_at) > _MOST_TERMINALS:
            self._full_at.popitem(last=False)
        return True

    def has_room(self, folder: Path) -> bool:
        """Whether the disk of the media has more free than what is kept for records. Raises `OSError`."""
        there = next(path for path in (folder, *folder.parents) if path.exists())
        return disk_usage(there).free > self._reserve_bytes
