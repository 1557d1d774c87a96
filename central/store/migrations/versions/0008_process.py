"""Processes say in the store that they run and what goes wrong in them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "process",
        sa.Column("process_id", sa.Text(), nullable=False, comment="kind, host and number of the process"),
        sa.Column("kind", sa.Text(), nullable=False, comment="serve, ingest"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, comment="last sign of life"),
        sa.Column(
            "troubles",
            sa.JSON(),
            nullable=False,
            comment="thread and step of what fails now; kinds and places of errors",
        ),
        sa.PrimaryKeyConstraint("process_id", name=op.f("pk_process")),
    )
