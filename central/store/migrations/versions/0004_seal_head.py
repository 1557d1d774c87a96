"""How far the seals had come, beside the seals.

Revision ID: 0004
Revises: 0003
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing is noted yet: the first seal that is made from now on begins it."""
    op.create_table(
        "seal_head",
        sa.Column("head_id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("seal_no", sa.BigInteger(), nullable=False, comment="the highest seal that was ever made"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="its hash, signature included"),
        sa.PrimaryKeyConstraint("head_id", name=op.f("pk_seal_head")),
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_table("seal_head")
