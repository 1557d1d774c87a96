"""Exams with a complaint that cannot wait lead the queue."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward. What came before says of no complaint that it is urgent."""
    op.add_column(
        "exam",
        sa.Column(
            "is_urgent",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="a complaint that cannot wait: leads the queue",
        ),
    )
