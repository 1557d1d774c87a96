"""The table of deletions: what became of each file that an act of destruction names. Rows are added and never changed.

A row is written before its file goes. `gone`: the file was there and goes; `held`: a hold keeps it, and this act is done with it;
`absent`: it was not there when the act was carried out, and the act explains nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Table, Text, func, select
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, metadata
from central.store.walking import OnBad, stream

RESULTS = ("gone", "held", "absent")
_AT_ONCE = 500
"""So many hashes stand in one question to the store."""

deletion = Table(
    "deletion",
    metadata,
    Column("deletion_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("act_id", ForeignKey("act.act_id"), nullable=False),
    Column("sha256", Text, nullable=False, index=True, comment="the file"),
    Column("exam_id", Text, nullable=False, index=True),
    Column("result", Text, nullable=False, comment="gone, held, absent"),
    Column("hold_id", Text, nullable=False, comment="of what is held: the hold that keeps it; else empty"),
    Column("deleted_at", UtcDateTime, nullable=False),
    UniqueConstraint("act_id", "sha256"),
)
"""What became of the files of acts of destruction."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of one file by one act."""

    deletion_id: str
    org: str
    act_id: str
    sha256: str
    exam_id: str
    result: str
    hold_id: str
    deleted_at: datetime


def add(connection: Connection, items: Sequence[Deletion]) -> None:
    """Insert rows."""
    if items:
        values = [{one.name: getattr(item, one.name) for one in fields(Deletion)} for item in items]
        connection.execute(deletion.insert(), values)


def of_act(connection: Connection, act_id: str) -> list[Deletion]:
    """All rows of one act, in the order of their writing."""
    query = select(deletion).where(deletion.c.act_id == act_id).order_by(deletion.c.deletion_id)
    return [Deletion(**row) for row in connection.execute(query).mappings()]


def counts(connection: Connection, act_ids: Collection[str]) -> Mapping[str, dict[str, int]]:
    """How many rows of each result, by act."""
    found: dict[str, dict[str, int]] = {}
    for some in _parts(act_ids):
        query = (
            select(deletion.c.act_id, deletion.c.result, func.count())
            .where(deletion.c.act_id.in_(some))
            .group_by(deletion.c.act_id, deletion.c.result)
        )
        for act_id, result, count in connection.execute(query):
            found.setdefault(act_id, {})[result] = count
    return found


def gone(connection: Connection) -> dict[str, str]:
    """Act by hash of every file that went by an act."""
    query = select(deletion.c.sha256, deletion.c.act_id).where(deletion.c.result == "gone")
    return {row[0]: row[1] for row in connection.execute(query)}


def acts_of_exam(connection: Connection, exam_id: str) -> dict[str, str]:
    """Act by hash of the files of an exam that went."""
    query = select(deletion.c.sha256, deletion.c.act_id).where(
        deletion.c.exam_id == exam_id, deletion.c.result == "gone"
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def every(connection: Connection, on_bad: OnBad | None = None) -> Iterator[Deletion]:
    """All rows, oldest first, without holding them in memory."""
    for row in stream(connection, select(deletion).order_by(deletion.c.deletion_id), 500, on_bad):
        yield Deletion(**row)


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    known = list(ids)
    return (known[place : place + _AT_ONCE] for place in range(0, len(known), _AT_ONCE))
