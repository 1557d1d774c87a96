"""The inbox: what the centre sent, committed before it is acknowledged, applied by the terminal's one writer.

The sync process inserts; the terminal marks a row applied in the transaction that applies it.
"""

from dataclasses import dataclass

from sqlite_utils import Database, Migrations

from sync.transactions import writing

migrations = Migrations("sync.inbox")


@migrations()
def m001_inbox(db: Database) -> None:
    """Table of messages from the centre."""
    db.execute(
        """
        CREATE TABLE inbox (
            message_id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            wire BLOB NOT NULL,
            received_at TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'applied', 'refused')),
            reason TEXT
        ) STRICT
        """
    )
    db.execute("CREATE INDEX inbox_new ON inbox (received_at) WHERE state = 'new'")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message from the centre that waits to be applied."""

    message_id: str
    kind: str
    wire: bytes


class Inbox:
    """Messages from the centre in one database. Not thread-safe: one instance per connection."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def store(self, message_id: str, kind: str, wire: bytes, received_at: str) -> bool:
        """Store a message; committed on return unless a transaction is open. False if it was there already (delivered twice)."""
        with writing(self._db):
            cursor = self._db.execute(
                "INSERT INTO inbox (message_id, kind, wire, received_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (message_id) DO NOTHING RETURNING message_id",
                (message_id, kind, wire, received_at),
            )
            return cursor.fetchone() is not None

    def state_of(self, message_id: str) -> str | None:
        """`new`, `applied`, `refused`, or None for an unknown message."""
        row = next(iter(self._db.query("SELECT state FROM inbox WHERE message_id = ?", (message_id,))), None)
        return None if row is None else str(row["state"])

    def new(self, limit: int = 100) -> list[Incoming]:
        """Messages that were not applied yet, in the order they came; the wall clock, which may jump, has no say in it."""
        rows = self._db.query(
            "SELECT message_id, kind, wire FROM inbox WHERE state = 'new' ORDER BY rowid LIMIT ?",
            (limit,),
        )
        return [Incoming(row["message_id"], row["kind"], row["wire"]) for row in rows]

    def mark(self, message_id: str, state: str, reason: str = "") -> None:
        """Note what became of a message; call inside the transaction that applies it."""
        self._db.execute("UPDATE inbox SET state = ?, reason = ? WHERE message_id = ?", (state, reason, message_id))
