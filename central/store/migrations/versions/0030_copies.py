"""Copies of papers, what became of each, and where in the archive they are."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision: str | Sequence[str] | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "copy",
        sa.Column("copy_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("paper_id", sa.Text(), nullable=False),
        sa.Column("copy_no", sa.Integer(), nullable=False, comment="counted per paper, from 1"),
        sa.Column(
            "role", sa.Text(), nullable=False, comment="original, patient, employer, insurer, register, internal"
        ),
        sa.Column("form", sa.Text(), nullable=False, comment="paper, electronic"),
        sa.Column(
            "record_id",
            sa.Text(),
            nullable=False,
            comment="the signed record that stands on it: paper_record or decision",
        ),
        sa.Column(
            "sha256",
            sa.Text(),
            nullable=False,
            comment="of the PDF, whose bytes are printed again and never made anew",
        ),
        sa.Column("stored_sha256", sa.Text(), nullable=False, comment="of the sealed file in the folder of media"),
        sa.Column(
            "file_id",
            sa.Text(),
            nullable=False,
            comment="what the sealed file is bound to: the signed paper, or this copy",
        ),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column(
            "signature",
            sa.LargeBinary(),
            nullable=False,
            comment="the organisation's CMS beside the PDF, DER; empty where it is inside",
        ),
        sa.Column("ground", sa.Text(), nullable=False, comment="why it was made beyond the norm; empty: within it"),
        sa.Column(
            "replaces",
            sa.Text(),
            nullable=True,
            comment="the copy that was lost, damaged or destroyed, whose place this one takes",
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False, comment="account"),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.paper_id"], name=op.f("fk_copy_paper_id_paper")),
        sa.PrimaryKeyConstraint("copy_id", name=op.f("pk_copy")),
        sa.UniqueConstraint("paper_id", "copy_no", name=op.f("uq_copy_paper_id_copy_no")),
    )
    op.create_index("ix_copy_org_made_at", "copy", ["org", "made_at"], unique=False)
    op.create_table(
        "copy_move",
        sa.Column("move_id", sa.Text(), nullable=False),
        sa.Column("copy_id", sa.Text(), nullable=False),
        sa.Column(
            "move_no", sa.Integer(), nullable=False, comment="counted per copy, from 1: no two follow the same one"
        ),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="issue, transfer, return, loss, destroy, archive_in, archive_out"
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="what the copy is in afterwards"),
        sa.Column("on_day", sa.Date(), nullable=False, comment="when it happened, as somebody entered it"),
        sa.Column(
            "receiver_sealed",
            sa.LargeBinary(),
            nullable=True,
            comment="who took it: AES-256-GCM, as contacts of persons",
        ),
        sa.Column(
            "receiver_kind",
            sa.Text(),
            nullable=False,
            comment="patient, representative, employer, insurer, authority, colleague; empty: nobody",
        ),
        sa.Column("way", sa.Text(), nullable=False, comment="in_person, mail, post, portal; empty: none"),
        sa.Column("receipt", sa.Text(), nullable=False, comment="signature, electronic, none; empty: does not apply"),
        sa.Column("due_back", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False, comment="act or letter that it rests on, as it was entered"),
        sa.Column("document_id", sa.Text(), nullable=True, comment="act of this store that it rests on"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when it was entered"),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.copy_id"], name=op.f("fk_copy_move_copy_id_copy")),
        sa.PrimaryKeyConstraint("move_id", name=op.f("pk_copy_move")),
        sa.UniqueConstraint("copy_id", "move_no", name=op.f("uq_copy_move_copy_id_move_no")),
    )
    op.create_index("ix_copy_move_org_at", "copy_move", ["org", "at"], unique=False)
    op.create_table(
        "archive_entry",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("copy_id", sa.Text(), nullable=False),
        sa.Column("move_id", sa.Text(), nullable=False, comment="that brought it there"),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("inventory_no", sa.Text(), nullable=False, comment="of the archive's list; a copy keeps it"),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("keeper", sa.Text(), nullable=False, comment="who keeps the archive"),
        sa.Column("place", sa.Text(), nullable=False, comment="room, shelf, folder"),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.copy_id"], name=op.f("fk_archive_entry_copy_id_copy")),
        sa.ForeignKeyConstraint(["move_id"], ["copy_move.move_id"], name=op.f("fk_archive_entry_move_id_copy_move")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_archive_entry")),
        sa.UniqueConstraint("move_id", name=op.f("uq_archive_entry_move_id")),
    )
    op.create_index(op.f("ix_archive_entry_copy_id"), "archive_entry", ["copy_id"], unique=False)
    op.create_index("ix_archive_entry_org_inventory_no", "archive_entry", ["org", "inventory_no"], unique=False)
