"""The table of processes: which of serve and ingest run, when each was last heard of, and what goes wrong in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, Connection, Table, Text, delete, func, select

from central.store.metadata import UtcDateTime, insert_for, metadata

SILENT_AFTER = timedelta(seconds=60)
"""A process that has said nothing for so long does not run, or cannot reach the store."""
FORGOTTEN_AFTER = timedelta(days=7)

process = Table(
    "process",
    metadata,
    Column("process_id", Text, primary_key=True, comment="kind, host and number of the process"),
    Column("kind", Text, nullable=False, comment="serve, ingest"),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False, comment="last sign of life"),
    Column("troubles", JSON, nullable=False, comment="thread and step of what fails now; kinds and places of errors"),
)


@dataclass(frozen=True, slots=True)
class Process:
    """One process as it last reported itself. Of each of `troubles`: `thread`, `step`, `since`, `error`, `how`."""

    process_id: str
    kind: str
    started_at: datetime
    seen_at: datetime
    troubles: list[dict[str, Any]]


def report(connection: Connection, item: Process) -> None:
    """Say that it runs and how it does; what nobody has heard of for a week is forgotten."""
    values = {name: getattr(item, name) for name in Process.__slots__}
    statement = insert_for(connection, process).values(**values)
    changed = {"seen_at": item.seen_at, "troubles": item.troubles}
    connection.execute(statement.on_conflict_do_update(index_elements=["process_id"], set_=changed))
    connection.execute(delete(process).where(process.c.seen_at < item.seen_at - FORGOTTEN_AFTER))


def running(connection: Connection, now: datetime) -> list[Process]:
    """Those that were heard of just now."""
    query = select(process).where(process.c.seen_at > now - SILENT_AFTER).order_by(process.c.process_id)
    return [Process(*row) for row in connection.execute(query)]


def silent_kinds(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Kinds of which every process is silent, and when the last one was heard of."""
    query = select(process.c.kind, func.max(process.c.seen_at)).group_by(process.c.kind)
    return {kind: at for kind, at in connection.execute(query) if at <= now - SILENT_AFTER}
