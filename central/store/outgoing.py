"""The table of what goes down to the terminals: written in the transaction that causes it, closed by the terminal's `ack`."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, metadata

centre_outbox = Table(
    "centre_outbox",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("terminal_id", ForeignKey("terminal.terminal_id"), nullable=False),
    Column("org", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="decision, roster, reference, command"),
    Column("wire", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, comment="queued, sent, acked"),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("acked_at", UtcDateTime),
    UniqueConstraint("terminal_id", "seq"),
    Index("ix_centre_outbox_state_created_at", "state", "created_at"),
)
