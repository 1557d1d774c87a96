"""The log of exchanges with other systems, maps of codes, dictionaries of partners, what waits to be sent."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0059"
down_revision: str | Sequence[str] | None = "0049"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "code_map",
        sa.Column("map_id", sa.Text(), nullable=False),
        sa.Column("system_id", sa.Text(), nullable=False, comment="name of the partner in central.toml"),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False, comment="our reference book"),
        sa.Column("own_code", sa.Text(), nullable=False),
        sa.Column(
            "their_system",
            sa.Text(),
            nullable=False,
            comment="OID or address of their dictionary; empty: the partner's own",
        ),
        sa.Column("their_code", sa.Text(), nullable=False, comment="empty where the relation is none"),
        sa.Column("their_display", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False, comment="equal, wider, narrower, none"),
        sa.Column("version", sa.Integer(), nullable=False, comment="of this code, from 1; the highest counts"),
        sa.Column("basis", sa.Text(), nullable=False, comment="by what it was decided"),
        sa.Column("account_id", sa.Text(), nullable=False, comment="who entered it"),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("map_id", name=op.f("pk_code_map")),
        sa.UniqueConstraint(
            "system_id", "book", "own_code", "version", name=op.f("uq_code_map_system_id_book_own_code_version")
        ),
    )
    op.create_table(
        "partner_dictionary",
        sa.Column("dictionary_id", sa.Text(), nullable=False),
        sa.Column("system_id", sa.Text(), nullable=False, comment="name of the partner in central.toml"),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False, comment="our reference book that it is mapped from"),
        sa.Column(
            "their_system",
            sa.Text(),
            nullable=False,
            comment="OID or address of the dictionary; empty: the partner's own",
        ),
        sa.Column("items", sa.JSON(), nullable=False, comment="code: name"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the file"),
        sa.Column("account_id", sa.Text(), nullable=False, comment="who gave it"),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dictionary_id", name=op.f("pk_partner_dictionary")),
    )
    op.create_table(
        "exchange",
        sa.Column("exchange_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("system_id", sa.Text(), nullable=False, comment="name of the partner, operator or kind of address"),
        sa.Column("direction", sa.Text(), nullable=False, comment="out, in"),
        sa.Column("channel", sa.Text(), nullable=False, comment="rest, webhook, file, cli, mail"),
        sa.Column("operation", sa.Text(), nullable=False, comment="send, take, staff, dictionary, receipt, test"),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column(
            "object_kind",
            sa.Text(),
            nullable=False,
            comment="decision, staff, waybill, title, notice, dictionary",
        ),
        sa.Column(
            "object_id",
            sa.Text(),
            nullable=False,
            comment="id of a row of ours; never a name or a number of a person",
        ),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of what went or came; empty: nothing did"),
        sa.Column("outcome", sa.Text(), nullable=False, comment="ok, refused, error, retrying"),
        sa.Column("code", sa.Text(), nullable=False, comment="of what is wrong; empty: nothing"),
        sa.Column("place", sa.Text(), nullable=False, comment="where: book/code, a field; empty: as a whole"),
        sa.Column("http_status", sa.Integer(), nullable=True, comment="empty: no answer, or no HTTP"),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="how often it was tried, with this time"),
        sa.Column("actor", sa.Text(), nullable=False, comment="account; empty: the centre by itself"),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_exchange")),
    )
    op.create_index("ix_exchange_org_exchange_id", "exchange", ["org", "exchange_id"], unique=False)
    op.create_index("ix_exchange_outcome_exchange_id", "exchange", ["outcome", "exchange_id"], unique=False)
    op.create_index("ix_exchange_system_id_exchange_id", "exchange", ["system_id", "exchange_id"], unique=False)
    op.create_table(
        "partner_sending",
        sa.Column("sending_id", sa.Text(), nullable=False),
        sa.Column("system_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False, comment="decision"),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("object_at", sa.DateTime(timezone=True), nullable=False, comment="when the decision was signed"),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, unmapped, refused, sent"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False, comment="not before"),
        sa.Column("code", sa.Text(), nullable=False, comment="why it was not taken; empty: it was, or was not tried"),
        sa.Column("place", sa.Text(), nullable=False, comment="of the fault: what has no mapping"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sending_id", name=op.f("pk_partner_sending")),
        sa.UniqueConstraint(
            "system_id", "object_kind", "object_id", name=op.f("uq_partner_sending_system_id_object_kind_object_id")
        ),
    )
    op.create_index("ix_partner_sending_object_at", "partner_sending", ["system_id", "object_at"], unique=False)
    op.create_index("ix_partner_sending_state", "partner_sending", ["system_id", "state", "next_at"], unique=False)
