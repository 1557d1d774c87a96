"""Planned shifts, and reminders of who is late for one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0040"
down_revision: str | Sequence[str] | None = "0044"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


_COMMENTS = (
    (
        "subject",
        "ground_id; of a hold rule:<code>:<first day>",
        "ground_id; of a hold rule:<code>:<first day>; of a late one shift:<plan>",
    ),
    ("kind", "ends, or not_allowed", "ends, not_allowed or late"),
    (
        "document",
        "what the document is called in public; empty for a hold",
        "what the document is called in public; empty for a hold; of a late one the beginning",
    ),
)


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "shift_plan",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="of the shift, by the clock of whoever planned it"),
        sa.Column(
            "begin_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="by when the examination has to be passed",
        ),
        sa.Column("exam_type", sa.Text(), nullable=False),
        sa.Column(
            "counts_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="examinations from here on count for this shift",
        ),
        sa.Column(
            "counts_until",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="and up to here: who came late has come",
        ),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False, comment="account, or key of a program"),
        sa.Column(
            "withdrawn_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when somebody took it back; empty: it holds",
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employer.employer_id"], name=op.f("fk_shift_plan_employer_id_employer")
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_shift_plan_worker_id_worker")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_shift_plan")),
        sa.UniqueConstraint(
            "worker_id", "begin_at", "exam_type", name=op.f("uq_shift_plan_worker_id_begin_at_exam_type")
        ),
    )
    op.create_index("ix_shift_plan_employer_id_day", "shift_plan", ["employer_id", "day"])
    op.create_index("ix_shift_plan_begin_at", "shift_plan", ["begin_at"])
    _say(forwards=True)


def downgrade() -> None:
    """Bring the store one step back."""
    _say(forwards=False)
    op.drop_table("shift_plan")


def _say(*, forwards: bool) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, before, after in _COMMENTS:
        was, is_now = (before, after) if forwards else (after, before)
        op.alter_column(
            "reminder",
            name,
            existing_type=sa.Text(),
            existing_nullable=False,
            existing_comment=was,
            comment=is_now,
        )
