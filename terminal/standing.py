"""The state of the terminal itself, apart from any exam: whether one may begin, calls, what was set aside."""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sync.wal import wal_bytes
from terminal.clock import Clock
from terminal.store.store import TerminalStore

HELP_SHOWN_S = 180.0
"""How long a call for a medic stands on the screen and in the status, in seconds."""

DISK_RESERVE_BYTES = 200 * 1024 * 1024
"""Free space below which no new exam starts, so that a running one can always end."""

_LOOK_EVERY_S = 1.0
_KEEP_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the status tells beside the snapshot. Looked at once a second."""

    roster_version: int = 0
    free_disk_bytes: int | None = None
    wal_bytes: int | None = None
    help_called_at: datetime | None = None
    """The moment of the call that still stands."""
    notice: str = ""


class Standing:
    """Only the core thread uses it; `facts` may be read by others."""

    def __init__(self, store: TerminalStore, store_file: Path, clock: Clock) -> None:
        self._store, self._file, self._clock = store, store_file, clock
        self._help: tuple[float, datetime] | None = None
        self._look_s = self._keep_s = float("-inf")
        self.facts = Facts()

    def call_medic(self) -> None:
        """Somebody calls, or calls again: the call stands for some minutes from now; its moment is that of the first."""
        now = self._clock.now()
        called_at = self._help[1] if self._is_called(now.monotonic_s) and self._help else now.at
        self._help = (now.monotonic_s + HELP_SHOWN_S, called_at)
        self._look_s = float("-inf")

    def look(self) -> Facts:
        """What holds now."""
        now_s = self._clock.now().monotonic_s
        if not self._is_called(now_s) and self._help is not None:
            self._help, self._look_s = None, float("-inf")
        if now_s >= self._keep_s:
            self._keep_s = now_s + _KEEP_EVERY_S
            self._store.keep_first_page()
        if now_s >= self._look_s:
            self._look_s = now_s + _LOOK_EVERY_S
            self.facts = Facts(
                roster_version=self._store.roster.version(),
                free_disk_bytes=self._free_bytes(),
                wal_bytes=wal_bytes(self._file),
                help_called_at=self._help[1] if self._help else None,
                notice="store_set_aside" if self._store.set_aside else "",
            )
        return self.facts

    def start_refusal(self) -> str:
        """Why no exam may begin now; empty if one may."""
        if self._store.roster.version() == 0:
            return "no_roster"
        if os.statvfs(self._file.parent).f_flag & os.ST_RDONLY:
            return "store_damaged"  # a file system with errors is remounted read-only
        if shutil.disk_usage(self._file.parent).free < DISK_RESERVE_BYTES:
            return "disk_full"
        return ""

    def _is_called(self, now_s: float) -> bool:
        return self._help is not None and self._help[0] > now_s

    def _free_bytes(self) -> int | None:
        try:
            return shutil.disk_usage(self._file.parent).free
        except OSError:
            return None
