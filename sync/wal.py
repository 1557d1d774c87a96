"""The write-ahead log of the store: its size, and truncating it while nobody writes.

A reader that held a snapshot while much was written leaves it long for ever; SQLite itself only begins it anew.
"""

import logging
from pathlib import Path

from sqlite_utils import Database

from sync import metrics
from sync.transactions import STORE_TROUBLE

log = logging.getLogger(__name__)

KEPT_BYTES = 8 * 1024 * 1024
"""What may stay on the disk after a checkpoint (`journal_size_limit`)."""
ALARM_BYTES = 64 * 1024 * 1024
"""Above this somebody keeps the store from being tidied up: the service engineer must look."""
CUT_ABOVE_BYTES = 1024 * 1024
_CUT_EVERY_S = 10.0


def wal_bytes(store: Path) -> int | None:
    """Size of the log beside `store`; None if it cannot be asked."""
    try:
        return store.with_name(f"{store.name}-wal").stat().st_size
    except FileNotFoundError:
        return 0
    except OSError:
        return None


def file_of(db: Database) -> Path | None:
    """The file of an open database; None for one in memory."""
    rows = db.execute("PRAGMA database_list").fetchall()
    name = next((row[2] for row in rows if row[1] == "main"), "")
    return Path(name) if name else None


def cut_off(db: Database) -> bool:
    """Write the log into the store and cut it to nothing, if nobody reads or writes just now; whether it was done."""
    (timeout_ms,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute("PRAGMA busy_timeout = 0").fetchone()
    try:
        (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except STORE_TROUBLE as error:
        log.info("the write-ahead log stays as it is: %s", error)
        return False
    finally:
        db.execute(f"PRAGMA busy_timeout = {int(timeout_ms)}").fetchone()
    return not busy


class WalCare:
    """Watches the log of one store, for the thread that owns the connection."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def look(self, db: Database, now_s: float, *, is_idle: bool) -> None:
        """Tell the size; while idle, cut a long log off. One that cannot be is said (`now_s` is monotonic)."""
        path = file_of(db)
        size = None if path is None else wal_bytes(path)
        if size is None:
            return
        metrics.wal_bytes.set(size)
        if size <= CUT_ABOVE_BYTES or not is_idle or now_s < self._next_s:
            return
        self._next_s = now_s + _CUT_EVERY_S
        if not cut_off(db) and size > ALARM_BYTES:
            log.error("the store's write-ahead log has %d bytes and is held by a reader (service engineer)", size)
