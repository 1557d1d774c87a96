"""Requests of workers for an exam in person against a decision, and their answers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0044"
down_revision: str | Sequence[str] | None = "0047"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "appeal",
        sa.Column("appeal_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False, comment="against which: one appeal for each"),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, comment="what the worker says"),
        sa.Column("account_id", sa.Text(), nullable=False, comment="the worker's account"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_appeal_worker_id_worker")),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_appeal_decision_id")),
    )
    op.create_index(op.f("ix_appeal_org"), "appeal", ["org"], unique=False)
    op.create_index(op.f("ix_appeal_person_id"), "appeal", ["person_id"], unique=False)
    op.create_table(
        "appeal_answer",
        sa.Column("appeal_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column(
            "outcome", sa.Text(), nullable=False, comment="invited: to an exam in person; kept: the decision stands"
        ),
        sa.Column("words", sa.Text(), nullable=False, comment="what the worker reads"),
        sa.Column("answered_by", sa.Text(), nullable=False, comment="account"),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.appeal_id"], name=op.f("fk_appeal_answer_appeal_id_appeal")),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_appeal_answer")),
    )
