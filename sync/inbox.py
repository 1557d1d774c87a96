"""The inbox: what the centre sent, committed before it is acknowledged, applied by the terminal's one writer.

The sync process inserts; the terminal marks a row applied in the transaction that applies it.
"""

from dataclasses import dataclass

from sqlite_utils import Database, Migrations

from sync.contract.receipt import RefusedMessage
from sync.transactions import writing

migrations = Migrations("sync.inbox")


@migrations()
def m001_inbox(db: Database) -> None:
    """Messages from the centre, until they are applied or refused."""
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


@migrations()
def m002_signed_columns_only(db: Database) -> None:
    """Drop the time of arrival: nobody signs it, and the acknowledgement in the outbox carries its own, signed."""
    db.execute("DROP INDEX inbox_new")
    db.execute("ALTER TABLE inbox DROP COLUMN received_at")
    db.execute("CREATE INDEX inbox_new ON inbox (state) WHERE state = 'new'")


@migrations()
def m003_refused_arrivals(db: Database) -> None:
    """What the sync process would not even store, until the terminal's one writer has told the centre, signed."""
    db.execute(
        "CREATE TABLE refused_arrival (sha256 TEXT PRIMARY KEY, message_id TEXT, code TEXT NOT NULL, reason TEXT NOT NULL)"
        " STRICT"
    )


@migrations()
def m004_repeated_arrivals(db: Database) -> None:
    """What came once more although it was answered: perhaps the centre has lost the answer."""
    db.execute("CREATE TABLE repeated_arrival (message_id TEXT PRIMARY KEY) STRICT")


MOST_REFUSED_ARRIVALS = 200
"""So many may wait to be told; more are counted and forgotten, and the centre sends them again."""


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

    def store(self, message_id: str, kind: str, wire: bytes) -> bool:
        """Store a message; committed on return unless a transaction is open. False if it was there already (delivered twice)."""
        with writing(self._db):
            cursor = self._db.execute(
                "INSERT INTO inbox (message_id, kind, wire) VALUES (?, ?, ?)"
                " ON CONFLICT (message_id) DO NOTHING RETURNING message_id",
                (message_id, kind, wire),
            )
            return cursor.fetchone() is not None

    def holds_other(self, message_id: str, wire: bytes) -> bool:
        """Whether another message than this one is stored under the id."""
        row = self._db.execute("SELECT wire FROM inbox WHERE message_id = ?", (message_id,)).fetchone()
        return row is not None and bytes(row[0]) not in (wire, b"")

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

    def kept(self, kind: str) -> list[Incoming]:
        """Applied messages of a kind whose content is still there, in the order they came."""
        rows = self._db.query(
            "SELECT message_id, kind, wire FROM inbox WHERE kind = ? AND state = 'applied' AND length(wire) > 0"
            " ORDER BY rowid",
            (kind,),
        )
        return [Incoming(row["message_id"], row["kind"], row["wire"]) for row in rows]

    def content(self, message_id: str) -> bytes:
        """The exact bytes of a message. Raises `LookupError` for one that is not there."""
        row = self._db.execute("SELECT wire FROM inbox WHERE message_id = ?", (message_id,)).fetchone()
        if row is None:
            raise LookupError(message_id)
        return bytes(row[0])

    def empty(self, message_id: str) -> None:
        """Let go of the content of an applied message that may not be kept; call inside a transaction."""
        self._db.execute("UPDATE inbox SET wire = X'' WHERE message_id = ? AND state = 'applied'", (message_id,))

    def mark(self, message_id: str, state: str, reason: str = "") -> None:
        """Note what became of a message; call inside the transaction that applies it."""
        self._db.execute("UPDATE inbox SET state = ?, reason = ? WHERE message_id = ?", (state, reason, message_id))

    def note_repeated(self, message_id: str) -> bool:
        """Note that an answered message came once more; False for one that is not answered yet, or is noted."""
        with writing(self._db):
            cursor = self._db.execute(
                "INSERT INTO repeated_arrival SELECT message_id FROM inbox WHERE message_id = ? AND state != 'new'"
                " ON CONFLICT (message_id) DO NOTHING RETURNING message_id",
                (message_id,),
            )
            return cursor.fetchone() is not None

    def take_repeated(self) -> list[str]:
        """Messages that came once more, and forget that they did; call inside a transaction."""
        rows = self._db.execute("DELETE FROM repeated_arrival RETURNING message_id").fetchall()
        return [row[0] for row in rows]

    def has_repeated(self) -> bool:
        """Whether any came."""
        return self._db.execute("SELECT 1 FROM repeated_arrival").fetchone() is not None

    def note_refused(self, refused: RefusedMessage) -> bool:
        """Keep a refusal until the centre is told of it; committed on return unless a transaction is open.

        False if it waits already, or if too many do.
        """
        with writing(self._db):
            (waiting,) = self._db.execute("SELECT count(*) FROM refused_arrival").fetchone()
            if waiting >= MOST_REFUSED_ARRIVALS:
                return False
            cursor = self._db.execute(
                "INSERT INTO refused_arrival VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING RETURNING sha256",
                (refused.sha256, refused.message_id, refused.code, refused.reason),
            )
            return cursor.fetchone() is not None

    def refused_arrivals(self) -> list[RefusedMessage]:
        """Refusals that the centre was not told of, in the order they came."""
        rows = self._db.query("SELECT message_id, sha256, code, reason FROM refused_arrival ORDER BY rowid")
        return [RefusedMessage.model_validate(dict(row)) for row in rows]

    def drop_refused(self, sha256: str) -> None:
        """The centre is told; call inside the transaction that queues the word."""
        self._db.execute("DELETE FROM refused_arrival WHERE sha256 = ?", (sha256,))


def refusal_text(refused: RefusedMessage) -> str:
    """Code and reason as they are noted beside a refused message."""
    return f"{refused.code}: {refused.reason}"
