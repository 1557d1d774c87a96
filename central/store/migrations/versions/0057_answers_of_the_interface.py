"""Answers to calls with an Idempotency-Key; workers by the key of the employer's system."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0057"
down_revision: str | Sequence[str] | None = "0054"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "api_answer",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column(
            "request_sha256",
            sa.Text(),
            nullable=False,
            comment="of method, address and body: another call with this key is refused",
        ),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column(
            "body", sa.JSON(), nullable=False, comment="ids, codes and counts; no name and no number of a worker"
        ),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "idempotency_key", name=op.f("pk_api_answer")),
    )
    op.create_index(op.f("ix_api_answer_at"), "api_answer", ["at"], unique=False)
    op.create_index("ix_worker_employer_id_external_id", "worker", ["employer_id", "external_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "register_change",
            "account_id",
            existing_type=sa.Text(),
            existing_nullable=True,
            existing_comment="empty: from the command line",
            comment="account, or key of a program; empty: from the command line",
        )
