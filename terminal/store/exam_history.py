"""Reading the diary: which exams are open, what happened in one, where it stands.

Each exam's first and last place are noted when it begins and when it ends. An index over all events would cost a page of
every commit that a screen waits for.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from sync.contract.exam import DiaryRange
from terminal.exam.events import EVENTS, Event

_IN_SPAN = "seq BETWEEN :first AND coalesce(:last, 9223372036854775807) AND exam_id = :exam_id"


@dataclass(frozen=True, slots=True)
class DiaryRow:
    """One stored event with its link."""

    seq: int
    exam_id: str
    prev_hash: str
    body: bytes
    sha256: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class OpenExam:
    """An exam that has not ended, with the type and the number of its last event."""

    exam_id: str
    last_event: str
    last_seq: int


class ExamHistory:
    """The diary in one database, for reading."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def open_exams(self) -> list[OpenExam]:
        """Exams that have not ended, the one that something happened in last at the end; clocks have no say."""
        rows = self._db.execute(
            "WITH unended AS (SELECT exam_id, first_seq FROM exam_span WHERE last_seq IS NULL)"
            " SELECT exam_id, type, max(seq) FROM diary WHERE seq >= (SELECT min(first_seq) FROM unended)"
            " AND exam_id IN (SELECT exam_id FROM unended) GROUP BY exam_id ORDER BY max(seq)"
        )
        return [OpenExam(*row) for row in rows.fetchall()]  # of a group, `type` is that of the row with the maximum

    def events_of(self, exam_id: str) -> Iterator[Event]:
        """The stored events of one exam, in order; none for an exam that is not here."""
        span = self._span(exam_id)
        if span is not None:
            for (body,) in self._db.execute(f"SELECT body FROM diary WHERE {_IN_SPAN} ORDER BY seq", span):  # noqa: S608
                fields: dict[str, Any] = json.loads(body)
                yield EVENTS.validate_python(fields["event"])

    def range_of(self, exam_id: str) -> DiaryRange:
        """First and last number of an exam's events, and the hash that the whole chain has reached.

        Raises `LookupError` for an exam that is not here.
        """
        span = self._span(exam_id)
        if span is None:
            raise LookupError(f"exam {exam_id} is not in the diary")
        query = f"SELECT seq FROM diary WHERE {_IN_SPAN} ORDER BY seq DESC LIMIT 1"  # noqa: S608 - our own words
        (last,) = self._db.execute(query, span).fetchone()
        (head,) = self._db.execute("SELECT sha256 FROM diary ORDER BY seq DESC LIMIT 1").fetchone()
        return DiaryRange(first_seq=span["first"], last_seq=last, head_hash=head)

    def rows(self) -> Iterator[DiaryRow]:
        """The whole diary, for `dopusk verify`."""
        query = "SELECT seq, exam_id, prev_hash, body, sha256, signature FROM diary ORDER BY seq"
        for seq, exam_id, prev_hash, body, sha256, signature in self._db.execute(query):
            yield DiaryRow(seq, exam_id, prev_hash, body, sha256, base64.b64decode(signature))

    def _span(self, exam_id: str) -> dict[str, Any] | None:
        """First and last number of an exam's events as noted; no last one while it is open."""
        row = self._db.execute("SELECT first_seq, last_seq FROM exam_span WHERE exam_id = ?", (exam_id,)).fetchone()
        return None if row is None else {"first": row[0], "last": row[1], "exam_id": exam_id}
