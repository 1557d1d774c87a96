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
        came_late=came_late(item),
    )


def came_late(item: ListedExam) -> bool:
    """Whether the exam was long over when the centre got it: the worker has waited longer than the queue has."""
    return item.received_at - item.finished_at > LATE_COMER
