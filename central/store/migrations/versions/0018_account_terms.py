"""Accounts that nobody uses are closed, and what was closed says when it was enabled again; deleted accounts are erased.

Certificates get a history that is sealed, and the carriers of keys a register.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from central.store.metadata import UtcDateTime
from central.store.migrations.last_activity import last_activity
from central.store.seals import first_id_at
from sync.contract.canonical import new_id

revision: str = "0018"
down_revision: str | Sequence[str] | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    for name, comment in (
        ("closed_unused_at", "when it was disabled because nobody used it; empty: otherwise"),
        ("enabled_at", "when it was last enabled again: time without use counts from here"),
        ("deleted_at", "when its deletion was asked for; until it is erased it can be taken back"),
        ("erased_at", "when name and secrets were erased; what it did stays under its id"),
    ):
        op.add_column("account", sa.Column(name, UtcDateTime(), nullable=True, comment=comment))
    op.create_table(
        "certificate_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("certificate_id", sa.Text(), nullable=False),
        sa.Column("event_no", sa.Integer(), nullable=False, comment="1 and up for each certificate"),
        sa.Column("state", sa.Text(), nullable=False, comment="valid, replaced or revoked, from now on"),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificate.certificate_id"],
            name=op.f("fk_certificate_event_certificate_id_certificate"),
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_certificate_event")),
        sa.UniqueConstraint("certificate_id", "event_no", name=op.f("uq_certificate_event_certificate_id_event_no")),
    )
    _begin_histories(op.get_bind())
    op.create_table(
        "key_carrier",
        sa.Column("carrier_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="serial or stock number, as it stands on the carrier"),
        sa.Column("carrier_kind", sa.Text(), nullable=False, comment="token, smart_card, flash_drive or other"),
        sa.Column("holder_id", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.Date(), nullable=False, comment="day of the hand-over"),
        sa.Column("returned_at", sa.Date(), nullable=True),
        sa.Column("lost_at", sa.Date(), nullable=True, comment="day when the loss was found"),
        sa.Column("document", sa.Text(), nullable=False, comment="act or order of the hand-over"),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_key_carrier_org_organisation")),
        sa.ForeignKeyConstraint(["holder_id"], ["medic.medic_id"], name=op.f("fk_key_carrier_holder_id_medic")),
        sa.PrimaryKeyConstraint("carrier_id", name=op.f("pk_key_carrier")),
    )
    for name in ("org", "holder_id"):
        op.create_index(op.f(f"ix_key_carrier_{name}"), "key_carrier", [name])
    op.add_column("account", sa.Column("enabled_note", sa.Text(), nullable=True, comment="why, in words"))


def _begin_histories(connection: sa.Connection) -> None:
    def states() -> list[sa.ColumnClause[Any]]:
        texts: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("certificate_id", "state", "reason", "note")]
        return [*texts, sa.column("revoked_at", UtcDateTime())]

    event = sa.table("certificate_event", *states(), sa.column("event_id"), sa.column("event_no"))
    rows = connection.execute(sa.select(sa.table("certificate", *states()))).mappings().all()
    if rows:
        written = first_id_at(last_activity(connection))[:14]
        histories = [dict(row) | {"event_id": written + new_id()[14:], "event_no": 1} for row in rows]
        connection.execute(event.insert(), histories)
