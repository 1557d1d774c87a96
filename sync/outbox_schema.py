"""The table of the outbox, and the triggers that enforce its rules.

`wire`, `seq` and `prev_hash` never change; a row that the centre has receipted never opens again; proofs are kept.
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("sync.outbox")


@migrations()
def m001_outbox(db: Database) -> None:
    """Outgoing messages in their order, chained and signed, until the centre's receipt."""
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


@migrations()
def m002_append_only(db: Database) -> None:
    """Triggers that refuse what must never happen, and an index that finds the oldest open message at once."""
    fixed = "seq, message_id, kind, subject, priority, prev_hash, sha256, created_at"
    refuse = "BEGIN SELECT RAISE(ABORT, 'the outbox is append-only'); END"
    db.execute(f"CREATE TRIGGER outbox_no_delete BEFORE DELETE ON outbox {refuse}")
    db.execute(f"CREATE TRIGGER outbox_fixed BEFORE UPDATE OF {fixed} ON outbox {refuse}")
    # Chunks of media may be emptied once the centre has them; the hash stays, so the chain can still be checked.
    db.execute(
        "CREATE TRIGGER outbox_wire BEFORE UPDATE OF wire ON outbox"
        f" WHEN NEW.wire IS NOT NULL OR OLD.state != 'receipted' OR OLD.kind != 'media' {refuse}"
    )
    db.execute(
        "CREATE TRIGGER outbox_closed BEFORE UPDATE OF state, receipt_outcome, receipt_code, receipt_reason, receipt_at"
        f" ON outbox WHEN OLD.state = 'receipted' {refuse}"
    )
    db.execute("CREATE INDEX outbox_oldest ON outbox (seq) WHERE state = 'queued'")


@migrations()
def m003_proofs(db: Database) -> None:
    """The centre's signed receipts, kept: what closed a row can be shown later."""
    db.execute("CREATE TABLE receipt_proof (id INTEGER PRIMARY KEY, wire BLOB NOT NULL) STRICT")
    for action in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER receipt_proof_no_{action.lower()} BEFORE {action} ON receipt_proof"
            " BEGIN SELECT RAISE(ABORT, 'receipts are kept'); END"
        )
    db.execute("ALTER TABLE outbox ADD COLUMN receipt_proof INTEGER REFERENCES receipt_proof (id)")


@migrations()
def m004_signed_columns_only(db: Database) -> None:
    """Drop the count of tries: nobody signs it, and the metrics count them."""
    db.execute("ALTER TABLE outbox DROP COLUMN attempts")


@migrations()
def m005_health_may_be_emptied(db: Database) -> None:
    """The newest report counts; the bodies of receipted ones need not fill the disk for years."""
    db.execute("DROP TRIGGER outbox_wire")
    db.execute(
        "CREATE TRIGGER outbox_wire BEFORE UPDATE OF wire ON outbox WHEN NEW.wire IS NOT NULL OR OLD.state != 'receipted'"
        " OR OLD.kind NOT IN ('media', 'health') BEGIN SELECT RAISE(ABORT, 'the outbox is append-only'); END"
    )
