"""Acts with the signatures of two people."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | Sequence[str] | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "act",
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="loss, damage, destruction, inventory"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counted per organisation and year"),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False, comment="account"),
        sa.Column(
            "record", sa.LargeBinary(), nullable=False, comment="canonical JSON, exactly the bytes that are signed"
        ),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_act")),
        sa.UniqueConstraint("org", "year", "number", name=op.f("uq_act_org_year_number")),
    )
    op.create_table(
        "act_signature",
        sa.Column("signature_id", sa.Text(), nullable=False),
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="1 or 2, in the order of signing"),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("medic_id", sa.Text(), nullable=False),
        sa.Column("medic_name", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("certificate_serial", sa.Text(), nullable=False),
        sa.Column("cms", sa.LargeBinary(), nullable=False, comment="detached CMS over `act.record`, DER"),
        sa.ForeignKeyConstraint(["act_id"], ["act.act_id"], name=op.f("fk_act_signature_act_id_act")),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_act_signature")),
        sa.UniqueConstraint("act_id", "place", name="uq_act_signature_place"),
        sa.UniqueConstraint("act_id", "account_id", name="uq_act_signature_account"),
        sa.UniqueConstraint("act_id", "medic_id", name="uq_act_signature_medic"),
    )
    op.create_table(
        "act_withdrawal",
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(["act_id"], ["act.act_id"], name=op.f("fk_act_withdrawal_act_id_act")),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_act_withdrawal")),
    )
