"""The write-ahead log beside the store: how large it is, and cutting it off when nobody writes.

A reader that held a snapshot while much was written leaves it long for ever; SQLite itself only begins it anew.
"""

import logging
from pathlib import Path

from sqlite_utils import Database

from sync.transactions import STORE_TROUBLE

log = logging.getLogger(__name__)

KEPT_BYTES = 8 * 1024 * 1024
"""What may stay on the disk after a checkpoint (`journal_size_limit`)."""
ALARM_BYTES = 64 * 1024 * 1024
"""Above this somebody keeps the store from being tidied up: the service engineer must look."""
CUT_ABOVE_BYTES = 1024 * 1024


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
