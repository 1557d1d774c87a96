"""The outbox: every message that the centre must have, signed and chained in the order it was made.

Rows are appended inside the caller's transaction, so that an event and its message are committed together or not at
all. `wire`, `seq` and `prev_hash` never change; the sync process writes the delivery columns only. A row closes on the
centre's receipt and on nothing else; a refused one is parked with its reason, and staff must look. Triggers in the
database (`sync.outbox_schema`) hold everybody to this.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlite_utils import Database

from sync import metrics
from sync.contract.canonical import GENESIS_HASH, new_id
from sync.contract.envelope import MAX_MESSAGE_BYTES, ClockStamp, Envelope, seal
from sync.contract.model import utc_text
from sync.contract.receipt import Receipt
from sync.contract.topics import TerminalAddress, Up
from sync.transactions import writing

PRIORITY = {Up.ACK: 0, Up.EXAM: 1, Up.MEASURED: 1, Up.PASSAGE: 1, Up.HEALTH: 2, Up.FACE: 3, Up.MEDIA: 5}
"""Lower goes first: exams before media."""
FILM_PRIORITY = 6
"""Segments of film go behind everything, photos too: the medic decides by the photo, and may never ask for the film."""


def priority_of(kind: Up, payload: Mapping[str, Any]) -> int:
    """The place of a message in the queue; lower goes first."""
    is_film = kind is Up.MEDIA and str(payload.get("content_type", "")).startswith("video/")
    return FILM_PRIORITY if is_film else PRIORITY[kind]


OVERSIZED = "oversized"
"""Larger than the wire takes at all, or than the broker of now takes."""
UNSENDABLE = "unsendable"
"""A row that this program cannot read or publish."""

EMPTIED = (Up.MEDIA, Up.HEALTH)
"""Kinds of which the body may go after the receipt; the hash stays in the chain."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
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

        `subject` is what the message is about (an exam id), for finding its receipts. A message that is larger than the
        wire takes is parked at once: it would cost the connection each time it is tried, and hold up all others.
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
            "INSERT INTO outbox (seq, message_id, kind, subject, priority, prev_hash, sha256, wire, created_at, state,"
            " receipt_code, receipt_reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                envelope.message_id,
                str(kind),
                subject,
                priority_of(kind, payload),
                envelope.prev_hash,
                sealed.sha256,
                sealed.wire,
                utc_text(envelope.created_at),
                *_first_state(len(sealed.wire)),
            ),
        )
        return envelope.message_id

    def next_queued(
        self, limit: int, *, without: Container[int] = (), media_limit: int | None = None
    ) -> list[OutboxRow]:
        """The next rows to publish, exams before media, leaving out those already in flight.

        `media_limit` bounds the chunks of media among them: they are large and must not stand in the way of an exam.
        A row that this program cannot read is parked as `unsendable`: it must not hold up the others.
        """
        media_limit = limit if media_limit is None else media_limit
        chosen = self._choose("priority < ?", limit, without)
        chosen += self._choose("priority >= ?", min(limit - len(chosen), media_limit), without)
        rows = (self._outgoing(seq) for seq in chosen)
        return [row for row in rows if row is not None]

    def _choose(self, condition: str, limit: int, without: Container[int]) -> list[int]:
        """Numbers of queued rows from the index alone: the bodies of what is in flight are not read again."""
        found: list[int] = []
        if limit > 0:
            rows = self._db.execute(
                f"SELECT seq FROM outbox WHERE state = 'queued' AND {condition} ORDER BY priority, seq",  # noqa: S608
                (PRIORITY[Up.MEDIA],),
            )
            for (seq,) in rows:
                if seq not in without:
                    found.append(seq)
                    if len(found) == limit:
                        break
            rows.close()
        return found

    def _outgoing(self, seq: int) -> OutboxRow | None:
        query = "SELECT seq, message_id, kind, wire FROM outbox WHERE seq = ?"
        number, message_id, kind, wire = self._db.execute(query, (seq,)).fetchone()
        try:
            return OutboxRow(number, message_id, Up(kind), bytes(wire))
        except (ValueError, TypeError):
            what = "its content is gone" if wire is None else f"nothing is known of its kind {kind!r}"
            self.park(seq, UNSENDABLE, f"{what} (developers)")
            return None

    def park(self, seq: int, code: str, reason: str) -> None:
        """Set a queued message aside that cannot be sent as things stand; `status` lists it with code and reason."""
        with writing(self._db):
            self._db.execute(
                "UPDATE outbox SET state = 'parked', receipt_code = ?, receipt_reason = ?"
                " WHERE seq = ? AND state = 'queued'",
                (code, reason[:200], seq),
            )
        metrics.unsendable.inc()

    def requeue_oversized(self, most_bytes: int) -> int:
        """Queue again what an earlier broker would not take and this one does, with `most_bytes` of content; how many."""
        with writing(self._db):
            cursor = self._db.execute(
                "UPDATE outbox SET state = 'queued', receipt_code = NULL, receipt_reason = NULL WHERE state = 'parked'"
                " AND receipt_proof IS NULL AND receipt_code = ? AND length(wire) <= ? RETURNING seq",
                (OVERSIZED, min(most_bytes, MAX_MESSAGE_BYTES)),
            )
            return len(cursor.fetchall())

    def close(self, receipts: Sequence[Receipt], proof: bytes) -> list[int]:
        """Take the centre's receipts, in one transaction: accepted and duplicate close the row, refused parks it.

        `proof` is the signed message that they came in; it is kept where it closes anything.
        Returns the sequence numbers of the rows concerned; receipts for unknown messages are passed over.
        A receipt that comes again, or a refusal after an acceptance, changes nothing.
        """
        closed: list[int] = []
        with writing(self._db):
            if not self._is_any_open([receipt.message_id for receipt in receipts]):
                return closed
            proof_id = self._db.execute("INSERT INTO receipt_proof (wire) VALUES (?)", (proof,)).lastrowid
            for receipt in receipts:
                state = "parked" if receipt.outcome == "refused" else "receipted"
                row = self._db.execute(
                    "UPDATE outbox SET state = ?, receipt_outcome = ?, receipt_code = ?, receipt_reason = ?,"
                    " receipt_at = ?, receipt_proof = ? WHERE message_id = ? AND state != 'receipted' RETURNING seq",
                    (
                        state,
                        receipt.outcome,
                        receipt.code,
                        receipt.reason,
                        utc_text(receipt.committed_at),
                        proof_id,
                        receipt.message_id,
                    ),
                ).fetchone()
                if row is not None:
                    closed.append(row[0])
        return closed

    def _is_any_open(self, message_ids: Sequence[str]) -> bool:
        """Whether a receipt for these would change anything: copies of receipts must not fill the disk."""
        query = "SELECT 1 FROM outbox WHERE message_id = ? AND state != 'receipted'"
        return any(self._db.execute(query, (name,)).fetchone() for name in message_ids)

    def release_parked(self, message_id: str) -> bool:
        """Queue a parked message again, after staff have looked. False if there is none of that id."""
        with writing(self._db):
            # What the centre said of it stays beside it; our own word for parking it does not.
            cursor = self._db.execute(
                "UPDATE outbox SET state = 'queued',"
                " receipt_code = CASE WHEN receipt_proof IS NULL THEN NULL ELSE receipt_code END,"
                " receipt_reason = CASE WHEN receipt_proof IS NULL THEN NULL ELSE receipt_reason END"
                " WHERE message_id = ? AND state = 'parked' RETURNING seq",
                (message_id,),
            )
            return cursor.fetchone() is not None

    def backlog(self) -> Backlog:
        """Counts for the screen, the status and the metrics; the oldest is the one that was appended first."""
        (queued,) = self._db.execute("SELECT count(*) FROM outbox WHERE state = 'queued'").fetchone()
        (parked,) = self._db.execute("SELECT count(*) FROM outbox WHERE state = 'parked'").fetchone()
        oldest = self._db.execute(
            "SELECT created_at FROM outbox WHERE state = 'queued' ORDER BY seq LIMIT 1"
        ).fetchone()
        return Backlog(queued, parked, None if oldest is None else oldest[0])

    def has_queued(self, kind: Up) -> bool:
        """Whether a message of that kind is still without its receipt."""
        row = self._db.execute(
            "SELECT 1 FROM outbox WHERE state = 'queued' AND priority = ? AND kind = ? LIMIT 1",
            (PRIORITY[kind], str(kind)),
        ).fetchone()
        return row is not None

    def last_created(self, kind: Up) -> str | None:
        """When the newest message of that kind was made (UTC text), or None."""
        row = self._db.execute(
            "SELECT created_at FROM outbox WHERE kind = ? ORDER BY seq DESC LIMIT 1", (str(kind),)
        ).fetchone()
        return None if row is None else str(row[0])

    def closed(self, kind: Up, subject: str) -> bytes | None:
        """The bytes of the newest message of a kind about a subject, if it has its receipt; else None."""
        row = self._db.execute(
            "SELECT state, wire FROM outbox WHERE subject = ? AND kind = ? ORDER BY seq DESC LIMIT 1",
            (subject, str(kind)),
        ).fetchone()
        return bytes(row[1]) if row is not None and row[0] == "receipted" else None

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


def _first_state(size_bytes: int) -> tuple[str, str | None, str | None]:
    """State, code and reason of a row as it is appended."""
    if size_bytes <= MAX_MESSAGE_BYTES:
        return "queued", None, None
    return "parked", OVERSIZED, f"{size_bytes} bytes; the wire takes at most {MAX_MESSAGE_BYTES} (developers)"
