-- The terminal's tables, indices and triggers.
-- Made from the code by `python -m tests.documents --write`; do not edit. The terminal makes its store itself.

CREATE TABLE diary (
    seq INTEGER PRIMARY KEY,
    exam_id TEXT NOT NULL,
    type TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    body BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT;

CREATE TRIGGER diary_no_delete BEFORE DELETE ON diary BEGIN SELECT RAISE(ABORT, 'the diary is append-only'); END;

CREATE TRIGGER diary_no_update BEFORE UPDATE ON diary BEGIN SELECT RAISE(ABORT, 'the diary is append-only'); END;

CREATE TABLE exam_span (exam_id TEXT PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER) STRICT;

CREATE INDEX exam_span_open ON exam_span (first_seq) WHERE last_seq IS NULL;

CREATE TABLE gate_opening (exam_id TEXT PRIMARY KEY, passage_id TEXT NOT NULL UNIQUE, report TEXT NOT NULL, is_told INTEGER NOT NULL) STRICT;

CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    terminal_id TEXT NOT NULL,
    org TEXT NOT NULL,
    generation TEXT NOT NULL,
    public_key TEXT NOT NULL
) STRICT;

CREATE TRIGGER identity_no_delete BEFORE DELETE ON identity BEGIN SELECT RAISE(ABORT, 'the diary keeps its owner'); END;

CREATE TRIGGER identity_no_update BEFORE UPDATE ON identity BEGIN SELECT RAISE(ABORT, 'the diary keeps its owner'); END;

CREATE TABLE inbox (
    message_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    wire BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'applied', 'refused')),
    reason TEXT
) STRICT;

CREATE INDEX inbox_new ON inbox (state) WHERE state = 'new';

CREATE TABLE media (sha256 TEXT PRIMARY KEY, exam_id TEXT NOT NULL, content_type TEXT NOT NULL, size_bytes INTEGER NOT NULL, stored_at TEXT NOT NULL) STRICT;

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
    receipt_outcome TEXT,
    receipt_code TEXT,
    receipt_reason TEXT,
    receipt_at TEXT
, receipt_proof INTEGER REFERENCES receipt_proof (id)) STRICT;

CREATE INDEX outbox_oldest ON outbox (seq) WHERE state = 'queued';

CREATE INDEX outbox_parked ON outbox (seq) WHERE state = 'parked';

CREATE INDEX outbox_queue ON outbox (priority, seq) WHERE state = 'queued';

CREATE INDEX outbox_subject ON outbox (subject);

CREATE TRIGGER outbox_closed BEFORE UPDATE OF state, receipt_outcome, receipt_code, receipt_reason, receipt_at ON outbox WHEN OLD.state = 'receipted' BEGIN SELECT RAISE(ABORT, 'the outbox is append-only'); END;

CREATE TRIGGER outbox_fixed BEFORE UPDATE OF seq, message_id, kind, subject, priority, prev_hash, sha256, created_at ON outbox BEGIN SELECT RAISE(ABORT, 'the outbox is append-only'); END;

CREATE TRIGGER outbox_no_delete BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'the outbox is append-only'); END;

CREATE TRIGGER outbox_wire BEFORE UPDATE OF wire ON outbox WHEN NEW.wire IS NOT NULL OR OLD.state != 'receipted' OR OLD.kind NOT IN ('media', 'health') BEGIN SELECT RAISE(ABORT, 'the outbox is append-only'); END;

CREATE TABLE receipt_proof (id INTEGER PRIMARY KEY, wire BLOB NOT NULL) STRICT;

CREATE TRIGGER receipt_proof_no_delete BEFORE DELETE ON receipt_proof BEGIN SELECT RAISE(ABORT, 'receipts are kept'); END;

CREATE TRIGGER receipt_proof_no_update BEFORE UPDATE ON receipt_proof BEGIN SELECT RAISE(ABORT, 'receipts are kept'); END;

CREATE TABLE reference (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, content TEXT NOT NULL, sent_seq INTEGER NOT NULL DEFAULT 0, UNIQUE (name, version)) STRICT;

CREATE TABLE reference_face (worker_id TEXT PRIMARY KEY, photo_sha256 TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('wanted', 'taken', 'refused')), engine TEXT NOT NULL, problems TEXT NOT NULL) STRICT;

CREATE TABLE refused_arrival (sha256 TEXT PRIMARY KEY, message_id TEXT, code TEXT NOT NULL, reason TEXT NOT NULL) STRICT;

CREATE TABLE repeated_arrival (message_id TEXT PRIMARY KEY) STRICT;

CREATE TABLE roster_key (kind TEXT NOT NULL, value TEXT NOT NULL, worker_id TEXT NOT NULL, PRIMARY KEY (kind, value, worker_id)) STRICT;

CREATE INDEX roster_key_worker_id ON roster_key (worker_id);

CREATE TABLE roster_part (part INTEGER PRIMARY KEY, version INTEGER NOT NULL, parts INTEGER NOT NULL, sha256 TEXT NOT NULL, message_id TEXT NOT NULL) STRICT;

CREATE TABLE roster_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL) STRICT;

CREATE TABLE roster_worker (worker_id TEXT PRIMARY KEY, body TEXT NOT NULL, employer_id TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT;

CREATE INDEX roster_worker_digest ON roster_worker (employer_id, sha256);
