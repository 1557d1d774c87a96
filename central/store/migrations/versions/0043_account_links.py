"""Accounts of workers, each of one person, and the links that open them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0043"
down_revision: str | Sequence[str] | None = "0039"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.add_column(
        "account", sa.Column("person_id", sa.Text(), nullable=True, comment="of the role worker: whose records it sees")
    )
    op.create_index("ix_account_person_id", "account", ["person_id"], unique=True)
    op.create_table(
        "account_link",
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.Text(), nullable=False, comment="the token itself is kept nowhere"),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column(
            "exam_id",
            sa.Text(),
            nullable=True,
            comment="of a link that a kiosk showed: the exam whose medic knew the worker",
        ),
        sa.Column(
            "made_by",
            sa.Text(),
            nullable=True,
            comment="of a link from a worker's card: the account that checked a document",
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.Text(), nullable=True, comment="the account that it opened"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_account_link_person_id_person")),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_account_link_token_sha256")),
    )
    op.create_index(op.f("ix_account_link_exam_id"), "account_link", ["exam_id"], unique=False)
    op.create_index(op.f("ix_account_link_person_id"), "account_link", ["person_id"], unique=False)
