"""The table of accepted messages: their exact bytes, the ground truth that every projection can be rebuilt from."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, LargeBinary, Table, Text

from central.store.metadata import UtcDateTime, metadata

message = Table(
    "message",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("terminal_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("sha256", Text, nullable=False, comment="of the bytes as they came, signature included"),
    Column("kind", Text, nullable=False, comment="exam, media, health, ack"),
    Column("schema", Text, nullable=False),
    Column("wire", LargeBinary, comment="exact bytes; empty for media, whose content is a file named by its hash"),
    Column("created_at", UtcDateTime, nullable=False, comment="the sender's clock"),
    Column("clock_trusted", Boolean, nullable=False),
    Column("clock_offset_s", Float, nullable=False, comment="received_at minus created_at"),
    Column("received_at", UtcDateTime, nullable=False),
    Index("ix_message_terminal_id_seq", "terminal_id", "seq"),
)
