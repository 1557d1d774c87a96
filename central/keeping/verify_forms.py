"""`verify` of the form: does each cell of a SQLite store stand as the centre writes it?

SQLite puts up with anything anywhere: a moment with another sign between day and hour reads as the same moment and sorts as
another one; a text kept as bytes reads alike and is found by no search. PostgreSQL has types.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    not_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects import sqlite

from central.keeping.verify_report import Expected, StoreReport
from central.store.engine import load_tables
from central.store.metadata import UtcDateTime, metadata

_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_MOMENT = f"{_DAY} [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]"
_STORAGE: tuple[tuple[type, str], ...] = (
    (Boolean, "integer"),
    (Integer, "integer"),
    (Float, "real"),
    (LargeBinary, "blob"),
    (Text, "text"),
    (JSON, "text"),
    (UtcDateTime, "text"),
    (Date, "text"),
)
_PATTERNS: tuple[tuple[type, str], ...] = ((UtcDateTime, _MOMENT), (Date, _DAY))


def check_forms(connection: Connection, _expected: Expected, report: StoreReport) -> None:
    """Every table has its columns, every cell its storage class and every date its form."""
    if connection.dialect.name != "sqlite":
        return
    load_tables()
    for table in metadata.sorted_tables:
        names = [column.name for column in table.columns]
        for row in connection.exec_driver_sql(_misfits(table), execution_options={"yield_per": 500}):
            place = f"{table.name} {' '.join(map(str, row[: -len(names)]))}"
            wrong = ", ".join(name for name, is_wrong in zip(names, row[-len(names) :], strict=True) if is_wrong)
            report.fault("changed", place, f"{wrong}: not in the form in which the centre writes it")


@cache
def _misfits(table: Table) -> str:
    """Asks for the key of each row with a misfit, and for each column whether it is one. Written out once: for a small store
    it would take longer to find the statement again than to run it."""
    misfit = [_is_misfit(column) for column in table.columns]
    key = [type_coerce(column, Text) for column in table.primary_key]
    named = [wrong.label(f"is_misfit_{number}") for number, wrong in enumerate(misfit)]
    statement = select(*key, *named).where(or_(*misfit))
    return str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))


def _is_misfit(column: Column[Any]) -> ColumnElement[bool]:
    storage = next(name for kind, name in _STORAGE if isinstance(column.type, kind))
    wrong = func.typeof(column) != storage
    pattern = next((form for kind, form in _PATTERNS if isinstance(column.type, kind)), None)
    if pattern is not None:
        wrong = or_(wrong, not_(type_coerce(column, Text).bool_op("GLOB")(pattern)))
    return (column.is_not(None) & wrong) if column.nullable else wrong
