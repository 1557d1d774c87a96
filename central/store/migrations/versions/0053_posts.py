"""Staffing tables of employers; a worker names a post by its number."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0053"
down_revision: str | Sequence[str] | None = "0056"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "post",
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="the highest one holds"),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column(
            "number",
            sa.Text(),
            nullable=False,
            comment="of the row in the staffing table; a worker names the post by it",
        ),
        sa.Column("title", sa.Text(), nullable=False, comment="the position in words"),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("position_code", sa.Text(), nullable=True, comment="code of the book of positions"),
        sa.Column("places", sa.Integer(), nullable=False, comment="how many people the post is for"),
        sa.Column("harm_factors", sa.JSON(), nullable=False, comment="codes of the book of harmful factors"),
        sa.Column(
            "sout_class",
            sa.Text(),
            nullable=True,
            comment="class of working conditions by the special assessment, 1 to 4; empty: not said",
        ),
        sa.Column(
            "sout_until", sa.Date(), nullable=True, comment="last day of the special assessment; empty: not said"
        ),
        sa.Column("document", sa.Text(), nullable=False, comment="report or order in words"),
        sa.Column("is_closed", sa.Boolean(), nullable=False, comment="the post is there no more"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False, comment="account"),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_post")),
        sa.UniqueConstraint("post_id", "version", name=op.f("uq_post_post_id_version")),
    )
    op.create_index("ix_post_employer_id_number", "post", ["employer_id", "number"])
    comment = "number of the post in the employer's staffing table; empty: not said"
    op.add_column("worker", sa.Column("post_number", sa.Text(), nullable=True, comment=comment))
    op.create_index("ix_worker_employer_id_post_number", "worker", ["employer_id", "post_number"])


def downgrade() -> None:
    """Bring the store one step back."""
    op.drop_index("ix_worker_employer_id_post_number", "worker")
    op.drop_column("worker", "post_number")
    op.drop_table("post")
