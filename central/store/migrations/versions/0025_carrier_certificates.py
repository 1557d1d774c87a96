"""Which certificates are on which key carrier."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | Sequence[str] | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "key_carrier_certificate",
        sa.Column("carrier_id", sa.Text(), nullable=False),
        sa.Column("certificate_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["carrier_id"],
            ["key_carrier.carrier_id"],
            name=op.f("fk_key_carrier_certificate_carrier_id_key_carrier"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificate.certificate_id"],
            name=op.f("fk_key_carrier_certificate_certificate_id_certificate"),
        ),
        sa.PrimaryKeyConstraint("carrier_id", "certificate_id", name=op.f("pk_key_carrier_certificate")),
    )
    op.create_index(op.f("ix_key_carrier_certificate_certificate_id"), "key_carrier_certificate", ["certificate_id"])
