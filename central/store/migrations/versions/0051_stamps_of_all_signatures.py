"""Time stamps of every kind of signature are renewed; when each ends is noted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0051"
down_revision: str | Sequence[str] | None = "0038"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    with op.batch_alter_table("stamp_renewal") as batch:
        batch.alter_column(
            "decision_id",
            existing_type=sa.Text(),
            nullable=True,
            comment="where the signature is that of a decision",
        )
        batch.alter_column("renewal_no", existing_type=sa.Integer(), comment="1 and up for each signature")
        batch.add_column(sa.Column("signature_kind", sa.Text(), nullable=True, comment="table of any other signature"))
        batch.add_column(sa.Column("signature_id", sa.Text(), nullable=True, comment="its key there"))
        batch.create_index(
            "uq_stamp_renewal_signature_id", ["signature_id", "signature_kind", "renewal_no"], unique=True
        )
    op.create_table(
        "stamp_term",
        sa.Column("kind", sa.Text(), nullable=False, comment="table of the signature"),
        sa.Column("signature_id", sa.Text(), nullable=False, comment="its key there"),
        sa.Column(
            "until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the newest part of its proof ends; empty: it cannot be read",
        ),
        sa.Column(
            "is_stamped", sa.Boolean(), nullable=False, comment="false: the certificate alone stands for its moment"
        ),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=True, comment="of the newest renewal"),
        sa.Column(
            "judged_by",
            sa.Text(),
            nullable=False,
            comment="hash of the roots and the terms of algorithms that were counted",
        ),
        sa.PrimaryKeyConstraint("kind", "signature_id", name=op.f("pk_stamp_term")),
    )
    op.create_index("ix_stamp_term_until", "stamp_term", ["until"])
