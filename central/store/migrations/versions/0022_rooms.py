"""Medical rooms beside terminals, and examinations that are being entered in them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | Sequence[str] | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    if op.get_bind().dialect.name != "sqlite":  # which keeps no comments
        op.alter_column(
            "terminal",
            "state",
            existing_type=sa.Text(),
            existing_nullable=False,
            comment="new, enrolled or revoked; of a medical room: room or closed_room",
            existing_comment="new, enrolled or revoked",
        )
    op.create_table(
        "room_draft",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False, comment="who began it"),
        sa.Column("medic_id", sa.Text(), nullable=False, comment="who examines: the last one who changed it"),
        sa.Column("exam_id", sa.Text(), nullable=False, comment="of the exam that it becomes"),
        sa.Column("exam_revision", sa.Integer(), nullable=False, comment="above 1 where a decided exam goes on"),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="counts the changes: a page that is behind changes nothing"
        ),
        sa.Column("content", sa.JSON(), nullable=False, comment="central.examining.content.RoomContent"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="then what was entered becomes an unfinished exam",
        ),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_room_draft_org_organisation")),
        sa.ForeignKeyConstraint(["room_id"], ["terminal.terminal_id"], name=op.f("fk_room_draft_room_id_terminal")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_room_draft_worker_id_worker")),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_room_draft")),
        sa.UniqueConstraint("worker_id", name=op.f("uq_room_draft_worker_id")),
    )
    op.create_table(
        "room_terminal",
        sa.Column("room_id", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False, comment="stands in the room and measures for it"),
        sa.ForeignKeyConstraint(["room_id"], ["terminal.terminal_id"], name=op.f("fk_room_terminal_room_id_terminal")),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_room_terminal_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("room_id", name=op.f("pk_room_terminal")),
    )
    op.create_table(
        "room_order",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.Text(), nullable=False, comment="of the exam that it was prepared for"),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="prepared, answered, or taken into the exam"),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False, comment="nobody may begin it afterwards"),
        sa.Column("report", sa.JSON(), nullable=True, comment="sync.contract.order.MeasuredReport"),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_room_order_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_room_order")),
    )
    op.create_index(op.f("ix_room_order_draft_id"), "room_order", ["draft_id"])
