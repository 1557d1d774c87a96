"""What medics write on certificates and sobriety protocols, signed, and what became of a certificate."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | Sequence[str] | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "paper_record",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="refusal, sobriety"),
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("medic_id", sa.Text(), nullable=False),
        sa.Column("medic_name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=True, comment="the record that this one takes the place of"),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("certificate_serial", sa.Text(), nullable=False),
        sa.Column(
            "record", sa.LargeBinary(), nullable=False, comment="canonical JSON, exactly the bytes that are signed"
        ),
        sa.Column("cms", sa.LargeBinary(), nullable=False, comment="the medic's detached CMS over `record`, DER"),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_paper_record")),
    )
    op.create_index(op.f("ix_paper_record_exam_id"), "paper_record", ["exam_id"], unique=False)
    op.create_index(op.f("ix_paper_record_decision_id"), "paper_record", ["decision_id"], unique=False)
    op.create_index(
        "uq_paper_record_first",
        "paper_record",
        ["decision_id", "kind"],
        unique=True,
        sqlite_where=sa.text("corrects IS NULL"),
        postgresql_where=sa.text("corrects IS NULL"),
    )
    op.create_index(
        "uq_paper_record_corrects",
        "paper_record",
        ["corrects"],
        unique=True,
        sqlite_where=sa.text("corrects IS NOT NULL"),
        postgresql_where=sa.text("corrects IS NOT NULL"),
    )
    op.create_table(
        "paper_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("paper_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="handed, not_taken, answered"),
        sa.Column("on_day", sa.Date(), nullable=False, comment="when it happened, as somebody entered it"),
        sa.Column("words", sa.Text(), nullable=False, comment="of an answer: what the other organisation found"),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.paper_id"], name=op.f("fk_paper_event_paper_id_paper")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_paper_event")),
    )
    op.create_index(op.f("ix_paper_event_paper_id"), "paper_event", ["paper_id"], unique=False)
