"""Examinations of before, from paper or another vendor: files, rows, withdrawals. Signed sanitary passports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0028"
down_revision: str | Sequence[str] | None = "0026"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "history_import",
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True, comment="who; empty: from the command line"),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_history_import_org_organisation")),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_history_import")),
    )
    op.create_table(
        "foreign_exam",
        sa.Column("foreign_id", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False, comment="of the file; the first is 1"),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("at", sa.Date(), nullable=False, comment="day of the examination"),
        sa.Column("at_time", sa.Text(), nullable=True, comment="time of day, HH:MM; empty: not said"),
        sa.Column("exam_type", sa.Text(), nullable=False, comment="as sync.contract.exam.ExamType"),
        sa.Column(
            "outcome", sa.Text(), nullable=False, comment="as the source says: admitted, not_admitted, unfinished"
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="why not, in the words of the source"),
        sa.Column(
            "systolic_mmhg", sa.Integer(), nullable=True, comment="empty: the source has none; so are all values"
        ),
        sa.Column("diastolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("pulse_bpm", sa.Integer(), nullable=True),
        sa.Column("temperature_celsius", sa.Float(), nullable=True),
        sa.Column("breath_alcohol_mg_per_l", sa.Float(), nullable=True, comment="of breath"),
        sa.Column("device", sa.Text(), nullable=True, comment="by what that was measured, as the source says"),
        sa.Column("complaints", sa.Text(), nullable=True),
        sa.Column("medic", sa.Text(), nullable=True, comment="who examined, as the source says"),
        sa.Column("organisation", sa.Text(), nullable=True, comment="whose medic that was"),
        sa.Column("number", sa.Text(), nullable=True, comment="of the entry in that journal"),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False, comment="which journal or system"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the row; the same row twice changes nothing"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["history_import.import_id"], name=op.f("fk_foreign_exam_import_id_history_import")
        ),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_foreign_exam_org_organisation")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_foreign_exam_worker_id_worker")),
        sa.PrimaryKeyConstraint("foreign_id", name=op.f("pk_foreign_exam")),
    )
    op.create_index("ix_foreign_exam_import_id", "foreign_exam", ["import_id"], unique=False)
    op.create_index("ix_foreign_exam_worker_id_at", "foreign_exam", ["worker_id", "at"], unique=False)
    op.create_table(
        "history_withdrawal",
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True, comment="who; empty: from the command line"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["history_import.import_id"], name=op.f("fk_history_withdrawal_import_id_history_import")
        ),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_history_withdrawal_org_organisation")),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_history_withdrawal")),
    )
    op.create_table(
        "passport_record",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("medic_id", sa.Text(), nullable=False),
        sa.Column("medic_name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("certificate_serial", sa.Text(), nullable=False),
        sa.Column(
            "record", sa.LargeBinary(), nullable=False, comment="canonical JSON, exactly the bytes that are signed"
        ),
        sa.Column("cms", sa.LargeBinary(), nullable=False, comment="the medic's detached CMS over `record`, DER"),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_passport_record_worker_id_worker")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_passport_record")),
    )
    op.create_index(
        "ix_passport_record_worker_id_record_id", "passport_record", ["worker_id", "record_id"], unique=False
    )
