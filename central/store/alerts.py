"""The table of alerts to employers: signs of intoxication, at once and without medical detail."""

from datetime import datetime

from sqlalchemy import Column, Connection, Index, Table, Text

from central.store.metadata import UtcDateTime, metadata
from sync.contract.canonical import new_id

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


def add_intoxication(
    connection: Connection, *, org: str, employer_id: str, exam_id: str, decision_id: str, at: datetime
) -> str:
    """Record that the employer has to be told at once; returns the alert's id. Part of the caller's transaction."""
    alert_id = new_id()
    connection.execute(
        alert.insert().values(
            alert_id=alert_id,
            org=org,
            employer_id=employer_id,
            exam_id=exam_id,
            decision_id=decision_id,
            kind="intoxication",
            created_at=at,
        )
    )
    return alert_id
