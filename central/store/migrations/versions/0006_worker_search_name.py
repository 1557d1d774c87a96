"""Workers are found by a folded name: without capitals, with composed letters, ё as е."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from central.core.name_folding import fold_name

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BATCH = 1000


def upgrade() -> None:
    """Bring the store one step forward."""
    op.add_column(
        "worker",
        sa.Column(
            "search_name",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="the name as central.core.name_folding folds it",
        ),
    )
    worker = sa.table("worker", sa.column("worker_id"), sa.column("full_name"), sa.column("search_name"))
    connection = op.get_bind()
    changed = (
        sa.update(worker).where(worker.c.worker_id == sa.bindparam("of")).values(search_name=sa.bindparam("folded"))
    )
    last = ""
    while True:
        query = sa.select(worker.c.worker_id, worker.c.full_name).where(worker.c.worker_id > last)
        rows = connection.execute(query.order_by(worker.c.worker_id).limit(_BATCH)).all()
        if not rows:
            break
        connection.execute(changed, [{"of": row.worker_id, "folded": fold_name(row.full_name)} for row in rows])
        last = rows[-1].worker_id
    op.drop_index("ix_worker_org_full_name", table_name="worker")
    op.create_index(
        "ix_worker_org_search_name",
        "worker",
        ["org", "search_name"],
        unique=False,
        postgresql_ops={"search_name": "text_pattern_ops"},
    )
