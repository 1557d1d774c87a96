"""The table of jobs: long work that somebody asked for on a page, how far it is, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Index, Integer, Table, Text, func, select, update

from central.store.metadata import UtcDateTime, metadata

UNFINISHED = ("queued", "running")

job = Table(
    "job",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False, comment="who asked; nobody else sees it"),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, comment="queued, running, done, failed, cancelled, lost, expired"),
    Column("params", JSON, nullable=False),
    Column("rows_total", Integer, comment="empty until counted"),
    Column("rows_done", Integer, nullable=False),
    Column("result", JSON, nullable=False, comment="counts and codes; never names or values"),
    Column("file_name", Text, nullable=False, comment="under which the result is downloaded; empty without a file"),
    Column("runner", Text, nullable=False, comment="the process that runs it"),
    Column("cancel_asked", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, comment="last sign of life of the runner"),
    Column("finished_at", UtcDateTime),
    Column("expires_at", UtcDateTime, nullable=False, comment="when its files are deleted"),
    Index("ix_job_state_created_at", "state", "created_at"),
    Index("ix_job_account_id_created_at", "account_id", "created_at"),
)


@dataclass(frozen=True, slots=True)
class Job:
    """One job."""

    job_id: str
    account_id: str
    kind: str
    state: str
    params: dict[str, Any]
    rows_total: int | None
    rows_done: int
    result: dict[str, Any]
    file_name: str
    runner: str
    cancel_asked: bool
    created_at: datetime
    seen_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime

    @property
    def unfinished(self) -> bool:
        """Whether it waits or runs."""
        return self.state in UNFINISHED


def add(connection: Connection, values: dict[str, Any]) -> None:
    """Insert a job that waits."""
    defaults = {"state": "queued", "rows_done": 0, "result": {}, "file_name": "", "runner": "", "cancel_asked": False}
    connection.execute(job.insert().values(**(defaults | values)))


def find(connection: Connection, job_id: str) -> Job | None:
    """The job with that id."""
    row = connection.execute(select(job).where(job.c.job_id == job_id)).one_or_none()
    return None if row is None else Job(*row)


def of_account(connection: Connection, account_id: str, kinds: Sequence[str], limit: int = 20) -> list[Job]:
    """The last jobs of an account, newest first."""
    query = select(job).where(job.c.account_id == account_id, job.c.kind.in_(kinds))
    return [Job(*row) for row in connection.execute(query.order_by(job.c.created_at.desc()).limit(limit))]


def count_unfinished(connection: Connection, account_id: str, kinds: Sequence[str]) -> int:
    """How many jobs of an account wait or run."""
    query = select(func.count()).where(
        job.c.account_id == account_id, job.c.kind.in_(kinds), job.c.state.in_(UNFINISHED)
    )
    return int(connection.execute(query).scalar_one())


def next_queued(connection: Connection, kinds: Sequence[str]) -> Job | None:
    """The job that waits longest."""
    query = select(job).where(job.c.state == "queued", job.c.kind.in_(kinds)).order_by(job.c.created_at).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else Job(*row)


def change(connection: Connection, job_id: str, states: Sequence[str], values: dict[str, Any]) -> bool:
    """Change a job that is in one of these states; False when it is not, because somebody was quicker."""
    chosen = (job.c.job_id == job_id, job.c.state.in_(states))
    return connection.execute(update(job).where(*chosen).values(**values)).rowcount == 1


def running(connection: Connection) -> list[Job]:
    """Everything that is said to run."""
    return [Job(*row) for row in connection.execute(select(job).where(job.c.state == "running"))]


def over(connection: Connection, now: datetime) -> list[Job]:
    """Jobs whose files are due to be deleted."""
    query = select(job).where(job.c.expires_at <= now, job.c.state.not_in(["expired", *UNFINISHED]))
    return [Job(*row) for row in connection.execute(query)]
