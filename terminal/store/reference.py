"""Reference books that the centre sent (limits, complaints, texts), each in its latest version."""

import json
from typing import Any

from sqlite_utils import Database, Migrations

migrations = Migrations("terminal.reference")


@migrations()
def m001_reference(db: Database) -> None:
    """One row per book and version; the highest row counts."""
    db.execute(
        "CREATE TABLE reference (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, content TEXT NOT NULL,"
        " UNIQUE (name, version)) STRICT"
    )


class ReferenceStore:
    """Reference books in one database. Only the terminal's core thread writes it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, name: str, version: str, content: dict[str, Any]) -> None:
        """Take a version of a book; the same version again changes nothing."""
        self._db.execute(
            "INSERT OR IGNORE INTO reference (name, version, content) VALUES (?, ?, ?)",
            (name, version, json.dumps(content, ensure_ascii=False)),
        )

    def latest(self, name: str) -> dict[str, Any] | None:
        """The content that came last under that name, or None."""
        row = next(
            iter(self._db.query("SELECT content FROM reference WHERE name = ? ORDER BY id DESC LIMIT 1", (name,))), None
        )
        if row is None:
            return None
        content: dict[str, Any] = json.loads(row["content"])
        return content
