"""Grounds say who examined where, which document they are, and what a comparison with its register gave."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | Sequence[str] | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    for name, comment in (
        ("at_time", "time of day of the examination, HH:MM; empty: not said"),
        ("doctor", "who examined"),
        ("organisation", "where"),
        ("organisation_oid", "its OID in the federal register"),
        ("vaccine", "of a vaccination: code of the book vaccines"),
        ("dose", "of a vaccination: number of the dose or its name"),
        ("series", "series of the document or of the vaccine"),
        ("number", "number of the document: medical book, sick leave, certificate"),
        ("said_state", "confirmed or not_confirmed, as the file says; empty: unconfirmed"),
        ("supersedes", "ground_id of the row that this one takes the place of"),
    ):
        op.add_column("ground", sa.Column(name, sa.Text(), nullable=True, comment=comment))
    op.create_table(
        "ground_state",
        sa.Column("state_id", sa.Text(), nullable=False),
        sa.Column("ground_id", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="confirmed, not_confirmed, or unconfirmed: takes the one before back",
        ),
        sa.Column(
            "register",
            sa.Text(),
            nullable=False,
            comment="with what it was compared: a register, an exchange, a document",
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True, comment="who says so; empty: from the command line"),
        sa.ForeignKeyConstraint(["ground_id"], ["ground.ground_id"], name=op.f("fk_ground_state_ground_id_ground")),
        sa.PrimaryKeyConstraint("state_id", name=op.f("pk_ground_state")),
    )
    op.create_index("ix_ground_state_ground_id", "ground_state", ["ground_id", "state_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "ground",
            "kind",
            existing_type=sa.Text(),
            existing_nullable=False,
            existing_comment="periodic, psychiatric, narcology, toxicology, other",
            comment="code of the book ground_kinds",
        )
