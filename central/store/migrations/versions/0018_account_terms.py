"""Accounts that nobody uses are closed, and what was closed says when it was enabled again; deleted accounts are erased."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from central.store.metadata import UtcDateTime

revision: str = "0018"
down_revision: str | Sequence[str] | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    for name, comment in (
        ("closed_unused_at", "when it was disabled because nobody used it; empty: otherwise"),
        ("enabled_at", "when it was last enabled again: time without use counts from here"),
        ("deleted_at", "when its deletion was asked for; until it is erased it can be taken back"),
        ("erased_at", "when name and secrets were erased; what it did stays under its id"),
    ):
        op.add_column("account", sa.Column(name, UtcDateTime(), nullable=True, comment=comment))
    op.add_column("account", sa.Column("enabled_note", sa.Text(), nullable=True, comment="why, in words"))
