"""Disk space set aside so that a running exam can always end.

A file of plain zeros stands in for the events that are still to come. When the disk is full it is removed, and what could
not be written is written again.
"""

import os
from pathlib import Path

from terminal.store.folders import sync_folder

RESERVE_BYTES = 16 * 1024 * 1024
"""Hundreds of exams' events, or one exam with all its photos."""


class Reserve:
    """The file that keeps the room. `keep` when there is plenty, `release` when there is none."""

    def __init__(self, path: Path, size_bytes: int = RESERVE_BYTES) -> None:
        self._path, self._size_bytes = path, size_bytes

    @property
    def is_kept(self) -> bool:
        """Whether the room is there in full."""
        try:
            return self._path.stat().st_size == self._size_bytes
        except OSError:
            return False

    def keep(self) -> bool:
        """Set the room aside, if there is room; whether it is there now."""
        if self.is_kept:
            return True
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self._size_bytes)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def release(self) -> bool:
        """Give the room back to the disk; False if there is none left to give."""
        if not self._path.exists():
            return False
        self._path.unlink()
        sync_folder(self._path.parent)
        return True
