"""Checks of medical books."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0026"
down_revision: str | Sequence[str] | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "book_check",
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False, comment="employer: on the employer's page; terminal: at a kiosk"),
        sa.Column("employer_id", sa.Text(), nullable=True, comment="whose page it was, or whose worker was examined"),
        sa.Column("worker_id", sa.Text(), nullable=True, comment="employment of whom it is; empty: nobody"),
        sa.Column("terminal_id", sa.Text(), nullable=True, comment="of a check at a kiosk"),
        sa.Column(
            "exam_id",
            sa.Text(),
            nullable=True,
            comment="of a check at a kiosk: the exam that the code was read before",
        ),
        sa.Column("account_id", sa.Text(), nullable=True, comment="who checked; empty at a kiosk"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False, comment="with last_day: the days on which all has to hold"),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("read_sha256", sa.Text(), nullable=False, comment="of what was read or typed, UTF-8"),
        sa.Column("read_form", sa.Text(), nullable=False, comment="worker_code, link, text, unknown"),
        sa.Column("read_host", sa.Text(), nullable=False, comment="of an address; nobody has looked there"),
        sa.Column("ground_id", sa.Text(), nullable=True, comment="the entry of the book that was found"),
        sa.Column(
            "result",
            sa.Text(),
            nullable=False,
            comment="complies, does_not_comply, not_found, several, foreign_code, unknown",
        ),
        sa.Column("points", sa.JSON(), nullable=False, comment="code, name, state and dates of each point"),
        sa.Column(
            "rules_version",
            sa.Text(),
            nullable=False,
            comment="of the book ground_rules; empty: nothing was judged",
        ),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_book_check_org_organisation")),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_book_check")),
        sa.UniqueConstraint("exam_id", name=op.f("uq_book_check_exam_id")),
    )
    op.create_index("ix_book_check_employer_id_check_id", "book_check", ["employer_id", "check_id"], unique=False)
    op.create_index("ix_book_check_worker_id_check_id", "book_check", ["worker_id", "check_id"], unique=False)
