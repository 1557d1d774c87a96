"""The table of column sets: which columns of the journal an account likes to see, under names of its own."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, Connection, ForeignKey, Table, Text, delete, func, select

from central.store.metadata import insert_for, metadata

MOST = 20
"""How many sets one account may keep."""

column_set = Table(
    "column_set",
    metadata,
    Column("account_id", ForeignKey("account.account_id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("columns", JSON, nullable=False),
)


@dataclass(frozen=True, slots=True)
class ColumnSet:
    """One set."""

    name: str
    columns: tuple[str, ...]


def of_account(connection: Connection, account_id: str) -> list[ColumnSet]:
    """The sets of an account, by name."""
    query = select(column_set.c.name, column_set.c.columns).where(column_set.c.account_id == account_id)
    return [ColumnSet(row.name, tuple(row.columns)) for row in connection.execute(query.order_by(column_set.c.name))]


def put(connection: Connection, account_id: str, name: str, columns: tuple[str, ...]) -> bool:
    """Keep a set; one of the same name is replaced. False when the account has as many as it may."""
    others = (column_set.c.account_id == account_id, column_set.c.name != name)
    count = connection.execute(select(func.count()).select_from(column_set).where(*others)).scalar_one()
    if count >= MOST:
        return False
    values: dict[str, Any] = {"account_id": account_id, "name": name, "columns": list(columns)}
    statement = insert_for(connection, column_set).values(**values)
    keys = [column_set.c.account_id, column_set.c.name]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_={"columns": list(columns)}))
    return True


def forget_account(connection: Connection, account_id: str) -> None:
    """Forget all sets of an account."""
    connection.execute(delete(column_set).where(column_set.c.account_id == account_id))


def remove(connection: Connection, account_id: str, name: str) -> None:
    """Forget a set."""
    connection.execute(delete(column_set).where(column_set.c.account_id == account_id, column_set.c.name == name))
