"""Tables of the registry: organisations, employers, workers with their personal limits, terminals and their devices."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, metadata

organisation = Table(
    "organisation",
    metadata,
    Column("org", Text, primary_key=True, comment="name in topics: sync.contract.model.Name"),
    Column("name", Text, nullable=False),
    Column("licence", Text, nullable=False, comment="number, date and works of the medical licence; empty = none"),
    Column("oid", Text, comment="OID in the federal register of medical organisations"),
    Column("created_at", UtcDateTime, nullable=False),
)

employer = Table(
    "employer",
    metadata,
    Column("employer_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("inn", Text),
    Column("okved", Text, comment="main activity, OKVED 2"),
    Column("region_code", Text, comment="subject of the Russian Federation"),
    Column("alert_contact", Text, comment="who is told at once about signs of intoxication"),
    Column("limits", JSON, nullable=False, comment="entries of the limits file with source employer"),
    Column("created_at", UtcDateTime, nullable=False),
)

worker = Table(
    "worker",
    metadata,
    Column("worker_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("employer_id", ForeignKey("employer.employer_id"), nullable=False, index=True),
    Column("personnel_number", Text, nullable=False),
    Column("cards", JSON, nullable=False),
    Column("snils_hmac", Text, index=True, comment="keyed hash; the number itself is in snils_sealed"),
    Column("snils_sealed", LargeBinary, comment="AES-256-GCM: 12 bytes of nonce, ciphertext, tag"),
    Column("full_name", Text, nullable=False),
    Column("sex", Text, comment="male or female"),
    Column("birth_date", Date),
    Column("position", Text, nullable=False),
    Column("status", Text, nullable=False, comment="active or suspended"),
    Column("remote_allowed", Boolean, nullable=False),
    Column("block_text", Text, nullable=False),
    Column("biometric_consent", Boolean, nullable=False),
    Column("photo_sha256", Text),
    Column("toxicology_at", Date, comment="last in-person chemical-toxicological study"),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("org", "personnel_number"),
)

worker_limit = Table(
    "worker_limit",
    metadata,
    Column("limit_id", Text, primary_key=True),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False, index=True),
    Column("entry", JSON, nullable=False, comment="entry of the limits file with source worker"),
    Column("author", Text, nullable=False, comment="the medic who set it"),
    Column("basis", Text, nullable=False),
    Column("valid_until", Date),
    Column("created_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
)

terminal = Table(
    "terminal",
    metadata,
    Column("terminal_id", Text, primary_key=True, comment="also the common name of its certificate"),
    Column("org", ForeignKey("organisation.org"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("public_key", Text, comment="raw Ed25519 public key, base64; empty until enrolled"),
    Column("state", Text, nullable=False, comment="new, enrolled or revoked"),
    Column("head_seq", BigInteger, nullable=False, comment="highest seq received"),
    Column("head_hash", Text, nullable=False),
    Column("down_seq", BigInteger, nullable=False, comment="seq of the last message queued for it"),
    Column("down_hash", Text, nullable=False),
    Column("roster_version", Integer, nullable=False),
    Column("link", Text, nullable=False, comment="unknown, online or offline, from its status and last will"),
    Column("last_seen", UtcDateTime),
    Column("status", JSON, comment="last sync.contract.health.TerminalStatus"),
    Column("created_at", UtcDateTime, nullable=False),
)

device = Table(
    "device",
    metadata,
    Column("terminal_id", ForeignKey("terminal.terminal_id"), primary_key=True),
    Column("device_id", Text, primary_key=True),
    Column("measures", Text, nullable=False),
    Column("maker", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("verified_until", Text, comment="ISO date of the end of its verification"),
    Column("last_seen", UtcDateTime, nullable=False),
)

Index("ix_worker_org_full_name", worker.c.org, worker.c.full_name)
