"""Documents of grounds, what became of them, and reminders to employers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | Sequence[str] | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "reminder",
        sa.Column("reminder_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="ground_id; of a hold rule:<code>:<first day>"),
        sa.Column("kind", sa.Text(), nullable=False, comment="ends, or not_allowed"),
        sa.Column(
            "document", sa.Text(), nullable=False, comment="what the document is called in public; empty for a hold"
        ),
        sa.Column("until", sa.Date(), nullable=True, comment="its last day"),
        sa.Column("days", sa.Integer(), nullable=False, comment="the step: 30, 14, 7, 1 or 0 days before the end"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True, comment="when a channel had taken it"),
        sa.Column(
            "taken_back_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="a newer document came before it was delivered, or the rule ended",
        ),
        sa.PrimaryKeyConstraint("reminder_id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("worker_id", "subject", "days", name=op.f("uq_reminder_worker_id_subject_days")),
    )
    op.create_index("ix_reminder_employer_id_created_at", "reminder", ["employer_id", "created_at"], unique=False)
    op.create_table(
        "document",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("ground_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the file as it came"),
        sa.Column("stored_sha256", sa.Text(), nullable=False, comment="of the sealed file in the folder of media"),
        sa.Column(
            "content_type", sa.Text(), nullable=False, comment="application/pdf, image/jpeg or image/png: by its bytes"
        ),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("dpi", sa.Integer(), nullable=True, comment="of a picture, as it says"),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(["ground_id"], ["ground.ground_id"], name=op.f("fk_document_ground_id_ground")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document")),
        sa.UniqueConstraint("ground_id", "sha256", name=op.f("uq_document_ground_id_sha256")),
    )
    op.create_table(
        "document_verdict",
        sa.Column("verdict_id", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="accepted or refused"),
        sa.Column("field", sa.Text(), nullable=False, comment="of a refusal: which part of the document it is about"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.document_id"], name=op.f("fk_document_verdict_document_id_document")
        ),
        sa.PrimaryKeyConstraint("verdict_id", name=op.f("pk_document_verdict")),
    )
    op.create_index("ix_document_verdict_document_id", "document_verdict", ["document_id", "verdict_id"], unique=False)
