"""Table of personal limits: each with author, basis and term; a withdrawn one stays."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, Date, ForeignKey, RowMapping, Table, Text, select, update

from central.store.metadata import UtcDateTime, metadata
from central.store.registry import same_person
from central.store.workers import worker_org
from sync.contract.canonical import new_id

worker_limit = Table(
    "worker_limit",
    metadata,
    Column("limit_id", Text, primary_key=True),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False, index=True),
    Column("entry", JSON, nullable=False, comment="entry of the limits file with source worker"),
    Column("author", Text, nullable=False, comment="the medic who set it"),
    Column("basis", Text, nullable=False),
    Column("valid_until", Date),
    Column("created_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
)


def add_worker_limit(
    connection: Connection,
    worker_id: str,
    entry: dict[str, Any],
    *,
    author: str,
    basis: str,
    valid_until: date | None,
    now: datetime,
) -> str:
    """Insert a personal limit; returns its id."""
    limit_id = new_id()
    connection.execute(
        worker_limit.insert().values(
            limit_id=limit_id,
            worker_id=worker_id,
            entry=entry,
            author=author,
            basis=basis,
            valid_until=valid_until,
            created_at=now,
        )
    )
    return limit_id


def withdraw_worker_limit(connection: Connection, limit_id: str, *, now: datetime) -> tuple[str, str]:
    """End a personal limit; returns the worker's organisation and the worker. Raises `LookupError`."""
    chosen = worker_limit.c.limit_id == limit_id
    worker_id = connection.execute(select(worker_limit.c.worker_id).where(chosen)).scalar_one_or_none()
    if worker_id is None:
        raise LookupError("no such limit")
    connection.execute(update(worker_limit).where(chosen).values(withdrawn_at=now))
    return worker_org(connection, worker_id), worker_id


def worker_limits(connection: Connection, worker_id: str) -> Sequence[RowMapping]:
    """All personal limits of the person in the worker's organisation, also ended ones, newest first."""
    query = select(worker_limit).where(worker_limit.c.worker_id.in_(same_person(worker_id)))
    return connection.execute(query.order_by(worker_limit.c.created_at.desc())).mappings().all()
