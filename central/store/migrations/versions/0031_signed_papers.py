"""Papers that the organisation's key has signed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0031"
down_revision: str | Sequence[str] | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "signed_paper",
        sa.Column("signed_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("paper_id", sa.Text(), nullable=False),
        sa.Column(
            "record_id",
            sa.Text(),
            nullable=False,
            comment="what stands on it: a medic's paper record, else the decision",
        ),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the signed PDF"),
        sa.Column("stored_sha256", sa.Text(), nullable=False, comment="of the sealed file in the folder of media"),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False, comment="pades: inside of the PDF; detached: beside it"),
        sa.Column(
            "signature",
            sa.LargeBinary(),
            nullable=False,
            comment="the organisation's CMS, DER; empty where it is inside",
        ),
        sa.Column("certificate_serial", sa.Text(), nullable=False),
        sa.Column("certificate_sha256", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False, comment="stamped, missing or none"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.paper_id"], name=op.f("fk_signed_paper_paper_id_paper")),
        sa.PrimaryKeyConstraint("signed_id", name=op.f("pk_signed_paper")),
    )
    op.create_index("uq_signed_paper_paper_id", "signed_paper", ["paper_id", "record_id"], unique=True)
