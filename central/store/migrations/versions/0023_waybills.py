"""Electronic waybills: files of carriers, titles of medics, receipts of operators, and by what carriers and drivers are known."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | Sequence[str] | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.add_column(
        "employer",
        sa.Column(
            "waybill_operator",
            sa.Text(),
            nullable=True,
            comment="operator of electronic waybills in central.toml; empty: paper waybills",
        ),
    )
    op.add_column(
        "employer",
        sa.Column("waybill_titles", sa.Text(), nullable=True, comment="before, after or both; empty: none"),
    )
    op.add_column(
        "employer",
        sa.Column(
            "exchange_id", sa.Text(), nullable=True, comment="identifier as a participant of electronic exchange"
        ),
    )
    op.add_column(
        "worker",
        sa.Column(
            "inn",
            sa.Text(),
            nullable=True,
            comment="the person's own taxpayer number; electronic waybills name drivers by it",
        ),
    )
    op.create_table(
        "waybill",
        sa.Column("waybill_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False, comment="name in central.toml"),
        sa.Column("kind", sa.Text(), nullable=False, comment="T1, T5; empty: unreadable"),
        sa.Column("file_id", sa.Text(), nullable=False, comment="ИдФайл"),
        sa.Column("driver_no", sa.Integer(), nullable=False, comment="place of the driver in the file, from 1"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("waybill_uid", sa.Text(), nullable=False, comment="УИД_ПЛ"),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=True),
        sa.Column("worker_id", sa.Text(), nullable=True, comment="employment that the driver's ИНН leads to"),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="the file, exactly as it came"),
        sa.Column("signature", sa.LargeBinary(), nullable=False, comment="the carrier's detached CMS"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="refused, parked, waiting, not_needed, titled"),
        sa.Column("fault", sa.Text(), nullable=False, comment="code of waybill.fault; empty: none"),
        sa.Column("detail", sa.Text(), nullable=False, comment="the place of the fault"),
        sa.PrimaryKeyConstraint("waybill_id", name=op.f("pk_waybill")),
    )
    op.create_index("uq_waybill_file", "waybill", ["operator", "file_id", "sha256", "driver_no"], unique=True)
    op.create_index("ix_waybill_org_received_at", "waybill", ["org", "received_at"])
    op.create_index(op.f("ix_waybill_waybill_uid"), "waybill", ["waybill_uid"])
    op.create_index(op.f("ix_waybill_worker_id"), "waybill", ["worker_id"])
    op.create_table(
        "waybill_title",
        sa.Column("title_id", sa.Text(), nullable=False),
        sa.Column("waybill_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, comment="T2, T6"),
        sa.Column("file_id", sa.Text(), nullable=False, comment="ИдФайл"),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("medic_id", sa.Text(), nullable=False),
        sa.Column(
            "content", sa.LargeBinary(), nullable=False, comment="windows-1251, exactly the bytes that are signed"
        ),
        sa.Column("cms", sa.LargeBinary(), nullable=False, comment="the medic's detached CMS over content, DER"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="queued, sent, delivered, accepted, refused, withdrawn, corrected",
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="when it is tried next"),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.Text(), nullable=False, comment="what the operator said, or why it was not reached"),
        sa.ForeignKeyConstraint(
            ["waybill_id"], ["waybill.waybill_id"], name=op.f("fk_waybill_title_waybill_id_waybill")
        ),
        sa.PrimaryKeyConstraint("title_id", name=op.f("pk_waybill_title")),
        sa.UniqueConstraint("file_id", name=op.f("uq_waybill_title_file_id")),
        sa.UniqueConstraint("waybill_id", name=op.f("uq_waybill_title_waybill_id")),
    )
    op.create_index(op.f("ix_waybill_title_decision_id"), "waybill_title", ["decision_id"])
    op.create_index(op.f("ix_waybill_title_exam_id"), "waybill_title", ["exam_id"])
    op.create_index("ix_waybill_title_state_due_at", "waybill_title", ["state", "due_at"])
    op.create_table(
        "waybill_receipt",
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False, comment="ИдФайл of the title that it is about"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="the receipt, exactly as it came"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_waybill_receipt")),
    )
    op.create_index("uq_waybill_receipt_content", "waybill_receipt", ["operator", "sha256"], unique=True)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "alert",
            "kind",
            existing_type=sa.Text(),
            existing_nullable=False,
            existing_comment="intoxication, taken_back",
            comment="intoxication, taken_back, no_title",
        )
