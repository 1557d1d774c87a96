"""The log of passages: requests of gates with their answers, and openings."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | Sequence[str] | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ALERTS = "intoxication, taken_back, no_title"


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "gate_passage",
        sa.Column("passage_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False, comment="name in central.toml, or the terminal of a relay"),
        sa.Column("request_key", sa.Text(), nullable=False, comment="what tells this gate's requests apart"),
        sa.Column("asked_for", sa.Text(), nullable=False, comment="personnel number, or the end of a card's number"),
        sa.Column("employer_id", sa.Text(), nullable=True),
        sa.Column("worker_id", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False, comment="open, or the code of a refusal"),
        sa.Column("exam_id", sa.Text(), nullable=True, comment="of the admission that was looked at"),
        sa.Column("decision_id", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True, comment="end of the admission"),
        sa.Column("opening_of", sa.Text(), nullable=True, comment="exam of an opening: one admission opens once"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="answered, queued, telling, told, passed, not_passed, unknown, failed, withdrawn",
        ),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, comment="what the gate said, or why it was not reached"),
        sa.Column(
            "corrected_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the admission of an opening was corrected",
        ),
        sa.PrimaryKeyConstraint("passage_id", name=op.f("pk_gate_passage")),
        sa.UniqueConstraint("opening_of", name=op.f("uq_gate_passage_opening_of")),
    )
    op.create_index("uq_gate_passage_request", "gate_passage", ["gate", "request_key"], unique=True)
    op.create_index("ix_gate_passage_org_asked_at", "gate_passage", ["org", "asked_at"])
    op.create_index("ix_gate_passage_gate_state", "gate_passage", ["gate", "state"])
    op.create_index(op.f("ix_gate_passage_worker_id"), "gate_passage", ["worker_id"])
    op.create_index(op.f("ix_gate_passage_decision_id"), "gate_passage", ["decision_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "alert",
            "kind",
            existing_type=sa.Text(),
            existing_nullable=False,
            existing_comment=_ALERTS,
            comment=f"{_ALERTS}, passed_corrected",
        )
