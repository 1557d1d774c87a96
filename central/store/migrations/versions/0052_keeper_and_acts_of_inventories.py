"""Who keeps an organisation's conclusions; the act of an inventory."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0052"
down_revision: str | Sequence[str] | None = "0051"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.add_column(
        "organisation",
        sa.Column(
            "conclusions_keeper",
            sa.Text(),
            nullable=True,
            comment="who answers for conclusions and their copies, by what order",
        ),
    )
    op.add_column(
        "stock_check_close",
        sa.Column(
            "act_id", sa.Text(), nullable=True, comment="of an inventory: the act that was drafted with the close"
        ),
    )
