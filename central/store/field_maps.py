"""The table of field maps: which heading of somebody's file is which field of ours. Rows are added; the newest of a name counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, Row, Table, Text, select

from central.store.metadata import UtcDateTime, metadata
from sync.contract.canonical import new_id

field_map = Table(
    "field_map",
    metadata,
    Column("map_id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="what the file is of: medics, organisations"),
    Column("name", Text, nullable=False),
    Column("fields", JSON, nullable=False, comment="heading: name of the field"),
    Column("account_id", Text, comment="who entered it; empty: from the command line"),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Field maps for files of other systems, whose form changes without us."""


@dataclass(frozen=True, slots=True)
class FieldMap:
    """A named map of one kind of file."""

    kind: str
    name: str
    fields: dict[str, str]


def add(connection: Connection, new: FieldMap, account_id: str | None, now: datetime) -> None:
    """Enter a map, or a newer form of one."""
    values: dict[str, Any] = {"kind": new.kind, "name": new.name, "fields": new.fields}
    own = {"map_id": new_id(), "account_id": account_id, "created_at": now}
    connection.execute(field_map.insert().values(**values, **own))


def find(connection: Connection, map_id: str) -> FieldMap | None:
    """One version by id."""
    row = connection.execute(select(field_map).where(field_map.c.map_id == map_id)).one_or_none()
    return None if row is None else FieldMap(row.kind, row.name, row.fields)


def versions(connection: Connection, kind: str, name: str) -> Sequence[Row[Any]]:
    """Every version of a map that was entered, the newest first."""
    query = select(field_map).where(field_map.c.kind == kind, field_map.c.name == name)
    return connection.execute(query.order_by(field_map.c.map_id.desc())).all()


def of_kind(connection: Connection, kind: str) -> dict[str, FieldMap]:
    """The newest form of each map of that kind, by name."""
    query = select(field_map).where(field_map.c.kind == kind).order_by(field_map.c.map_id)
    return {row.name: FieldMap(row.kind, row.name, row.fields) for row in connection.execute(query)}
