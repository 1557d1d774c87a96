"""The `MetaData` of the centre's store, and the column types that both SQLite and PostgreSQL keep exactly.

Each store module declares its own tables here and owns all SQL on them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    LargeBinary,
    MetaData,
    Table,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. Refuses times without an offset; gives back times with UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without an offset is not a time")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def json_text(value: Any) -> str:
    """How values of JSON columns are written: without spaces, in UTF-8."""
    return to_json(value).decode()


def insert_for(connection: Connection, table: Table) -> postgresql.Insert:
    """An insert that knows `on_conflict_do_…`; SQLite and PostgreSQL write it alike."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)  # type: ignore[return-value]  # the same methods, no common base
    return postgresql.insert(table)


def insert_rows_for(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]]
) -> tuple[postgresql.Insert, Any]:
    """An insert of many rows with the same keys, and what to execute it with.

    PostgreSQL gets one array per column: a statement whose text does not grow with the rows is parsed once.
    """
    if connection.dialect.name == "sqlite":
        return insert_for(connection, table), list(rows)
    names = list(rows[0])
    columns = [_unnested(table.c[name], [row[name] for row in rows]).label(name) for name in names]
    return postgresql.insert(table).from_select(names, select(*columns)), None


def _unnested(column: Column[Any], values: list[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, JSON):
        # As bytes, because every quotation mark of a text inside an array would have to be escaped one by one.
        texts = [None if value is None else to_json(value) for value in values]
        unnested = func.unnest(literal(texts, postgresql.ARRAY(LargeBinary())))
        return cast(func.convert_from(unnested, "UTF8"), JSON)
    return func.unnest(literal(values, postgresql.ARRAY(column.type)))
