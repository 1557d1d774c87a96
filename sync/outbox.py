"""The outbox: every message that the centre must have, signed and chained in the order it was made.

Rows are appended inside the caller's transaction, so that an event and its message are committed together or not at
all. `wire`, `seq` and `prev_hash` never change; the sync process writes the delivery columns only. A row closes on the
centre's receipt and on nothing else; a refused one is parked with its reason, and staff must look.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlite_utils import Database, Migrations

from sync.contract.canonical import GENESIS_HASH, new_id
from sync.contract.envelope import ClockStamp, Envelope, seal
from sync.contract.model import utc_text
from sync.contract.receipt import Receipt
from sync.contract.topics import TerminalAddress, Up

migrations = Migrations("sync.outbox")

PRIORITY = {Up.ACK: 0, Up.EXAM: 1, Up.HEALTH: 2, Up.MEDIA: 5}
"""Lower goes first: exams before media."""


@migrations()
def m001_outbox(db: Database) -> None:
    """Table of outgoing messages."""
    db.execute(
        """
        CREATE TABLE outbox (
            seq INTEGER PRIMARY KEY,
            message_id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            priority INTEGER NOT NULL,
            prev_hash TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            wire BLOB,
            created_at TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'receipted', 'parked')),
            attempts INTEGER NOT NULL DEFAULT 0,
            receipt_outcome TEXT,
            receipt_code TEXT,
            receipt_reason TEXT,
            receipt_at TEXT
        ) STRICT
        """
    )
    db.execute("CREATE INDEX outbox_queue ON outbox (priority, seq) WHERE state = 'queued'")
    db.execute("CREATE INDEX outbox_subject ON outbox (subject)")
    db.execute("CREATE INDEX outbox_parked ON outbox (seq) WHERE state = 'parked'")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One row to publish."""

    seq: int
    message_id: str
    kind: Up
    wire: bytes


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much is on its way. `oldest_at` is the time (UTC text) of the oldest message without a receipt."""

    queued: int
    parked: int
    oldest_at: str | None


class Outbox:
    """The terminal's outgoing messages in one database. Not thread-safe: one instance per connection."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def append(
        self,
        key: Ed25519PrivateKey,
        address: TerminalAddress,
        *,
        kind: Up,
        schema: str,
        payload: dict[str, Any],
        subject: str,
        generation: Literal["real", "demo", "test"],
        created_at: Any,
        clock: ClockStamp,
    ) -> str:
        """Seal a message onto the chain and queue it; returns its id. Call inside the transaction of its event.

        `subject` is what the message is about (an exam id), for finding its receipts.
        """
        last = next(iter(self._db.query("SELECT seq, sha256 FROM outbox ORDER BY seq DESC LIMIT 1")), None)
        seq = 1 if last is None else last["seq"] + 1
        envelope = Envelope(
            message_id=new_id(),
            schema=schema,
            terminal_id=address.terminal,
            seq=seq,
            prev_hash=GENESIS_HASH if last is None else last["sha256"],
            created_at=created_at,
            clock=clock,
            generation=generation,
            payload=payload,
        )
        sealed = seal(envelope, key)
        self._db.execute(
            "INSERT INTO outbox (seq, message_id, kind, subject, priority, prev_hash, sha256, wire, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                envelope.message_id,
                str(kind),
                subject,
                PRIORITY[kind],
                envelope.prev_hash,
                sealed.sha256,
                sealed.wire,
                utc_text(envelope.created_at),
            ),
        )
        return envelope.message_id

    def next_queued(self, limit: int, *, without: Iterable[int] = ()) -> list[Outgoing]:
        """The next rows to publish, exams before media, leaving out those already in flight."""
        in_flight = set(without)
        rows = self._db.query(
            "SELECT seq, message_id, kind, wire FROM outbox WHERE state = 'queued' ORDER BY priority, seq LIMIT ?",
            (limit + len(in_flight),),
        )
        fresh = (row for row in rows if row["seq"] not in in_flight)
        return [
            Outgoing(row["seq"], row["message_id"], Up(row["kind"]), row["wire"])
            for row, _ in zip(fresh, range(limit), strict=False)
        ]

    def close(self, receipts: Sequence[Receipt]) -> list[int]:
        """Take the centre's receipts, in one transaction: accepted and duplicate close the row, refused parks it.

        Returns the sequence numbers of the rows concerned; receipts for unknown messages are passed over.
        """
        closed: list[int] = []
        with self._db.atomic():
            for receipt in receipts:
                state = "parked" if receipt.outcome == "refused" else "receipted"
                row = self._db.execute(
                    "UPDATE outbox SET state = ?, receipt_outcome = ?, receipt_code = ?, receipt_reason = ?,"
                    " receipt_at = ? WHERE message_id = ? AND state != 'receipted' RETURNING seq",
                    (
                        state,
                        receipt.outcome,
                        receipt.code,
                        receipt.reason,
                        utc_text(receipt.committed_at),
                        receipt.message_id,
                    ),
                ).fetchone()
                if row is not None:
                    closed.append(row[0])
        return closed

    def count_attempt(self, seqs: Sequence[int]) -> None:
        """Note that these rows are being published (again)."""
        with self._db.atomic():
            for seq in seqs:
                self._db.execute("UPDATE outbox SET attempts = attempts + 1 WHERE seq = ?", (seq,))

    def release_parked(self, message_id: str) -> bool:
        """Queue a parked message again, after staff have looked. False if there is none of that id."""
        with self._db.atomic():
            cursor = self._db.execute(
                "UPDATE outbox SET state = 'queued' WHERE message_id = ? AND state = 'parked' RETURNING seq",
                (message_id,),
            )
            return cursor.fetchone() is not None

    def backlog(self) -> Backlog:
        """Counts for the screen, the status and the metrics."""
        row = next(
            iter(self._db.query("SELECT count(*) AS n, min(created_at) AS oldest FROM outbox WHERE state = 'queued'"))
        )
        parked = next(iter(self._db.query("SELECT count(*) AS n FROM outbox WHERE state = 'parked'")))
        return Backlog(row["n"], parked["n"], row["oldest"])

    def receipts_of(self, subject: str) -> list[dict[str, Any]]:
        """What became of the messages about a subject: `message_id`, `kind`, `outcome`, `code`, `at` (None while open)."""
        return [
            dict(row)
            for row in self._db.query(
                "SELECT message_id, kind, seq, receipt_outcome AS outcome, receipt_code AS code, receipt_reason AS reason,"
                " receipt_at AS at FROM outbox WHERE subject = ? ORDER BY seq",
                (subject,),
            )
        ]
