"""Retention on the terminal: media that the centre has receipted are deleted after their time; records stay.

Two things are tidied away: the bodies of media messages (the centre has them, and the files are still here), and after their
days the files themselves. A file goes by age only when the clock is known to be right, the link has worked just now, and the
centre's list of holds is of today: a hold that was placed while this terminal was away has to come first (ADR 0254).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError
from sqlite_utils import Database

from sync.contract.books import FILM_TERMINAL, RETENTION, BookContent, term_days
from sync.contract.holds import FRESH_FOR, HOLDS, Holds
from sync.contract.model import utc_text
from sync.transactions import writing
from terminal.config import LEAST_MEDIA_DAYS
from terminal.exam.events import ExamineeIdentified
from terminal.store.exam_history import ExamHistory
from terminal.store.media_files import MediaFiles
from terminal.store.reference import ReferenceStore

_AT_ONCE = 200
LINKED_WITHIN = timedelta(minutes=90)
"""The newest receipt of the centre is of so little ago: a terminal reports every hour, unless it is configured otherwise."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """What went: bodies of chunks, and files. `held`: files whose time is over and that a hold keeps.

    `waits_for`: why nothing was deleted by age: `clock`, `link`, `holds`; empty when it was looked at.
    """

    chunks: int
    files: int
    held: int = 0
    waits_for: str = ""


def tidy(db: Database, media: MediaFiles, now: datetime, *, clock_trusted: bool, media_days: int) -> Tidied:
    """Tidy up once. `media_days`: at least so many; the centre's book of terms may ask for more.

    Raises `ValueError` for fewer days than the law asks for.
    """
    if media_days < LEAST_MEDIA_DAYS:
        raise ValueError(f"media are kept at least {LEAST_MEDIA_DAYS} days, not {media_days}")
    chunks = _empty_chunks(db)
    reference = ReferenceStore(db)
    holds = _holds(reference)
    waits_for = _waits_for(db, now, holds, clock_trusted=clock_trusted)
    if holds is None or waits_for:
        return Tidied(chunks, 0, waits_for=waits_for)
    days = max(media_days, _published_days(reference, now))
    files, held = _remove_files(db, media, now - timedelta(days=days), holds)
    return Tidied(chunks, files, held)


def _waits_for(db: Database, now: datetime, holds: Holds | None, *, clock_trusted: bool) -> str:
    if not clock_trusted:
        return "clock"
    (newest,) = db.execute("SELECT max(receipt_at) FROM outbox WHERE state = 'receipted'").fetchone()
    if newest is None or newest < utc_text(now - LINKED_WITHIN):
        return "link"
    if holds is None or holds.as_of < now - FRESH_FOR:
        return "holds"
    return ""


def _holds(reference: ReferenceStore) -> Holds | None:
    content = reference.latest(HOLDS)
    try:
        return None if content is None else Holds.model_validate(content)
    except ValidationError:  # of a newer centre: what cannot be read may keep anything
        return None


def _published_days(reference: ReferenceStore, now: datetime) -> int:
    """The longest of the terms that hold or will: a film that is to be kept longer from tomorrow on does not go today."""
    longest, day = 0, now.astimezone().date()
    for version in reference.versions(RETENTION):
        try:
            content = BookContent.model_validate(reference.of_version(RETENTION, version) or {})
        except ValidationError:
            continue
        longest = max(longest, *(term_days(item) for item in content.items if item.code == FILM_TERMINAL), 0)
        if content.valid_from is None or content.valid_from <= day:
            break
    return longest


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


def _remove_files(db: Database, media: MediaFiles, stored_before: datetime, holds: Holds) -> tuple[int, int]:
    """Delete old files of exams of which no chunk is without a receipt. The list of media stays: it is evidence."""
    query = (
        "SELECT sha256, exam_id, stored_at FROM media WHERE stored_at < ? AND NOT EXISTS (SELECT 1 FROM outbox"
        " WHERE kind = 'media' AND subject = media.exam_id AND state != 'receipted')"
        " AND EXISTS (SELECT 1 FROM outbox WHERE kind = 'media' AND subject = media.exam_id)"
    )
    old = [row for row in db.execute(query, (utc_text(stored_before),)).fetchall() if media.exists(row[0])]
    examined = _examined(ExamHistory(db))
    gone = held = 0
    for sha256, exam_id, stored_at in old:
        day = datetime.fromisoformat(stored_at).astimezone().date()
        if holds.keeps(exam_id, day, examined(exam_id) if holds.holds else None):
            held += 1
            continue
        media.remove(sha256)
        gone += 1
    return gone, held


def _examined(history: ExamHistory) -> Callable[[str], frozenset[str]]:
    """Who was identified in an exam, read once."""
    known: dict[str, frozenset[str]] = {}

    def examined(exam_id: str) -> frozenset[str]:
        if exam_id not in known:
            found = (event for event in history.events_of(exam_id) if isinstance(event, ExamineeIdentified))
            known[exam_id] = frozenset(event.worker_id for event in found)
        return known[exam_id]

    return examined
