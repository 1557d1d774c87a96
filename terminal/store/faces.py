"""The list of reference faces on this terminal: each requested photo and its state.

Derived: every row is what the last report in the outbox says of that worker, written in the same transaction. The numbers
of a face lie in encrypted files apart (`terminal.face.templates`).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database, Migrations

from sync.contract.face import FaceNote

migrations = Migrations("terminal.faces")


@migrations()
def m001_faces(db: Database) -> None:
    """One row per worker whose photo was asked for."""
    db.execute(
        "CREATE TABLE reference_face (worker_id TEXT PRIMARY KEY, photo_sha256 TEXT NOT NULL,"
        " state TEXT NOT NULL CHECK (state IN ('wanted', 'taken', 'refused')), engine TEXT NOT NULL,"
        " problems TEXT NOT NULL) STRICT"
    )


@dataclass(frozen=True, slots=True)
class ReferenceFace:
    """One row: `wanted` (asked for), `taken` (there is a template) or `refused` (with the codes of what is wrong)."""

    worker_id: str
    photo_sha256: str
    state: str
    engine: str
    problems: tuple[str, ...] = ()


class FaceList:
    """The list in one database. Only the terminal's core thread writes it, inside its transactions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> dict[str, ReferenceFace]:
        """Every row, by worker."""
        rows = self._db.query("SELECT * FROM reference_face ORDER BY worker_id")
        return {row["worker_id"]: _face(row) for row in rows}

    def get(self, worker_id: str) -> ReferenceFace | None:
        """The worker's row."""
        rows = self._db.query("SELECT * FROM reference_face WHERE worker_id = ?", (worker_id,))
        return next((_face(row) for row in rows), None)

    def apply(self, notes: Iterable[FaceNote]) -> None:
        """Write what is being reported; call inside the transaction that queues the report."""
        for note in notes:
            if note.state == "deleted":
                self._db.execute("DELETE FROM reference_face WHERE worker_id = ?", (note.worker_id,))
            else:
                self._db.execute("INSERT OR REPLACE INTO reference_face VALUES (?, ?, ?, ?, ?)", row_of(note))


def row_of(note: FaceNote) -> tuple[str, str, str, str, str]:
    """The row that a note makes."""
    return (note.worker_id, note.photo_sha256, note.state, note.engine, json.dumps(list(note.problems)))


def _face(row: dict[str, str]) -> ReferenceFace:
    problems = tuple(json.loads(row["problems"]))
    return ReferenceFace(row["worker_id"], row["photo_sha256"], row["state"], row["engine"], problems)
