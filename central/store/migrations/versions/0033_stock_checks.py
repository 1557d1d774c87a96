"""Stock checks: what had to lie on paper, what was found, and how each check ended."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0033"
down_revision: str | Sequence[str] | None = "0034"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "stock_check",
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="monthly: copies at hand; inventory: copies in the archive"
        ),
        sa.Column("month", sa.Text(), nullable=False, comment="YYYY-MM"),
        sa.Column(
            "expected", sa.JSON(), nullable=False, comment="copy_id of every copy that had to be there at the opening"
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("responsible", sa.Text(), nullable=False, comment="account that opened it"),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_stock_check")),
        sa.UniqueConstraint("org", "kind", "month", name=op.f("uq_stock_check_org_kind_month")),
    )
    op.create_table(
        "stock_check_find",
        sa.Column("find_id", sa.Text(), nullable=False),
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("copy_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False, comment="scan: by the code on it; tick: by hand"),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(
            ["check_id"], ["stock_check.check_id"], name=op.f("fk_stock_check_find_check_id_stock_check")
        ),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.copy_id"], name=op.f("fk_stock_check_find_copy_id_copy")),
        sa.PrimaryKeyConstraint("find_id", name=op.f("pk_stock_check_find")),
        sa.UniqueConstraint("check_id", "copy_id", name=op.f("uq_stock_check_find_check_id_copy_id")),
    )
    op.create_table(
        "stock_check_close",
        sa.Column("close_id", sa.Text(), nullable=False),
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column(
            "differences",
            sa.JSON(),
            nullable=False,
            comment="copy_id, kind (missing, unexpected), cause and action of each",
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(
            ["check_id"], ["stock_check.check_id"], name=op.f("fk_stock_check_close_check_id_stock_check")
        ),
        sa.PrimaryKeyConstraint("close_id", name=op.f("pk_stock_check_close")),
        sa.UniqueConstraint("check_id", name=op.f("uq_stock_check_close_check_id")),
    )
    op.create_index("ix_stock_check_close_org", "stock_check_close", ["org"], unique=False)
