"""Reference books that the centre sent (limits, complaints, texts), each in its latest version."""

import json
from typing import Any

from sqlite_utils import Database, Migrations

migrations = Migrations("terminal.reference")


@migrations()
def m001_reference(db: Database) -> None:
    """Reference books of the centre (limits, revoked certificates), one row for each version."""
    db.execute(
        "CREATE TABLE reference (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, content TEXT NOT NULL,"
        " UNIQUE (name, version)) STRICT"
    )


@migrations()
def m002_order(db: Database) -> None:
    """The centre's own order of the versions: a delayed message must not bring an old one back."""
    db.execute("ALTER TABLE reference ADD COLUMN sent_seq INTEGER NOT NULL DEFAULT 0")


class ReferenceStore:
    """Reference books in one database. Only the terminal's core thread writes it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.writes = 0
        """Counts what was put, so that a reader knows when to look again."""

    def put(self, name: str, version: str, content: dict[str, Any], sent_seq: int = 0) -> None:
        """Take a version of a book; `sent_seq` is its message's number in the centre's chain.

        The same version again changes nothing but its place: a centre that goes back to it means it.
        """
        self.writes += 1
        self._db.execute(
            "INSERT INTO reference (name, version, content, sent_seq) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name, version) DO UPDATE SET sent_seq = max(sent_seq, excluded.sent_seq)",
            (name, version, json.dumps(content, ensure_ascii=False), sent_seq),
        )

    def forget_older(self, name: str) -> None:
        """Keep the version alone that the centre sent last: for a book that no exam names."""
        last = "SELECT id FROM reference WHERE name = ? ORDER BY sent_seq DESC, id DESC LIMIT 1"
        self._db.execute(f"DELETE FROM reference WHERE name = ? AND id <> ({last})", (name, name))  # noqa: S608

    def latest(self, name: str) -> dict[str, Any] | None:
        """The content that the centre sent last under that name, or None."""
        return self._content("name = ? ORDER BY sent_seq DESC, id DESC LIMIT 1", (name,))

    def versions(self, name: str) -> list[str]:
        """All versions that the centre sent under that name, the one sent last first."""
        query = "SELECT version FROM reference WHERE name = ? ORDER BY sent_seq DESC, id DESC"
        return [str(row["version"]) for row in self._db.query(query, (name,))]

    def of_version(self, name: str, version: str) -> dict[str, Any] | None:
        """The content of one version, or None."""
        return self._content("name = ? AND version = ?", (name, version))

    def _content(self, condition: str, values: tuple[str, ...]) -> dict[str, Any] | None:
        query = f"SELECT content FROM reference WHERE {condition}"  # noqa: S608  # conditions of this module alone
        row = next(iter(self._db.query(query, values)), None)
        if row is None:
            return None
        content: dict[str, Any] = json.loads(row["content"])
        return content
