"""The table of alerts to employers: signs of intoxication, at once and without medical detail."""

from sqlalchemy import Column, Index, Table, Text

from central.store.metadata import UtcDateTime, metadata

alert = Table(
    "alert",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("employer_id", Text, nullable=False),
    Column("exam_id", Text, nullable=False, index=True),
    Column("decision_id", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="intoxication"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("seen_at", UtcDateTime),
    Column("seen_by", Text),
    Index("ix_alert_employer_id_created_at", "employer_id", "created_at"),
)
