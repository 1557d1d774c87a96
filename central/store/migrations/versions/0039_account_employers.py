"""Several employers for one account: the account's one employer moves into a table."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0039"
down_revision: str | Sequence[str] | None = "0052"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "account_employer",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name=op.f("fk_account_employer_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employer.employer_id"], name=op.f("fk_account_employer_employer_id_employer")
        ),
        sa.PrimaryKeyConstraint("account_id", "employer_id", name=op.f("pk_account_employer")),
    )
    op.create_index(op.f("ix_account_employer_employer_id"), "account_employer", ["employer_id"])
    op.execute(
        "INSERT INTO account_employer (account_id, employer_id) SELECT account_id, employer_id FROM account "
        "WHERE employer_id IN (SELECT employer_id FROM employer)"
    )
    op.drop_column("account", "employer_id")


def downgrade() -> None:
    """Bring the store one step back. Of several employers an account keeps one."""
    op.add_column("account", sa.Column("employer_id", sa.Text(), nullable=True))
    op.execute(
        "UPDATE account SET employer_id = "
        "(SELECT min(employer_id) FROM account_employer WHERE account_employer.account_id = account.account_id)"
    )
    op.drop_index(op.f("ix_account_employer_employer_id"), table_name="account_employer")
    op.drop_table("account_employer")
