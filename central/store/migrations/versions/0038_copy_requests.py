"""Requests for copies of conclusions, and what became of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0038"
down_revision: str | Sequence[str] | None = "0036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "copy_request",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counted per organisation and year"),
        sa.Column("worker_id", sa.Text(), nullable=False, comment="employment by which the person was found"),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False, comment="patient, representative, authority"),
        sa.Column("identity_checked", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="of paper; empty: all"),
        sa.Column("since", sa.Date(), nullable=True, comment="first day of the period that is asked for"),
        sa.Column("until", sa.Date(), nullable=True, comment="its last day"),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_copy_request_worker_id_worker")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_copy_request")),
        sa.UniqueConstraint("org", "year", "number", name=op.f("uq_copy_request_org_year_number")),
    )
    op.create_table(
        "copy_request_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("event_no", sa.Integer(), nullable=False, comment="1 and up for each request"),
        sa.Column("kind", sa.Text(), nullable=False, comment="extended, refused, closed"),
        sa.Column("until", sa.Date(), nullable=True, comment="of an extension: the new last day"),
        sa.Column("notice_on", sa.Date(), nullable=True, comment="of an extension: when who asked was told"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("refusal_no", sa.Integer(), nullable=True, comment="counted per organisation and year"),
        sa.Column("refusal_year", sa.Integer(), nullable=True),
        sa.Column("grounds", sa.JSON(), nullable=False, comment="of a refusal: code and words of each"),
        sa.Column("copies", sa.JSON(), nullable=False, comment="of a closed one: ids of the copies that were given"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["copy_request.request_id"], name=op.f("fk_copy_request_event_request_id_copy_request")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_copy_request_event")),
        sa.UniqueConstraint(
            "org", "refusal_year", "refusal_no", name=op.f("uq_copy_request_event_org_refusal_year_refusal_no")
        ),
    )
    op.create_index("uq_copy_request_event_request_id", "copy_request_event", ["request_id", "event_no"], unique=True)
