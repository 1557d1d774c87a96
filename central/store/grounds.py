"""The table of grounds from other registers: periodic and psychiatric examinations, entries of narcology and the like.

Rows are added, never changed: what a register said on a day stays. The latest of each kind and source holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Date, ForeignKey, Table, Text, select
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.registry import same_person

ground = Table(
    "ground",
    metadata,
    Column("ground_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False),
    Column("kind", Text, nullable=False, comment="periodic, psychiatric, narcology, toxicology, other"),
    Column("at", Date, nullable=False, comment="day of the examination or of the entry"),
    Column("valid_until", Date),
    Column("finding", Text, nullable=False, comment="fit, restricted, unfit, none"),
    Column("blocks_remote", Boolean, nullable=False, comment="the source says: in person only"),
    Column("note", Text, nullable=False),
    Column("source", Text, nullable=False, comment="which register it comes from"),
    Column("sha256", Text, nullable=False, comment="of the row; the same row twice changes nothing"),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("entered_by", Text, comment="account; empty: from the command line"),
    UniqueConstraint("worker_id", "sha256"),
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What another register says about a worker."""

    ground_id: str
    org: str
    worker_id: str
    kind: str
    at: date
    valid_until: date | None
    finding: str
    blocks_remote: bool
    note: str
    source: str
    sha256: str
    entered_at: datetime
    entered_by: str | None


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Insert rows; those that are there already are left alone. Returns how many were new."""
    added = 0
    for row in rows:
        statement = insert_for(connection, ground).values(**row).on_conflict_do_nothing()
        # The count of rows is not told for inserts on PostgreSQL.
        added += connection.execute(statement.returning(ground.c.ground_id)).first() is not None
    return added


def known(connection: Connection, worker_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Worker and hash of every row of these workers."""
    query = select(ground.c.worker_id, ground.c.sha256).where(ground.c.worker_id.in_(worker_ids))
    return {(row.worker_id, row.sha256) for row in connection.execute(query)}


def of_worker(connection: Connection, worker_id: str) -> list[Ground]:
    """Everything that the organisation knows of the person, whichever of its employers sent the person there; newest first."""
    query = select(ground).where(ground.c.worker_id.in_(same_person(worker_id)))
    return [Ground(*row) for row in connection.execute(query.order_by(ground.c.at.desc(), ground.c.entered_at.desc()))]


def latest(rows: Sequence[Ground]) -> list[Ground]:
    """The row of each kind and source that holds: the one with the latest day, and of one day the one entered last."""
    newest: dict[tuple[str, str], Ground] = {}
    for row in sorted(rows, key=lambda item: (item.at, item.entered_at)):
        newest[(row.kind, row.source.lower())] = row
    return sorted(newest.values(), key=lambda item: (item.kind, item.source))
