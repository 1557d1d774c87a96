"""Measurements that medics prepare for the terminal in a room, what became of them, and which terminal stands in which room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, ForeignKey, RowMapping, Table, Text, delete, select, update

from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.terminals import terminal
from sync.contract.order import MeasuredReport

room_terminal = Table(
    "room_terminal",
    metadata,
    Column("room_id", ForeignKey("terminal.terminal_id"), primary_key=True),
    Column(
        "terminal_id",
        ForeignKey("terminal.terminal_id"),
        nullable=False,
        comment="stands in the room and measures for it",
    ),
)
"""Terminals that stand in medical rooms."""

room_order = Table(
    "room_order",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("draft_id", Text, nullable=False, index=True, comment="of the exam that it was prepared for"),
    Column("terminal_id", ForeignKey("terminal.terminal_id"), nullable=False),
    Column("step", Text, nullable=False),
    Column("state", Text, nullable=False, comment="prepared, answered, or taken into the exam"),
    Column("prepared_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, comment="nobody may begin it afterwards"),
    Column("report", JSON, comment="sync.contract.order.MeasuredReport"),
    Column("answered_at", UtcDateTime),
)
"""Prepared measurements and the answers to them."""


def terminal_in(connection: Connection, room_id: str) -> RowMapping | None:
    """The terminal that stands in a room; None where none does."""
    query = select(terminal).join(room_terminal, room_terminal.c.terminal_id == terminal.c.terminal_id)
    return connection.execute(query.where(room_terminal.c.room_id == room_id)).mappings().one_or_none()


def put_terminal(connection: Connection, room_id: str, terminal_id: str | None) -> None:
    """Say which terminal stands in a room, or that none does."""
    if terminal_id is None:
        connection.execute(delete(room_terminal).where(room_terminal.c.room_id == room_id))
        return
    insert = insert_for(connection, room_terminal).values(room_id=room_id, terminal_id=terminal_id)
    connection.execute(
        insert.on_conflict_do_update(index_elements=["room_id"], set_={"terminal_id": insert.excluded.terminal_id})
    )


def add(connection: Connection, **values: Any) -> None:
    """Note a prepared measurement, field by field as in the table."""
    connection.execute(room_order.insert().values(state="prepared", **values))


def of_draft(connection: Connection, draft_id: str) -> Sequence[RowMapping]:
    """Everything that was prepared for an exam, the oldest first."""
    query = select(room_order).where(room_order.c.draft_id == draft_id)
    return connection.execute(query.order_by(room_order.c.prepared_at, room_order.c.order_id)).mappings().all()


def note_report(connection: Connection, terminal_id: str, report: MeasuredReport, *, now: datetime) -> bool:
    """Keep a terminal's answer; False when it answers nothing that this terminal was asked and has not answered yet."""
    chosen = (
        room_order.c.order_id == report.order_id,
        room_order.c.terminal_id == terminal_id,
        room_order.c.state == "prepared",
    )
    values = {"state": "answered", "report": report.model_dump(mode="json"), "answered_at": now}
    return connection.execute(update(room_order).where(*chosen).values(**values)).rowcount == 1


def end(connection: Connection, order_id: str, now: datetime) -> None:
    """From now on an order waits for nobody; what the terminal answers still counts."""
    connection.execute(update(room_order).where(room_order.c.order_id == order_id).values(ends_at=now))


def mark_taken(connection: Connection, order_ids: Sequence[str]) -> None:
    """These answers stand in the exam now."""
    if order_ids:
        connection.execute(update(room_order).where(room_order.c.order_id.in_(order_ids)).values(state="taken"))
