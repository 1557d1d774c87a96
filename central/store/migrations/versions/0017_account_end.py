"""Accounts may have a last day."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | Sequence[str] | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.add_column(
        "account", sa.Column("ends_on", sa.Date(), nullable=True, comment="last day; empty: the account has no end")
    )
