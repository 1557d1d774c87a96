"""Lists of staff that were fetched from personnel systems, and what became of each."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0060"
down_revision: str | Sequence[str] | None = "0059"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "staff_fetch",
        sa.Column("fetch_id", sa.Text(), nullable=False),
        sa.Column("system_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="wanted, same, asks, accepted, applied, faults, failed"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the rows; empty: none came"),
        sa.Column("difference", sa.JSON(), nullable=False, comment="counts, personnel numbers, ids of who leaves"),
        sa.Column("faults", sa.JSON(), nullable=False, comment="row, column and code of each; no value of a cell"),
        sa.Column("code", sa.Text(), nullable=False, comment="why it failed; empty: it did not"),
        sa.Column("accepted_by", sa.Text(), nullable=True, comment="account that took the difference over"),
        sa.PrimaryKeyConstraint("fetch_id", name=op.f("pk_staff_fetch")),
    )
    op.create_index("ix_staff_fetch_system_id_fetch_id", "staff_fetch", ["system_id", "fetch_id"], unique=False)
