"""Readings of workers' personal devices."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0061"
down_revision: str | Sequence[str] | None = "0057"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "self_reading",
        sa.Column("reading_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.Text(), nullable=False, comment="the consent under which it was taken"),
        sa.Column("quantity", sa.Text(), nullable=False, comment="sync.contract.codes.QUANTITIES"),
        sa.Column("code_system", sa.Text(), nullable=False, comment="as it was sent: loinc, mdc"),
        sa.Column("code", sa.Text(), nullable=False, comment="as it was sent"),
        sa.Column("value", sa.Float(), nullable=False, comment="in the unit of the quantity (UCUM)"),
        sa.Column(
            "measured_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="as the device says; nobody checks its clock",
        ),
        sa.Column("device", sa.Text(), nullable=False, comment="what the program calls the device"),
        sa.Column("key_id", sa.Text(), nullable=False, comment="the program's key"),
        sa.Column("sent_id", sa.Text(), nullable=False, comment="the program's own id; the same twice is one"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_self_reading_worker_id_worker")),
        sa.PrimaryKeyConstraint("reading_id", name=op.f("pk_self_reading")),
        sa.UniqueConstraint("key_id", "sent_id", name=op.f("uq_self_reading_key_id_sent_id")),
    )
    op.create_index("ix_self_reading_worker_id_measured_at", "self_reading", ["worker_id", "measured_at"], unique=False)
