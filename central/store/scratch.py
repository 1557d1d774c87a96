"""Temporary tables in which `verify` notes what it has seen, so that its memory does not grow with the store.

They live in the connection's own temporary space and go with its transaction; nobody else sees them.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Column as _Column
from sqlalchemy import ColumnElement, Connection, MetaData, Table, Text, case, exists, literal, select

from central.store.exams import exam
from central.store.metadata import UtcDateTime, insert_for
from central.store.seals import Sealed

_scratch = MetaData()
_sealed_key = Table(
    "verify_sealed_key",
    _scratch,
    _Column("kind", Text, primary_key=True),
    _Column("key", Text, primary_key=True),
    prefixes=["TEMPORARY"],
)
_exam_receipt = Table(
    "verify_exam_receipt",
    _scratch,
    _Column("exam_id", Text, primary_key=True),
    _Column("first_received_at", UtcDateTime, nullable=False),
    prefixes=["TEMPORARY"],
)
_AT_ONCE = 500
_T = TypeVar("_T")


def begin(connection: Connection) -> None:
    """Make the tables, empty."""
    _scratch.create_all(connection, checkfirst=False)


def note_sealed(connection: Connection, kind: str, keys: Iterable[str]) -> None:
    """A seal names these rows."""
    insert = insert_for(connection, _sealed_key).on_conflict_do_nothing()
    for some in _in_batches(keys):
        connection.execute(insert, [{"kind": kind, "key": key} for key in some])


def unsealed(connection: Connection, one: Sealed) -> Iterator[tuple[str, Any]]:
    """Key and time (or key again) of every row that no noted seal names."""
    key: ColumnElement[Any] = literal("")
    for number, column in enumerate(one.table.primary_key):
        key = column if number == 0 else key + "|" + column
    named = exists().where(_sealed_key.c.kind == one.table.name, _sealed_key.c.key == key)
    query = select(*one.table.primary_key, one.table.c[one.since].label("since")).where(~named)
    for row in connection.execute(query.execution_options(yield_per=_AT_ONCE)).mappings():
        yield one.key_of(row), row["since"]


def note_receipts(connection: Connection, received: Iterable[tuple[str, datetime]]) -> None:
    """A message of this exam came at that time; the first one counts."""
    insert = insert_for(connection, _exam_receipt)
    kept, come = _exam_receipt.c.first_received_at, insert.excluded.first_received_at
    upsert = insert.on_conflict_do_update(
        index_elements=["exam_id"], set_={"first_received_at": case((kept < come, kept), else_=come)}
    )
    for some in _in_batches(received):
        rows = [{"exam_id": exam_id, "first_received_at": at} for exam_id, at in some]
        connection.execute(upsert, rows)


def unlisted_exams(connection: Connection) -> Iterator[str]:
    """Exams of which a message came and which the list does not have."""
    listed = exists().where(exam.c.exam_id == _exam_receipt.c.exam_id)
    yield from connection.execute(select(_exam_receipt.c.exam_id).where(~listed)).scalars()


def misdated_exams(connection: Connection) -> Iterator[str]:
    """Exams that are said to wait since another moment than that of their first message."""
    query = select(exam.c.exam_id).join(_exam_receipt, _exam_receipt.c.exam_id == exam.c.exam_id)
    differs = exam.c.first_received_at != _exam_receipt.c.first_received_at
    yield from connection.execute(query.where(differs)).scalars()


def _in_batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(items)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
