"""Medics offer certificates of keys that lie at their workplaces."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | Sequence[str] | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "medic_key_offer",
        sa.Column("medic_id", sa.Text(), nullable=False),
        sa.Column("certificate_pem", sa.LargeBinary(), nullable=False),
        sa.Column("key_provider", sa.Text(), nullable=False, comment="workplace or plugin"),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False, comment="in whose session the key was proved to be there"),
        sa.ForeignKeyConstraint(["medic_id"], ["medic.medic_id"], name=op.f("fk_medic_key_offer_medic_id_medic")),
        sa.PrimaryKeyConstraint("medic_id", name=op.f("pk_medic_key_offer")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "medic",
            "key_provider",
            existing_type=sa.Text(),
            existing_nullable=False,
            existing_comment="software, gost or pkcs11",
            comment="software, gost, pkcs11, workplace or plugin",
        )
