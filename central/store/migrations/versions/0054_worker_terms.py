"""Ends of documents by worker, made with the roster entries; what was made before is made anew."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0054"
down_revision: str | Sequence[str] | None = "0053"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    kind = "kind of document; who may be told its name says the book ground_kinds"
    until = "last day; empty: needed, and nothing on record holds"
    op.create_table(
        "worker_term",
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False, comment="of the term among the worker's"),
        sa.Column("kind", sa.Text(), nullable=False, comment=kind),
        sa.Column("until", sa.Date(), nullable=True, comment=until),
        sa.Column("warn_from", sa.Date(), nullable=True, comment="first day on which it is said to end soon"),
        sa.PrimaryKeyConstraint("worker_id", "place", name=op.f("pk_worker_term")),
    )
    op.create_index("ix_worker_term_until", "worker_term", ["until"])
    op.execute(sa.text("INSERT INTO roster_due (worker_id) SELECT worker_id FROM worker WHERE archived_at IS NULL"))


def downgrade() -> None:
    """Bring the store one step back."""
    op.drop_table("worker_term")
