"""Files that go by acts, and holds that keep them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0035"
down_revision: str | Sequence[str] | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "deletion",
        sa.Column("deletion_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="the file"),
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False, comment="gone, held, absent"),
        sa.Column("hold_id", sa.Text(), nullable=False, comment="of what is held: the hold that keeps it; else empty"),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.act_id"], name=op.f("fk_deletion_act_id_act")),
        sa.PrimaryKeyConstraint("deletion_id", name=op.f("pk_deletion")),
        sa.UniqueConstraint("act_id", "sha256", name=op.f("uq_deletion_act_id_sha256")),
    )
    op.create_index(op.f("ix_deletion_exam_id"), "deletion", ["exam_id"], unique=False)
    op.create_index(op.f("ix_deletion_sha256"), "deletion", ["sha256"], unique=False)
    op.create_table(
        "hold",
        sa.Column("hold_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False, comment="exam, worker, terminal"),
        sa.Column("exam_id", sa.Text(), nullable=False, comment="of a hold on one exam, else empty"),
        sa.Column("worker_id", sa.Text(), nullable=False, comment="of a hold on a person's exams, else empty"),
        sa.Column("terminal_id", sa.Text(), nullable=False, comment="of a hold on a terminal's exams, else empty"),
        sa.Column(
            "since_day", sa.Date(), nullable=True, comment="first day of the exams; empty for a hold on one exam"
        ),
        sa.Column("until_day", sa.Date(), nullable=True, comment="last day of the exams; empty: all that follow"),
        sa.Column("reason", sa.Text(), nullable=False, comment="accident, dispute, inspection, other"),
        sa.Column("basis", sa.Text(), nullable=False, comment="letter, order or case, in words"),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False, comment="account"),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_org"), "hold", ["org"], unique=False)
    op.create_table(
        "hold_release",
        sa.Column("hold_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False, comment="why it is over, in words"),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.hold_id"], name=op.f("fk_hold_release_hold_id_hold")),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_hold_release")),
    )
    op.create_table(
        "hold_list",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the holds that it names"),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False, comment="all holds placed before stand in it"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_hold_list")),
    )
    op.create_index("ix_hold_list_terminal_id_message_id", "hold_list", ["terminal_id", "message_id"], unique=False)
