"""What surrounds an exam while a medic looks at it: how long it has waited, whether its terminal can be reached, whether the
moments in it can be believed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from central.store.messages import message
from central.store.terminals import terminal
from central.store.worklist import ListedExam

LATE_COMER = timedelta(minutes=5)
"""An exam that took longer than this from its end to the centre is shown as one that came late."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """`waiting_s`: since the centre has it, in seconds; None when it does not wait."""

    waiting_s: int | None
    terminal_offline: bool
    clock_trusted: bool
    came_late: bool


def circumstances(connection: Connection, item: ListedExam, message_id: str, now: datetime) -> Circumstances:
    """Of the exam's current revision."""
    link = connection.execute(select(terminal.c.link).where(terminal.c.terminal_id == item.terminal_id)).scalar()
    trusted = connection.execute(select(message.c.clock_trusted).where(message.c.message_id == message_id)).scalar()
    return Circumstances(
        waiting_s=max(0, int((now - item.received_at).total_seconds())) if item.state == "waiting" else None,
        terminal_offline=link == "offline",
        clock_trusted=trusted is not False,
        came_late=travelled(item.finished_at, item.received_at) is not None,
    )


def travelled(finished_at: datetime, received_at: datetime) -> timedelta | None:
    """How long the exam was on its way, when that was long: the worker has waited by so much longer than the queue has."""
    took = received_at - finished_at
    return took if took > LATE_COMER else None
