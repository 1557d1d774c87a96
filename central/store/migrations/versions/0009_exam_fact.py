"""Facts of exams that the journal is searched by, made of the exams and decisions that are stored."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from central.store.exam_facts import facts_of_decision, facts_of_exam, rows_of
from central.store.metadata import UtcDateTime

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BATCH = 500


def upgrade() -> None:
    """Bring the store one step forward. Takes some minutes for a million exams: each is read once."""
    op.create_table(
        "exam_fact",
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="complaint, device_serial, reason … or the name of a quantity"
        ),
        sa.Column("value", sa.Text(), nullable=False, comment="of a quantity: its number as text"),
        sa.Column("number", sa.Float(), nullable=True, comment="of a quantity"),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False, comment="of the exam"),
        sa.PrimaryKeyConstraint("exam_id", "kind", "value", name=op.f("pk_exam_fact")),
    )
    _fill(op.get_bind())
    for name, columns, where in (
        ("value", ["org", "kind", "value", "finished_at", "exam_id"], "number IS NULL"),
        ("number", ["org", "kind", "number", "exam_id"], "number IS NOT NULL"),
        ("quantity", ["org", "kind", "finished_at", "exam_id", "number"], "number IS NOT NULL"),
    ):
        condition = sa.text(where)
        op.create_index(
            f"ix_exam_fact_{name}", "exam_fact", columns, sqlite_where=condition, postgresql_where=condition
        )


def _fill(connection: sa.Connection) -> None:
    exam = sa.table(
        "exam",
        sa.column("exam_id"),
        sa.column("org"),
        sa.column("finished_at", UtcDateTime()),
        sa.column("payload", sa.JSON()),
        sa.column("decision_id"),
    )
    said = ("certificate_serial", "corrects", "record")
    decided: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("decision_id", *said)]
    decision = sa.table("decision", *decided, sa.column("reasons", sa.JSON()))
    shown = sa.select(
        exam.c.exam_id,
        exam.c.org,
        exam.c.finished_at,
        exam.c.payload,
        *(decision.c[name] for name in (*said, "reasons")),
    ).join_from(exam, decision, decision.c.decision_id == exam.c.decision_id, isouter=True)
    names: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("exam_id", "kind", "value", "number", "org")]
    insert = sa.table("exam_fact", *names, sa.column("finished_at", UtcDateTime())).insert()
    last = ""
    while True:
        rows = connection.execute(shown.where(exam.c.exam_id > last).order_by(exam.c.exam_id).limit(_BATCH)).all()
        if not rows:
            return
        made = [fact for row in rows for fact in _facts(row)]
        if made:
            connection.execute(insert, made)
        last = rows[-1].exam_id


def _facts(row: Any) -> Iterator[dict[str, Any]]:
    found = facts_of_exam(row.payload)
    if row.record is not None:
        try:
            found |= facts_of_decision(row.reasons, row.certificate_serial, row.corrects, bytes(row.record))
        except (json.JSONDecodeError, UnicodeDecodeError):
            # A damaged record is for `verify` to tell; it keeps no store from being brought up to date.
            found |= facts_of_decision(row.reasons, row.certificate_serial, row.corrects, b"{}")
    yield from rows_of(row.exam_id, row.org, row.finished_at, found)
