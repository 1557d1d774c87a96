"""Workers: series and number of the driving licence, by which electronic waybills name drivers too."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | Sequence[str] | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    comment = "series and number; electronic waybills name drivers by it too"
    op.add_column("worker", sa.Column("driving_licence", sa.Text(), nullable=True, comment=comment))


def downgrade() -> None:
    """Take the step back."""
    op.drop_column("worker", "driving_licence")
