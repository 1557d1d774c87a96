"""Failed tries of secrets are counted for every door: names that nobody has, known devices, codes, passphrases."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "secret_try",
        sa.Column(
            "door", sa.Text(), nullable=False, comment="kind/id, for example factor/<account>; names as SHA-256 only"
        ),
        sa.Column("account_id", sa.Text(), nullable=True, comment="whose door it is; empty: of a name that nobody has"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False, comment="the newest failure"),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("door", name=op.f("pk_secret_try")),
    )
    with op.batch_alter_table("secret_try", schema=None) as batch_op:
        batch_op.create_index("ix_secret_try_account_id", ["account_id"], unique=False)
    op.add_column(
        "account",
        sa.Column(
            "failed_at", sa.DateTime(timezone=True), nullable=True, comment="the newest wrong password of a stranger"
        ),
    )
