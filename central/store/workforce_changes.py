"""The table of changes of the workforce that an HR department asks for, and what became of them. A working table.

What was done to an entry stands in the sealed history of the registers; a row here says who asked for it and who decided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON, Boolean, Column, Connection, ForeignKey, Index, Integer, Table, Text, select, update

from central.store.metadata import UtcDateTime, metadata

workforce_change = Table(
    "workforce_change",
    metadata,
    Column("change_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("employer_id", ForeignKey("employer.employer_id"), nullable=False),
    Column("worker_id", ForeignKey("worker.worker_id"), comment="whose entry it is about; empty: a new one"),
    Column("kind", Text, nullable=False, comment="add, change, dismiss, transfer"),
    Column("fields", JSON, nullable=False, comment="what was typed, by field"),
    Column("another", Boolean, nullable=False, comment="somebody alike is another person"),
    Column("seen", Integer, nullable=False, comment="how many changes the entry had when it was asked for"),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("asked_by", Text, nullable=False, comment="account"),
    Column("state", Text, nullable=False, comment="waiting, done, refused, withdrawn"),
    Column("decided_at", UtcDateTime),
    Column("decided_by", Text, comment="account; of what took effect at once the one that asked"),
    Column("reason", Text, nullable=False, comment="of a refusal"),
    Index("ix_workforce_change_org_state", "org", "state", "asked_at"),
    Index("ix_workforce_change_employer_id", "employer_id", "asked_at"),
    Index("ix_workforce_change_worker_id", "worker_id"),
)
"""Changes that an HR department asks for."""

Kind = Literal["add", "change", "dismiss", "transfer"]
State = Literal["waiting", "done", "refused", "withdrawn"]


@dataclass(frozen=True, slots=True)
class WorkforceChange:
    """One change."""

    change_id: str
    org: str
    employer_id: str
    worker_id: str | None
    kind: Kind
    fields: Mapping[str, str]
    another: bool
    seen: int
    asked_at: datetime
    asked_by: str
    state: State = "waiting"
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str = ""


def add(connection: Connection, item: WorkforceChange) -> None:
    """Insert."""
    values = {name: getattr(item, name) for name in WorkforceChange.__slots__}
    connection.execute(workforce_change.insert().values(**(values | {"fields": dict(item.fields)})))


def decide(
    connection: Connection,
    change_id: str,
    state: State,
    at: datetime,
    by: str,
    *,
    reason: str = "",
    worker_id: str | None = None,
) -> bool:
    """Bring one that waits to its end; False when somebody else has. `worker_id`: the entry that was made."""
    c = workforce_change.c
    values: dict[str, Any] = {"state": state, "decided_at": at, "decided_by": by, "reason": reason}
    if worker_id is not None:
        values["worker_id"] = worker_id
    done = update(workforce_change).where(c.change_id == change_id, c.state == "waiting").values(**values)
    return connection.execute(done).rowcount == 1


def get(connection: Connection, change_id: str) -> WorkforceChange | None:
    """One by its id."""
    query = select(workforce_change).where(workforce_change.c.change_id == change_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else WorkforceChange(**row)


def waiting(connection: Connection, orgs: Sequence[str], limit: int) -> list[WorkforceChange]:
    """Those of these organisations that nobody has decided on, the oldest first."""
    c = workforce_change.c
    query = select(workforce_change).where(c.org.in_(orgs), c.state == "waiting")
    return [WorkforceChange(**row) for row in connection.execute(query.order_by(c.asked_at).limit(limit)).mappings()]


def decided(connection: Connection, orgs: Sequence[str], limit: int) -> list[WorkforceChange]:
    """The newest of these organisations that somebody has decided on."""
    c = workforce_change.c
    query = select(workforce_change).where(c.org.in_(orgs), c.state != "waiting")
    rows = connection.execute(query.order_by(c.decided_at.desc()).limit(limit)).mappings()
    return [WorkforceChange(**row) for row in rows]


def of_employers(connection: Connection, employer_ids: Sequence[str], limit: int) -> list[WorkforceChange]:
    """The newest of these employers, waiting ones first."""
    c = workforce_change.c
    query = select(workforce_change).where(c.employer_id.in_(employer_ids))
    query = query.order_by((c.state != "waiting"), c.asked_at.desc()).limit(limit)
    return [WorkforceChange(**row) for row in connection.execute(query).mappings()]


def of_worker(connection: Connection, worker_id: str) -> list[WorkforceChange]:
    """Those about one entry, the newest first."""
    c = workforce_change.c
    query = select(workforce_change).where(c.worker_id == worker_id).order_by(c.asked_at.desc())
    return [WorkforceChange(**row) for row in connection.execute(query).mappings()]
