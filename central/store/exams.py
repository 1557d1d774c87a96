"""The table of examinations: a projection of the `exam` messages and the decisions, made for lists and filters."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, Table, Text

from central.store.metadata import UtcDateTime, metadata

exam = Table(
    "exam",
    metadata,
    Column("exam_id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("org", Text, nullable=False),
    Column("terminal_id", Text, nullable=False),
    Column("employer_id", Text, comment="empty when nobody was identified"),
    Column("worker_id", Text, index=True),
    Column("exam_type", Text, nullable=False),
    Column("generation", Text, nullable=False),
    Column("state", Text, nullable=False, comment="waiting, decided, unfinished"),
    Column("end_reason", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False, comment="of the current revision"),
    Column("suggestion", Text, nullable=False, comment="what the rules suggest, never a decision"),
    Column("has_deviation", Boolean, nullable=False, comment="a finding of the rules, or a complaint"),
    Column("payload", JSON, nullable=False, comment="sync.contract.exam.ExamRecord of the current revision"),
    Column("message_id", Text, nullable=False, comment="the message of the current revision"),
    Column("message_sha256", Text, nullable=False),
    Column("decision_id", Text, comment="the decision in force on the current revision"),
    Column("outcome", Text, index=True, comment="its outcome"),
    Column("decided_at", UtcDateTime),
    Index("ix_exam_state_received_at", "state", "received_at"),
    Index("ix_exam_org_finished_at", "org", "finished_at"),
    Index("ix_exam_employer_id_finished_at", "employer_id", "finished_at"),
)
