"""The table of anomalies: everything that came and should not have, counted and shown."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from central.store.metadata import UtcDateTime, metadata

anomaly = Table(
    "anomaly",
    metadata,
    Column("anomaly_id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="oversized, malformed, wrong_signature, gap, broken_chain, replay …"),
    Column("topic", Text, nullable=False),
    Column("terminal_id", Text, comment="whom the topic names; not necessarily who sent it"),
    Column("message_id", Text),
    Column("detail", Text, nullable=False),
    Column("first_seq", BigInteger, comment="of a gap: the first missing one"),
    Column("last_seq", BigInteger),
    Column("times", Integer, nullable=False, comment="how often the same came within the hour"),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime, comment="of a gap: when the missing ones had come"),
    Index("ix_anomaly_last_at", "last_at"),
    Index("ix_anomaly_terminal_id_kind", "terminal_id", "kind"),
)
