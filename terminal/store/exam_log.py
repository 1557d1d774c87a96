"""The terminal's diary: every event of every exam, appended once, hash-chained and signed. Nothing is ever changed.

The exams that are still open are listed beside it, so that a restart finds them without reading the whole diary.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlite_utils import Database, Migrations

from sync.contract.canonical import GENESIS_HASH, canonical, sha256_hex
from sync.contract.exam import DiaryRange
from sync.contract.model import utc_text
from terminal.exam.events import EVENTS, Event
from terminal.exam.model import ExamState, Phase

migrations = Migrations("terminal.exam_log")


@migrations()
def m001_diary(db: Database) -> None:
    """Diary and the list of open exams; triggers refuse any change of the diary."""
    db.execute(
        """
        CREATE TABLE diary (
            seq INTEGER PRIMARY KEY,
            exam_id TEXT NOT NULL,
            type TEXT NOT NULL,
            prev_hash TEXT NOT NULL,
            body BLOB NOT NULL,
            sha256 TEXT NOT NULL,
            signature TEXT NOT NULL
        ) STRICT
        """
    )
    db.execute("CREATE INDEX diary_exam ON diary (exam_id, seq)")
    for action in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER diary_no_{action.lower()} BEFORE {action} ON diary"
            " BEGIN SELECT RAISE(ABORT, 'the diary is append-only'); END"
        )
    db.execute(
        """
        CREATE TABLE open_exam (
            exam_id TEXT PRIMARY KEY,
            worker_id TEXT,
            phase TEXT NOT NULL,
            changed_at TEXT NOT NULL
        ) STRICT
        """
    )


@migrations()
def m002_identity(db: Database) -> None:
    """Whose diary this is, so that a copy can be verified alone."""
    db.execute(
        """
        CREATE TABLE identity (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            terminal_id TEXT NOT NULL,
            org TEXT NOT NULL,
            generation TEXT NOT NULL,
            public_key TEXT NOT NULL
        ) STRICT
        """
    )
    for action in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER identity_no_{action.lower()} BEFORE {action} ON identity"
            " BEGIN SELECT RAISE(ABORT, 'the diary keeps its owner'); END"
        )


@dataclass(frozen=True, slots=True)
class DiaryRow:
    """One stored event with its link."""

    seq: int
    exam_id: str
    prev_hash: str
    body: bytes
    sha256: str
    signature: bytes


class ExamLog:
    """The diary in one database. Only the terminal's core thread writes it."""

    def __init__(self, db: Database, key: Ed25519PrivateKey) -> None:
        self._db = db
        self._key = key

    def append(self, event: Event) -> int:
        """Chain and sign an event; returns its number. Call inside the transaction that the screen waits for."""
        last = next(iter(self._db.query("SELECT seq, sha256 FROM diary ORDER BY seq DESC LIMIT 1")), None)
        seq = 1 if last is None else last["seq"] + 1
        prev_hash = GENESIS_HASH if last is None else last["sha256"]
        body = canonical({"seq": seq, "prev_hash": prev_hash, "event": event.model_dump(mode="json")})
        self._db.execute(
            "INSERT INTO diary (seq, exam_id, type, prev_hash, body, sha256, signature) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                event.exam_id,
                event.type,
                prev_hash,
                body,
                sha256_hex(body),
                base64.b64encode(self._key.sign(body)).decode(),
            ),
        )
        return seq

    def note_open(self, state: ExamState) -> None:
        """Keep the list of open exams true; call inside the transaction of the event."""
        if state.phase is Phase.ENDED:
            self._db.execute("DELETE FROM open_exam WHERE exam_id = ?", (state.exam_id,))
            return
        stamp = state.last or state.started
        self._db.execute(
            "INSERT INTO open_exam (exam_id, worker_id, phase, changed_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (exam_id) DO UPDATE SET worker_id = excluded.worker_id, phase = excluded.phase,"
            " changed_at = excluded.changed_at",
            (
                state.exam_id,
                state.examinee.worker_id if state.examinee else None,
                str(state.phase),
                utc_text(stamp.at),
            ),
        )

    def open_exams(self) -> list[str]:
        """Ids of exams that have not ended, the one that something happened in last at the end; clocks have no say."""
        last = "(SELECT max(seq) FROM diary WHERE diary.exam_id = open_exam.exam_id)"
        return [row["exam_id"] for row in self._db.query(f"SELECT exam_id FROM open_exam ORDER BY {last}")]  # noqa: S608

    def events_of(self, exam_id: str) -> Iterator[Event]:
        """The stored events of one exam, in order."""
        for row in self._db.query("SELECT body FROM diary WHERE exam_id = ? ORDER BY seq", (exam_id,)):
            fields: dict[str, Any] = json.loads(row["body"])
            yield EVENTS.validate_python(fields["event"])

    def range_of(self, exam_id: str) -> DiaryRange:
        """First and last number of an exam's events, and the hash that the whole chain has reached."""
        row = next(
            iter(self._db.query("SELECT min(seq) AS first, max(seq) AS last FROM diary WHERE exam_id = ?", (exam_id,)))
        )
        head = next(iter(self._db.query("SELECT sha256 FROM diary ORDER BY seq DESC LIMIT 1")))
        return DiaryRange(first_seq=row["first"], last_seq=row["last"], head_hash=head["sha256"])

    def rows(self) -> Iterator[DiaryRow]:
        """The whole diary, for `dopusk verify`."""
        for row in self._db.query("SELECT seq, exam_id, prev_hash, body, sha256, signature FROM diary ORDER BY seq"):
            yield DiaryRow(
                row["seq"],
                row["exam_id"],
                row["prev_hash"],
                row["body"],
                row["sha256"],
                base64.b64decode(row["signature"]),
            )
