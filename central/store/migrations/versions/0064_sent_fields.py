"""Fields of results as partners want them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0064"
down_revision: str | Sequence[str] | None = "0061"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "sent_field",
        sa.Column("field_id", sa.Text(), nullable=False),
        sa.Column("system_id", sa.Text(), nullable=False, comment="name of the partner in central.toml"),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False, comment="result"),
        sa.Column(
            "their_field", sa.Text(), nullable=False, comment="what the partner calls it: a key of JSON, a heading"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="field, code, constant, text, none"),
        sa.Column(
            "own",
            sa.Text(),
            nullable=False,
            comment="of field and code: our field; of constant: the value; of text: words with {our_field} in it",
        ),
        sa.Column("version", sa.Integer(), nullable=False, comment="of this field, from 1; the highest counts"),
        sa.Column("basis", sa.Text(), nullable=False, comment="by what it was decided"),
        sa.Column("account_id", sa.Text(), nullable=False, comment="who entered it"),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("field_id", name=op.f("pk_sent_field")),
        sa.UniqueConstraint(
            "system_id",
            "object",
            "their_field",
            "version",
            name=op.f("uq_sent_field_system_id_object_their_field_version"),
        ),
    )
