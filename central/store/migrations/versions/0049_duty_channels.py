"""Channels that call a medic on duty, and gateways of messengers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0049"
down_revision: str | Sequence[str] | None = "0048"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    with op.batch_alter_table("notice_channel") as batch:
        batch.add_column(
            sa.Column("account_id", sa.Text(), nullable=True, comment="of those that call a medic on duty: the account")
        )
        batch.alter_column(
            "kind",
            existing_type=sa.Text(),
            existing_nullable=False,
            comment="email, webhook or gateway",
            existing_comment="email or webhook",
        )
    op.create_index(op.f("ix_notice_channel_account_id"), "notice_channel", ["account_id"], unique=False)
