"""What an inspector's account may look at, and until when."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0036"
down_revision: str | Sequence[str] | None = "0033"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "inspection",
        sa.Column("inspection_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False, comment="the inspector's"),
        sa.Column("basis", sa.Text(), nullable=False, comment="number and day of the order of inspection"),
        sa.Column("since_day", sa.Date(), nullable=False, comment="first day of the exams"),
        sa.Column("until_day", sa.Date(), nullable=False, comment="last day of the exams"),
        sa.Column("ends_on", sa.Date(), nullable=False, comment="last day of the access"),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False, comment="account"),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_inspection")),
    )
    op.create_index(op.f("ix_inspection_org"), "inspection", ["org"], unique=False)
    op.create_index(op.f("ix_inspection_account_id"), "inspection", ["account_id"], unique=False)
    op.create_table(
        "inspection_end",
        sa.Column("inspection_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.inspection_id"], name=op.f("fk_inspection_end_inspection_id_inspection")
        ),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_inspection_end")),
    )
