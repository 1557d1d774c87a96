"""Changes of the workforce that HR departments ask for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0041"
down_revision: str | Sequence[str] | None = "0040"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "workforce_change",
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=True, comment="whose entry it is about; empty: a new one"),
        sa.Column("kind", sa.Text(), nullable=False, comment="add, change, dismiss, transfer"),
        sa.Column("fields", sa.JSON(), nullable=False, comment="what was typed, by field"),
        sa.Column("another", sa.Boolean(), nullable=False, comment="somebody alike is another person"),
        sa.Column("seen", sa.Integer(), nullable=False, comment="how many changes the entry had when it was asked for"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False, comment="account"),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, done, refused, withdrawn"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "decided_by",
            sa.Text(),
            nullable=True,
            comment="account; of what took effect at once the one that asked",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="of a refusal"),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employer.employer_id"], name=op.f("fk_workforce_change_employer_id_employer")
        ),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_workforce_change_org_organisation")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_workforce_change_worker_id_worker")),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_workforce_change")),
    )
    op.create_index("ix_workforce_change_org_state", "workforce_change", ["org", "state", "asked_at"])
    op.create_index("ix_workforce_change_employer_id", "workforce_change", ["employer_id", "asked_at"])
    op.create_index("ix_workforce_change_worker_id", "workforce_change", ["worker_id"])


def downgrade() -> None:
    """Bring the store one step back."""
    op.drop_table("workforce_change")
