"""Keys of programs: scopes, keys of an organisation, a term, networks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0056"
down_revision: str | Sequence[str] | None = "0060"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward. Keys of before see exactly what they saw."""
    with op.batch_alter_table("api_key") as batch:
        batch.alter_column(
            "employer_id",
            existing_type=sa.Text(),
            nullable=True,
            existing_nullable=False,
            comment="whose workers the key may ask about; empty: the organisation's own system",
            existing_comment="whose workers the key may ask about",
        )
        batch.alter_column(
            "created_by",
            existing_type=sa.Text(),
            existing_nullable=False,
            comment="account; empty: from the command line",
        )
        batch.add_column(
            sa.Column(
                "scopes",
                sa.JSON(),
                nullable=False,
                server_default='["admissions:read", "exams:read"]',
                comment="what it may do: central.core.key_scopes",
            )
        )
        batch.add_column(
            sa.Column(
                "expires_at",
                sa.DateTime(timezone=True),
                nullable=True,
                comment="from then on it opens nothing; empty: no term",
            )
        )
        batch.add_column(
            sa.Column(
                "allowed_networks",
                sa.JSON(),
                nullable=False,
                server_default="[]",
                comment="from where; empty: from anywhere",
            )
        )
