"""The environment of Alembic: for the program with a given connection, for developers with a URL from `-x url=…`."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from central.store.engine import load_tables, open_engine
from central.store.metadata import UtcDateTime, metadata


def _render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render,
        # SQLite changes its schema inside transactions too; Alembic does not assume it. A kill leaves the old version.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


load_tables()
given = context.config.attributes.get("connection")
if isinstance(given, Connection):
    _run(given)
else:
    engine = open_engine(context.get_x_argument(as_dictionary=True)["url"])
    with engine.begin() as own:
        _run(own)
