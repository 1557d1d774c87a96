"""Accounts may be vouched for by a provider of logins or by a directory, in place of their own password."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | Sequence[str] | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    by = "who vouches in place of the password: oidc or ldap; empty: the own password"
    issuer = "which provider or directory that was when the name was entered"
    name = "the subject of the provider, or the name in the directory"
    op.add_column("account", sa.Column("vouched_by", sa.Text(), nullable=True, comment=by))
    op.add_column("account", sa.Column("vouched_issuer", sa.Text(), nullable=True, comment=issuer))
    op.add_column("account", sa.Column("vouched_name", sa.Text(), nullable=True, comment=name))
    op.create_index(
        op.f("ix_account_vouched"), "account", ["vouched_by", "vouched_issuer", "vouched_name"], unique=True
    )
