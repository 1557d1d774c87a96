"""Rosters are kept by employment, and terminals are sent what changes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | Sequence[str] | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    _entries()
    _lists()
    # Each terminal has, or will have, the list of before: position 0. What becomes of its workers leads on from there.
    op.execute(sa.text("INSERT INTO roster_due (worker_id) SELECT worker_id FROM worker WHERE archived_at IS NULL"))
    op.execute(
        sa.text(
            "INSERT INTO roster_sent (terminal_id, version, position, employers, sha256, base_version, sent_at)"
            " SELECT terminal_id, roster_version, 0, NULL, '', NULL, created_at FROM terminal WHERE roster_version > 0"
        )
    )


def _entries() -> None:
    op.create_table(
        "roster_entry",
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="sync.contract.roster.RosterWorker in canonical JSON"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the body"),
        sa.Column(
            "changed_at",
            sa.BigInteger(),
            nullable=False,
            comment="position of the organisation at which it became this",
        ),
        sa.Column(
            "since",
            sa.Date(),
            nullable=True,
            comment="first day of the employment: terminals of before 0.3 are not told earlier",
        ),
        sa.Column(
            "look_again_on", sa.Date(), nullable=True, comment="first day on which it says something else by itself"
        ),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_roster_entry")),
    )
    op.create_index("ix_roster_entry_org_employer_id", "roster_entry", ["org", "employer_id"], unique=False)
    op.create_index("ix_roster_entry_org_changed_at", "roster_entry", ["org", "changed_at"], unique=False)
    op.create_index("ix_roster_entry_look_again_on", "roster_entry", ["look_again_on"], unique=False)
    op.create_index("ix_roster_entry_since", "roster_entry", ["since"], unique=False)
    op.create_table(
        "roster_gone",
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=False, comment="position of the organisation"),
        sa.PrimaryKeyConstraint("worker_id", "employer_id", name=op.f("pk_roster_gone")),
    )
    op.create_index("ix_roster_gone_employer_id_gone_at", "roster_gone", ["employer_id", "gone_at"], unique=False)
    op.create_table(
        "roster_employer",
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False, comment="position of the organisation"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="digest of the employer's entries; empty: has none"),
        sa.PrimaryKeyConstraint("employer_id", name=op.f("pk_roster_employer")),
    )
    op.create_index(op.f("ix_roster_employer_org"), "roster_employer", ["org"], unique=False)
    op.create_table(
        "roster_position",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_roster_position_org_organisation")),
        sa.PrimaryKeyConstraint("org", name=op.f("pk_roster_position")),
    )
    op.create_table(
        "roster_due",
        sa.Column("due_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("due_id", name=op.f("pk_roster_due")),
    )


def _lists() -> None:
    op.create_table(
        "roster_sent",
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "position",
            sa.BigInteger(),
            nullable=False,
            comment="of the organisation, that the list was made at",
        ),
        sa.Column(
            "employers", sa.JSON(), nullable=True, comment="whose workers it has; empty: all of the organisation"
        ),
        sa.Column("sha256", sa.Text(), nullable=False, comment="digest of the list; empty: nobody knows it"),
        sa.Column(
            "base_version",
            sa.Integer(),
            nullable=True,
            comment="of the list that it was a difference to; empty: it went whole",
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_roster_sent_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("terminal_id", "version", name=op.f("pk_roster_sent")),
    )
    op.create_table(
        "roster_told",
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "sha256",
            sa.Text(),
            nullable=True,
            comment="digest of its list; empty: its program knows no differences",
        ),
        sa.Column(
            "seq", sa.BigInteger(), nullable=False, comment="of the message that said so; an older one changes nothing"
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, comment="the terminal's clock"),
        sa.Column("asks_whole", sa.Boolean(), nullable=False, comment="what it got did not fit"),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_roster_told_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("terminal_id", name=op.f("pk_roster_told")),
    )
