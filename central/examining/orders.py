"""Measurements prepared for the terminal in a room: ordered, called off, and taken into the exam once the terminal has answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping

from central.examining.content import RoomContent
from central.examining.typed_values import Fault, Rests
from central.link.outgoing import Outgoing
from central.store import room_orders
from central.store.rooms import RoomDraft
from sync.contract.canonical import new_id
from sync.contract.order import ORDER_SCHEMA, MeasuredReport, MeasurementOrder

STEPS = ("temperature", "pressure", "breath")
"""What a terminal measures by an order."""


@dataclass(frozen=True, slots=True)
class OrderedStep:
    """What became of the newest order of a step. `state`: `waits`, `unanswered`, or the outcome that the terminal told."""

    order_id: str
    step: str
    state: str
    ends_at: datetime
    answered_at: datetime | None


def newest(connection: Connection, draft: RoomDraft, now: datetime) -> dict[str, OrderedStep]:
    """The newest order of each step of an exam."""
    return {row["step"]: _shown(row, now) for row in room_orders.of_draft(connection, draft.draft_id)}


def prepare_fault(
    connection: Connection, draft: RoomDraft, step: str, content: RoomContent, rests: Rests, now: datetime
) -> Fault | None:
    """Why nothing can be prepared now: no terminal stands in the room, it is away, another order waits, the rest is not over."""
    terminal = room_orders.terminal_in(connection, draft.room_id)
    if terminal is None or terminal["state"] != "enrolled":
        return Fault("no_terminal")
    if terminal["link"] != "online":
        return Fault("terminal_away")
    if any(one.state == "waits" for one in newest(connection, draft, now).values()):
        return Fault("order_waits")
    taken = content.taken(step)
    if len(taken) > rests.most_repeats:
        return Fault("too_often", {"most": rests.most_repeats})
    ready_at = taken[-1].at + timedelta(minutes=rests.minutes.get(step, 0)) if taken else now
    return Fault("too_soon", {"minutes": -(-(ready_at - now) // timedelta(minutes=1))}) if ready_at > now else None


def prepare(
    connection: Connection,
    outgoing: Outgoing,
    draft: RoomDraft,
    step: str,
    content: RoomContent,
    valid: timedelta,
    now: datetime,
) -> None:
    """Send an order to the terminal in the room. Check `prepare_fault` first; wake the dispatcher after the commit."""
    terminal = room_orders.terminal_in(connection, draft.room_id)
    if terminal is None:
        return
    order = MeasurementOrder.model_validate(
        {
            "order_id": new_id(),
            "step": step,
            "attempt": content.next_attempt(step),
            "valid_s": valid.total_seconds(),
        }
    )
    terminal_id = terminal["terminal_id"]
    outgoing.queue(connection, terminal_id, "order", ORDER_SCHEMA, order.model_dump(mode="json"))
    room_orders.add(
        connection,
        order_id=order.order_id,
        draft_id=draft.draft_id,
        terminal_id=terminal_id,
        step=step,
        prepared_at=now,
        ends_at=now + valid,
    )


def call_off(connection: Connection, outgoing: Outgoing, draft: RoomDraft, now: datetime) -> None:
    """Tell the terminal that nothing is to be measured any more for this exam; what it has answered by then counts."""
    for row in room_orders.of_draft(connection, draft.draft_id):
        if row["state"] == "prepared" and row["ends_at"] > now:
            order = MeasurementOrder.model_validate(
                {"order_id": row["order_id"], "step": row["step"], "attempt": 1, "valid_s": 1, "cancelled": True}
            )
            outgoing.queue(connection, row["terminal_id"], "order", ORDER_SCHEMA, order.model_dump(mode="json"))
            room_orders.end(connection, row["order_id"], now)


def absorbed(connection: Connection, draft: RoomDraft, content: RoomContent) -> RoomContent:
    """The content with everything that the terminal has answered since; marks those answers as taken.

    In the caller's transaction, together with the change of the draft that keeps the content.
    """
    rows = [row for row in room_orders.of_draft(connection, draft.draft_id) if row["state"] == "answered"]
    room_orders.mark_taken(connection, [row["order_id"] for row in rows])
    return with_answers(content, rows)


def with_answers(content: RoomContent, rows: Sequence[RowMapping] | Sequence[Mapping[str, Any]]) -> RoomContent:
    """The content with these answers. Pure."""
    for row in rows:
        report = MeasuredReport.model_validate(row["report"])
        terminals = tuple(dict.fromkeys((*content.terminals, row["terminal_id"])))
        if report.measurement is not None:
            content = content.model_copy(
                update={"measurements": (*content.measurements, report.measurement), "terminals": terminals}
            )
        if report.failure is not None:
            content = content.model_copy(
                update={"failures": (*content.failures, report.failure), "terminals": terminals}
            )
    return content


def _shown(row: RowMapping, now: datetime) -> OrderedStep:
    waits = "waits" if row["ends_at"] > now else "unanswered"
    state = waits if row["report"] is None else str(row["report"]["outcome"])
    return OrderedStep(row["order_id"], row["step"], state, row["ends_at"], row["answered_at"])
