"""The table of answers to calls with an `Idempotency-Key`: the same call again gets the same answer. A working table."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, Connection, Integer, Table, Text, delete, select

from central.store.metadata import UtcDateTime, metadata

KEPT = timedelta(days=1)

api_answer = Table(
    "api_answer",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column(
        "request_sha256",
        Text,
        nullable=False,
        comment="of method, address and body: another call with this key is refused",
    ),
    Column("status", Integer, nullable=False),
    Column("body", JSON, nullable=False, comment="ids, codes and counts; no name and no number of a worker"),
    Column("etag", Text),
    Column("at", UtcDateTime, nullable=False, index=True),
)
"""Answers of the last day, by key of the program."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer."""

    request_sha256: str
    status: int
    body: dict[str, Any]
    etag: str | None


def find(connection: Connection, key_id: str, idempotency_key: str, now: datetime) -> KeptAnswer | None:
    """What this call was answered within the last day."""
    c = api_answer.c
    query = select(c.request_sha256, c.status, c.body, c.etag)
    row = connection.execute(
        query.where(c.key_id == key_id, c.idempotency_key == idempotency_key, c.at > now - KEPT)
    ).one_or_none()
    return None if row is None else KeptAnswer(*row)


def keep(connection: Connection, key_id: str, idempotency_key: str, answer: KeptAnswer, at: datetime) -> None:
    """Keep an answer, and forget those that are older than a day."""
    connection.execute(delete(api_answer).where(api_answer.c.at <= at - KEPT))
    values = {name: getattr(answer, name) for name in KeptAnswer.__slots__}
    connection.execute(api_answer.insert().values(key_id=key_id, idempotency_key=idempotency_key, at=at, **values))
