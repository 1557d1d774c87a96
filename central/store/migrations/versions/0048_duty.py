"""The duty roster, its handovers, and rings of medics on duty."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0048"
down_revision: str | Sequence[str] | None = "0041"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "duty",
        sa.Column("duty_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False, comment="the medic's"),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False, comment="account"),
        sa.PrimaryKeyConstraint("duty_id", name=op.f("pk_duty")),
    )
    op.create_index("ix_duty_org_ends_at", "duty", ["org", "ends_at"], unique=False)
    op.create_table(
        "duty_end",
        sa.Column("duty_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="cancelled, handed_over"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(["duty_id"], ["duty.duty_id"], name=op.f("fk_duty_end_duty_id_duty")),
        sa.PrimaryKeyConstraint("duty_id", name=op.f("pk_duty_end")),
    )
    op.create_table(
        "duty_handover",
        sa.Column("handover_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("duty_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False, comment="who leaves"),
        sa.Column(
            "waiting", sa.JSON(), nullable=False, comment="exams that stood in the queue: id, terminal, since when"
        ),
        sa.Column("words", sa.Text(), nullable=False, comment="to whoever comes next"),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["duty_id"], ["duty.duty_id"], name=op.f("fk_duty_handover_duty_id_duty")),
        sa.PrimaryKeyConstraint("handover_id", name=op.f("pk_duty_handover")),
    )
    op.create_index("ix_duty_handover_org_handover_id", "duty_handover", ["org", "handover_id"], unique=False)
    op.create_table(
        "duty_acceptance",
        sa.Column("handover_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False, comment="who came"),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["duty_handover.handover_id"], name=op.f("fk_duty_acceptance_handover_id_duty_handover")
        ),
        sa.PrimaryKeyConstraint("handover_id", name=op.f("pk_duty_acceptance")),
    )
    op.create_table(
        "ring",
        sa.Column("ring_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("exam_message_id", sa.Text(), nullable=False, comment="of the revision that waited"),
        sa.Column("account_id", sa.Text(), nullable=False, comment="the medic who is rung"),
        sa.Column("step", sa.Integer(), nullable=False, comment="from 1"),
        sa.Column("in_session", sa.Boolean(), nullable=False, comment="the medic was logged in when it began"),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True, comment="empty: it rings"),
        sa.Column("stopped_by", sa.Text(), nullable=False, comment="opened, decided, next, left; empty: it rings"),
        sa.PrimaryKeyConstraint("ring_id", name=op.f("pk_ring")),
        sa.UniqueConstraint("exam_message_id", "account_id", name=op.f("uq_ring_exam_message_id_account_id")),
        sa.UniqueConstraint("exam_message_id", "step", name=op.f("uq_ring_exam_message_id_step")),
    )
    op.create_index(
        "ix_ring_open",
        "ring",
        ["org", "account_id"],
        unique=False,
        sqlite_where=sa.text("stopped_at IS NULL"),
        postgresql_where=sa.text("stopped_at IS NULL"),
    )
