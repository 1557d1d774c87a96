"""Reference books: versions, items, drafts, and which version went to which terminal."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | Sequence[str] | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "book",
        sa.Column("book", sa.Text(), nullable=False, comment="name: complaints, okved2 …"),
        sa.Column("org", sa.Text(), nullable=False, comment="whose it is; empty = of the whole centre"),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False, comment="names of the attributes of its items"),
        sa.Column("spread", sa.Boolean(), nullable=False, comment="whether it goes down to the terminals"),
        sa.Column("owner_right", sa.Text(), nullable=False, comment="right that its changes need"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("book", "org", name=op.f("pk_book")),
    )
    op.create_table(
        "book_draft",
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("base_version", sa.Text(), nullable=False, comment="what held when the draft was begun"),
        sa.Column("author", sa.Text(), nullable=False, comment="who began it"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False, comment="of an imported dictionary; empty = the next number"),
        sa.PrimaryKeyConstraint("book", "org", name=op.f("pk_book_draft")),
    )
    op.create_table(
        "book_draft_item",
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("ru", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("attrs", sa.JSON(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False, comment="counts the changes of this item in this draft"),
        sa.Column("author", sa.Text(), nullable=False, comment="who changed it last"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("book", "org", "code", name=op.f("pk_book_draft_item")),
    )
    op.create_table(
        "book_version",
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False, comment="empty = of the whole centre"),
        sa.Column("version", sa.Text(), nullable=False, comment="what people and records call it"),
        sa.Column("state", sa.Text(), nullable=False, comment="published, or withdrawn: takes the published one back"),
        sa.Column("basis", sa.Text(), nullable=False, comment="on whose word or by which paper"),
        sa.Column("author", sa.Text(), nullable=False, comment="account; empty for a command or what ships"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="when its draft was begun"),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day on which it holds"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="sync.contract.books.items_digest"),
        sa.Column("source", sa.JSON(), nullable=False, comment="of a classifier: oid, version, date, address"),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_book_version")),
        sa.UniqueConstraint("book", "org", "version", "state", name=op.f("uq_book_version_book_org_version_state")),
    )
    op.create_index("ix_book_version_book_org", "book_version", ["book", "org", "version_id"], unique=False)
    op.create_table(
        "book_item",
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="in the order of the book, from 0"),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("ru", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("attrs", sa.JSON(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False, comment="whether it may still be chosen"),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True, comment="last day; the row stays"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["book_version.version_id"], name=op.f("fk_book_item_version_id_book_version")
        ),
        sa.PrimaryKeyConstraint("book", "org", "version", "code", name=op.f("pk_book_item")),
    )
    op.create_index(op.f("ix_book_item_version_id"), "book_item", ["version_id"], unique=False)
    op.create_table(
        "terminal_book",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False, comment="whose version it is; empty = of the whole centre"),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when it was queued"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["centre_outbox.message_id"], name=op.f("fk_terminal_book_message_id_centre_outbox")
        ),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_terminal_book_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_terminal_book")),
    )
    op.create_index(
        "ix_terminal_book_terminal_id_book", "terminal_book", ["terminal_id", "book", "message_id"], unique=False
    )
