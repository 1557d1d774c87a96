"""The table of lists of staff that were fetched from personnel systems: a working table, the newest row of a system counts."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, Index, Table, Text, delete, select, update

from central.store.metadata import UtcDateTime, metadata
from sync.contract.canonical import new_id

MOST_KEPT = 50
"""Of one system."""

staff_fetch = Table(
    "staff_fetch",
    metadata,
    Column("fetch_id", Text, primary_key=True),
    Column("system_id", Text, nullable=False),
    Column("org", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False, comment="wanted, same, asks, accepted, applied, faults, failed"),
    Column("sha256", Text, nullable=False, comment="of the rows; empty: none came"),
    Column("difference", JSON, nullable=False, comment="counts, personnel numbers, ids of who leaves"),
    Column("faults", JSON, nullable=False, comment="row, column and code of each; no value of a cell"),
    Column("code", Text, nullable=False, comment="why it failed; empty: it did not"),
    Column("accepted_by", Text, comment="account that took the difference over"),
    Index("ix_staff_fetch_system_id_fetch_id", "system_id", "fetch_id"),
)
"""Lists of staff that were fetched from personnel systems, and what became of each."""


@dataclass(frozen=True, slots=True)
class StaffFetch:
    """One list. `wanted`: somebody asked for it, and it has not been fetched yet."""

    fetch_id: str
    system_id: str
    org: str
    at: datetime
    state: str
    sha256: str = ""
    difference: dict[str, Any] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)
    code: str = ""
    accepted_by: str | None = None


def newest(connection: Connection, system_id: str) -> StaffFetch | None:
    """The newest of a system."""
    c = staff_fetch.c
    query = select(staff_fetch).where(c.system_id == system_id).order_by(c.fetch_id.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else StaffFetch(**row)


def add(connection: Connection, item: StaffFetch) -> None:
    """Add one, and let the oldest go."""
    connection.execute(staff_fetch.insert().values(**{one.name: getattr(item, one.name) for one in fields(StaffFetch)}))
    c = staff_fetch.c
    kept = select(c.fetch_id).where(c.system_id == item.system_id).order_by(c.fetch_id.desc()).limit(MOST_KEPT)
    connection.execute(delete(staff_fetch).where(c.system_id == item.system_id, c.fetch_id.not_in(kept)))


def want(connection: Connection, system_id: str, org: str, now: datetime) -> None:
    """Ask for the list now."""
    add(connection, StaffFetch(new_id(), system_id, org, now, "wanted"))


def accept(connection: Connection, fetch_id: str, system_id: str, account_id: str) -> bool:
    """Take the difference over that was shown; False where it is not the newest, or does not ask."""
    found = newest(connection, system_id)
    if found is None or found.fetch_id != fetch_id or found.state != "asks":
        return False
    changed = connection.execute(
        update(staff_fetch)
        .where(staff_fetch.c.fetch_id == fetch_id, staff_fetch.c.state == "asks")
        .values(state="accepted", accepted_by=account_id)
    )
    return changed.rowcount == 1


def look_again(connection: Connection, fetch_id: str, now: datetime) -> None:
    """The same list came again, and still waits for somebody."""
    connection.execute(update(staff_fetch).where(staff_fetch.c.fetch_id == fetch_id).values(at=now))
