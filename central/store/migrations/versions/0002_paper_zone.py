"""Papers keep the time zone of the times that stand on them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.add_column(
        "paper",
        sa.Column(
            "zone",
            sa.Text(),
            nullable=True,
            comment="time zone of the times on it: a name, or an offset from UTC; none before 0002",
        ),
    )
