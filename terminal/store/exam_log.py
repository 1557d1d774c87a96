"""The terminal's diary: every event of every exam, appended once, hash-chained and signed. Nothing is ever changed.

Where each exam begins and ends is noted beside it, so that a restart finds the open ones without reading the whole diary.
"""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlite_utils import Database, Migrations

from sync.contract.canonical import GENESIS_HASH, canonical, sha256_hex
from terminal.exam.events import Event
from terminal.store.exam_history import ExamHistory

migrations = Migrations("terminal.exam_log")


@migrations()
def m001_diary(db: Database) -> None:
    """The events of all exams in their order, chained and signed; triggers refuse any change."""
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


@migrations()
def m003_spans(db: Database) -> None:
    """The first and the last event of each exam, in place of a list that each event changed and an index that each grew."""
    db.execute("CREATE TABLE exam_span (exam_id TEXT PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER) STRICT")
    db.execute(
        "INSERT INTO exam_span SELECT exam_id, min(seq), CASE WHEN exam_id IN (SELECT exam_id FROM open_exam)"
        " THEN NULL ELSE max(seq) END FROM diary GROUP BY exam_id"
    )
    db.execute("CREATE INDEX exam_span_open ON exam_span (first_seq) WHERE last_seq IS NULL")
    db.execute("DROP TABLE open_exam")
    db.execute("DROP INDEX diary_exam")


class ExamLog(ExamHistory):
    """The diary in one database. Only the terminal's core thread writes it."""

    def __init__(self, db: Database, key: Ed25519PrivateKey) -> None:
        super().__init__(db)
        self._key = key

    def append(self, event: Event) -> int:
        """Chain and sign an event; returns its number. Call inside the transaction that the screen waits for."""
        last = self._db.execute("SELECT seq, sha256 FROM diary ORDER BY seq DESC LIMIT 1").fetchone()
        seq, prev_hash = (1, GENESIS_HASH) if last is None else (last[0] + 1, last[1])
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

    def note_span(self, exam_id: str, seq: int, *, is_open: bool) -> None:
        """Note that an exam begins with this event, or that this one is its last for now; in the event's transaction."""
        self._db.execute(
            "INSERT INTO exam_span (exam_id, first_seq, last_seq) VALUES (?, ?, ?)"
            " ON CONFLICT (exam_id) DO UPDATE SET last_seq = excluded.last_seq",
            (exam_id, seq, None if is_open else seq),
        )
