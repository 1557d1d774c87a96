"""Sets a damaged store aside without deleting it; the kiosk starts on a new one and reports it.

Damage is noticed in three ways: the store cannot be opened, its newest rows or open exams cannot be read at the start, or
an earlier run met a broken page and left a note.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from sync.transactions import STORE_DAMAGE, STORE_TROUBLE
from terminal.store.database import StoreError, open_store
from terminal.store.first_page import COPY
from terminal.store.folders import sync_folder

log = logging.getLogger(__name__)

_COMPANIONS = ("", "-wal", "-shm", COPY)
_MARK = ".damaged-"


def open_or_set_aside(path: Path, master: bytes) -> Database:
    """Open the store; if it is damaged, move it away under a name with the time and open a new one. Raises `StoreError`."""
    try:
        db = open_store(path, master)
    except StoreError as error:
        if error.code != "damaged":
            raise
        _move(path, str(error))
        return open_store(path, master)
    try:
        _probe(db, path)
    except STORE_TROUBLE:
        db.close()
        raise
    except STORE_DAMAGE as error:
        db.close()
        _move(path, str(error))
        return open_store(path, master)
    return db


def set_aside(path: Path) -> list[Path]:
    """The stores that were set aside here, oldest first."""
    found = path.parent.glob(f"{path.name}{_MARK}*")
    return sorted(
        one for one in found if not one.name.endswith(("-wal", "-shm", COPY, ".recovered", ".mended", ".done"))
    )


@contextmanager
def noting_damage(path: Path) -> Iterator[None]:
    """Leave a note when something inside meets a broken page, so that the next start looks at every page."""
    try:
        yield
    except STORE_TROUBLE:
        raise
    except STORE_DAMAGE as error:
        if "malformed" in str(error) or "not a database" in str(error) or "hmac" in str(error):
            _note(path).touch()
        raise


def _probe(db: Database, path: Path) -> None:
    """Read what a start needs; every page where an earlier run met a broken one."""
    for table in ("diary", "outbox", "inbox", "roster_worker", "reference", "media"):
        db.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone()  # noqa: S608 - our own names
    for exam_id, first_seq in db.execute("SELECT exam_id, first_seq FROM exam_span WHERE last_seq IS NULL").fetchall():
        db.execute("SELECT body FROM diary WHERE seq >= ? AND exam_id = ?", (first_seq, exam_id)).fetchall()
    if _note(path).exists():
        for statement in ("PRAGMA cipher_integrity_check", "PRAGMA quick_check"):
            found = [str(row[0]) for row in db.execute(statement).fetchall() if row[0] != "ok"]
            if found:
                raise STORE_DAMAGE[0](found[0])
        _note(path).unlink()


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.suspect")


def _move(path: Path, why: str) -> None:
    at = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    for companion in _COMPANIONS:
        file = path.with_name(path.name + companion)
        if file.exists():
            file.rename(path.with_name(f"{path.name}{_MARK}{at}{companion}"))
    _note(path).unlink(missing_ok=True)
    sync_folder(path.parent)
    log.critical("the store is damaged and was set aside as %s%s%s: %s (service engineer)", path.name, _MARK, at, why)
