"""Reading what can be read of a store that was set aside, into a fresh store file that can be verified and sent.

Rows are read one by one, so that a broken page costs the rows on it and no others. They are copied as they are: their
signatures still tell whose they are.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from sync.transactions import STORE_DAMAGE, writing
from terminal.store.database import StoreError, connect, derive_key, open_store
from terminal.store.first_page import with_first_page

log = logging.getLogger(__name__)

TABLES = ("identity", "diary", "exam_span", "receipt_proof", "outbox", "inbox", "reference_face", "media")
"""Evidence, in an order that foreign keys allow. The roster comes from the centre again."""
_MISSES_AT_END = 2_000
_AT_ONCE = 500


@dataclass
class Recovered:
    """Rows by table, and the ranges of numbers that could not be read."""

    rows: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    unsent: int = 0


UNREADABLE: tuple[type[BaseException], ...] = (*STORE_DAMAGE, MemoryError)
"""What a broken page raises. SQLCipher tells of it as of a want of memory as well."""


class _Source:
    """A damaged store. After a broken page SQLCipher refuses everything on that connection, so it is opened anew."""

    def __init__(self, open_damaged: Callable[[], Database]) -> None:
        self._open = open_damaged
        self.db = open_damaged()

    def again(self) -> None:
        self.db.close()
        self.db = self._open()


def recover_file(damaged: Path, target: Path, master: bytes) -> Recovered:
    """Recover a store file; where not even its first page can be read, with that page's second copy.

    Raises `StoreError` for a file of which nothing can be read, and `FileExistsError`.
    """
    source = damaged
    try:
        connect(damaged, master).close()
    except StoreError as error:
        mended = with_first_page(damaged, derive_key(master, "database")) if error.code == "damaged" else None
        if mended is None:
            raise
        log.warning("%s: the first page was taken from its second copy", damaged.name)
        source = mended
    try:
        return recover(lambda: connect(source, master), target, master)
    finally:
        if source != damaged:
            for companion in ("", "-wal", "-shm"):
                source.with_name(source.name + companion).unlink(missing_ok=True)


def recover(open_damaged: Callable[[], Database], target: Path, master: bytes) -> Recovered:
    """Copy all that can be read into a new store at `target`, which must not exist. Raises `FileExistsError`.

    `open_damaged` opens the damaged store; it is called again after each broken page.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already; move it away first")
    found = Recovered()
    fresh = open_store(target, master)
    damaged = _Source(open_damaged)
    try:
        for table in TABLES:
            _copy(damaged, fresh, table, found)
        (found.unsent,) = fresh.execute("SELECT count(*) FROM outbox WHERE state = 'queued'").fetchone()
    finally:
        fresh.close()
        damaged.db.close()
    return found


def _copy(damaged: _Source, fresh: Database, table: str, found: Recovered) -> None:
    columns = [row[1] for row in fresh.execute(f"PRAGMA table_info({table})").fetchall()]
    marks = ", ".join("?" * (len(columns) + 1))
    insert = f"INSERT OR IGNORE INTO {table} (rowid, {', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our names
    found.rows[table] = 0
    batch: list[tuple[Any, ...]] = []
    fresh.execute("PRAGMA foreign_keys = OFF")
    for row in _rows(damaged, table, columns, found.unreadable.setdefault(table, [])):
        batch.append(row)
        if len(batch) == _AT_ONCE:
            found.rows[table] += _insert(fresh, insert, batch)
    found.rows[table] += _insert(fresh, insert, batch)


def _rows(
    source: _Source, table: str, columns: list[str], unreadable: list[tuple[int, int]]
) -> Iterator[tuple[Any, ...]]:
    """Rows by number. Where reading in order stops at a broken page, the numbers behind it are asked for one by one."""
    select = f"SELECT rowid, {', '.join(columns)} FROM {table} WHERE rowid"  # noqa: S608 - our own names
    number, misses = 0, 0
    while misses < _MISSES_AT_END:
        try:
            for row in source.db.execute(f"{select} > ? ORDER BY rowid", (number,)):
                number, misses = row[0], 0
                yield row
        except UNREADABLE:
            source.again()
        else:
            return  # the end of the table was reached without meeting a broken page
        number += 1
        row = _single(source, select, number)
        if row is not None:
            misses = 0
            yield row
        else:
            misses += 1
            _note(unreadable, number)
    unreadable.pop()  # behind the last readable row: the end of the table, or rows that nothing tells of


def _single(source: _Source, select: str, number: int) -> tuple[Any, ...] | None:
    try:
        row: tuple[Any, ...] | None = source.db.execute(f"{select} = ?", (number,)).fetchone()
    except UNREADABLE:
        source.again()
        return None
    return row


def _note(ranges: list[tuple[int, int]], number: int) -> None:
    if ranges and ranges[-1][1] == number - 1:
        ranges[-1] = (ranges[-1][0], number)
    else:
        ranges.append((number, number))


def _insert(db: Database, statement: str, batch: list[tuple[Any, ...]]) -> int:
    with writing(db):
        for row in batch:
            db.execute(statement, row)
    count = len(batch)
    batch.clear()
    return count
