"""Renewals of time stamps."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0034"
down_revision: str | Sequence[str] | None = "0035"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "stamp_renewal",
        sa.Column("renewal_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("renewal_no", sa.Integer(), nullable=False, comment="1 and up for each decision"),
        sa.Column(
            "token",
            sa.LargeBinary(),
            nullable=False,
            comment="time-stamp token (RFC 3161), DER, over all that was there before",
        ),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False, comment="the authority's time"),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.decision_id"], name=op.f("fk_stamp_renewal_decision_id_decision")
        ),
        sa.PrimaryKeyConstraint("renewal_id", name=op.f("pk_stamp_renewal")),
    )
    op.create_index("uq_stamp_renewal_decision_id", "stamp_renewal", ["decision_id", "renewal_no"], unique=True)
