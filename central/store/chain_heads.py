"""Heads of a terminal's two chains, in its row of `terminal`: what has come up, what is missing there, what goes down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, or_, select, update

from central.store.metadata import UtcDateTime
from central.store.terminals import terminal


@dataclass(frozen=True, slots=True)
class DownLink:
    """The next place in the chain of what goes down to one terminal."""

    terminal_id: str
    org: str
    seq: int
    prev_hash: str


def heads(connection: Connection, terminal_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Highest seq received and its hash, the rows taken for this transaction in one order so that nobody deadlocks."""
    query = select(terminal.c.terminal_id, terminal.c.head_seq, terminal.c.head_hash)
    query = query.where(terminal.c.terminal_id.in_(terminal_ids)).order_by(terminal.c.terminal_id)
    return {row[0]: (row[1], row[2]) for row in connection.execute(query.with_for_update())}


def advance_heads(connection: Connection, moved: Sequence[dict[str, Any]]) -> None:
    """Write new heads, each with keys `terminal`, `seq`, `sha256`. Call with the rows taken by `heads`."""
    if moved:
        connection.execute(
            update(terminal)
            .where(terminal.c.terminal_id == bindparam("terminal"))
            .values(head_seq=bindparam("seq"), head_hash=bindparam("sha256")),
            moved,
        )


def suspect_gap(connection: Connection, terminal_id: str, seq: int, *, now: datetime) -> None:
    """Something from `seq` on is missing or late; `gaps.sweep` finds out what."""
    open_since = func.coalesce(terminal.c.gap_since, literal(now, UtcDateTime()))
    connection.execute(
        update(terminal)
        .where(terminal.c.terminal_id == terminal_id, or_(terminal.c.gap_from.is_(None), terminal.c.gap_from > seq))
        .values(gap_from=seq, gap_since=open_since)
    )


def suspected_gaps(connection: Connection, noticed_before: datetime) -> Sequence[tuple[str, int, int]]:
    """Terminals with a gap suspected since before then: id, first suspected seq, head.

    Rows that another process looks at are left out.
    """
    query = select(terminal.c.terminal_id, terminal.c.gap_from, terminal.c.head_seq)
    query = query.where(terminal.c.gap_from.is_not(None), terminal.c.gap_since <= noticed_before)
    rows = connection.execute(query.order_by(terminal.c.terminal_id).with_for_update(skip_locked=True))
    return [(row[0], row[1], row[2]) for row in rows]


def set_gap_from(connection: Connection, terminal_id: str, seq: int | None) -> None:
    """The first seq that is still missing, or None."""
    values: dict[str, Any] = {"gap_from": seq} | ({"gap_since": None} if seq is None else {})
    connection.execute(update(terminal).where(terminal.c.terminal_id == terminal_id).values(values))


def next_down_link(connection: Connection, terminal_id: str, *, lock: bool = True) -> DownLink:
    """Take the chain of what goes down for this transaction. Raises `LookupError` for an unknown terminal.

    Without `lock` somebody else may take the place meanwhile: look again before it is used.
    """
    query = select(terminal.c.org, terminal.c.down_seq, terminal.c.down_hash).where(
        terminal.c.terminal_id == terminal_id
    )
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise LookupError(f"terminal {terminal_id!r} is not registered")
    return DownLink(terminal_id, row.org, row.down_seq + 1, row.down_hash)


def advance_down(connection: Connection, link: DownLink, sha256: str) -> None:
    """The place is taken by a message with that hash."""
    values = {"down_seq": link.seq, "down_hash": sha256}
    connection.execute(update(terminal).where(terminal.c.terminal_id == link.terminal_id).values(values))
