"""Contracts with employers, their prices, and statements of services."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0047"
down_revision: str | Sequence[str] | None = "0043"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "contract",
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="as the paper has it"),
        sa.Column("since_day", sa.Date(), nullable=False, comment="first day"),
        sa.Column("until_day", sa.Date(), nullable=True, comment="last day; empty: no term"),
        sa.Column("vat_note", sa.Text(), nullable=False, comment="words about value added tax on statements and acts"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False, comment="account"),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_contract")),
    )
    op.create_index("ix_contract_org_employer_id", "contract", ["org", "employer_id"], unique=False)
    op.create_table(
        "contract_end",
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False, comment="agreement or letter, in words"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.contract_id"], name=op.f("fk_contract_end_contract_id_contract")
        ),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_contract_end")),
    )
    op.create_table(
        "contract_price",
        sa.Column("price_id", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("exam_type", sa.Text(), nullable=False, comment="as sync.contract.exam.ExamType"),
        sa.Column("first_day", sa.Date(), nullable=False, comment="of this price"),
        sa.Column("kopecks", sa.BigInteger(), nullable=False, comment="of one exam"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.contract_id"], name=op.f("fk_contract_price_contract_id_contract")
        ),
        sa.PrimaryKeyConstraint("price_id", name=op.f("pk_contract_price")),
    )
    op.create_index(op.f("ix_contract_price_contract_id"), "contract_price", ["contract_id"], unique=False)
    op.create_table(
        "statement",
        sa.Column("statement_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False, comment="YYYY-MM of the exams"),
        sa.Column("year", sa.Integer(), nullable=False, comment="in which the number counts: that of the month"),
        sa.Column(
            "number",
            sa.Integer(),
            nullable=False,
            comment="of all versions; counted for the organisation and year",
        ),
        sa.Column("version", sa.Integer(), nullable=False, comment="from 1"),
        sa.Column(
            "content",
            sa.JSON(),
            nullable=False,
            comment="central.contracts.statements: lines, what was left out, difference",
        ),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of `content` in canonical form"),
        sa.Column("sum_kopecks", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False, comment="account"),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_statement")),
        sa.UniqueConstraint(
            "org", "employer_id", "month", "version", name=op.f("uq_statement_org_employer_id_month_version")
        ),
        sa.UniqueConstraint("org", "year", "number", "version", name=op.f("uq_statement_org_year_number_version")),
    )
