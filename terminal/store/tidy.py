"""Retention on the terminal: media that the centre has receipted are deleted after their time; records stay.

Two things are tidied away: the bodies of media messages (the centre has them, and the files are still here), and after the
configured days the files themselves. Without a clock that is known to be right nothing is deleted by age.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from sync.contract.model import utc_text
from sync.transactions import writing
from terminal.config import LEAST_MEDIA_DAYS
from terminal.store.media_files import MediaFiles

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Tidied:
    """What went: bodies of chunks, and files."""

    chunks: int
    files: int


def tidy(db: Database, media: MediaFiles, now: datetime, *, clock_trusted: bool, media_days: int) -> Tidied:
    """Tidy up once. Raises `ValueError` for fewer days than the law asks for."""
    if media_days < LEAST_MEDIA_DAYS:
        raise ValueError(f"media are kept at least {LEAST_MEDIA_DAYS} days, not {media_days}")
    chunks = _empty_chunks(db)
    files = _remove_files(db, media, now - timedelta(days=media_days)) if clock_trusted else 0
    return Tidied(chunks, files)


def _empty_chunks(db: Database) -> int:
    count = 0
    while True:
        with writing(db):  # a little at a time: the kiosk waits for the same lock
            emptied = db.execute(
                "UPDATE outbox SET wire = NULL WHERE seq IN (SELECT seq FROM outbox WHERE kind IN ('media', 'health')"
                " AND state = 'receipted' AND wire IS NOT NULL LIMIT ?) RETURNING seq",
                (_AT_ONCE,),
            ).fetchall()
        count += len(emptied)
        if not emptied:
            return count


def _remove_files(db: Database, media: MediaFiles, stored_before: datetime) -> int:
    """Delete old files of exams of which no chunk is without a receipt. The list of media stays: it is evidence."""
    query = (
        "SELECT sha256 FROM media WHERE stored_at < ? AND NOT EXISTS (SELECT 1 FROM outbox"
        " WHERE kind = 'media' AND subject = media.exam_id AND state != 'receipted')"
        " AND EXISTS (SELECT 1 FROM outbox WHERE kind = 'media' AND subject = media.exam_id)"
    )
    gone = [row[0] for row in db.execute(query, (utc_text(stored_before),)).fetchall() if media.exists(row[0])]
    for sha256 in gone:
        media.remove(sha256)
    return len(gone)
