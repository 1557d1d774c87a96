"""What surrounds an exam while a medic looks at it: how long it has waited, whether its terminal can be reached, whether the
moments in it can be believed, whether the terminal is the worker's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from central.store.exams import exam
from central.store.messages import message
from central.store.terminal_employers import is_of_another
from central.store.terminals import terminal
from central.store.worklist import ListedExam, WaitingExam

LATE_COMER = timedelta(minutes=5)
"""An exam that took longer than this from its end to the centre is shown as one that came late."""


@dataclass(frozen=True, slots=True)
class Waited:
    """Whole seconds since the first record of the exam reached the centre, and since its repeat did, None where it is none.

    A worker who was asked to repeat a measurement keeps their place: the rest is part of the waiting time.
    """

    since_first_s: int
    since_repeat_s: int | None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """`waited` is None when the exam does not wait."""

    waited: Waited | None
    terminal_offline: bool
    clock_trusted: bool
    came_late: bool
    of_another_employer: bool
    """The terminal is bound to employers, and the worker's is none of them."""


def circumstances(connection: Connection, item: ListedExam, message_id: str, now: datetime) -> Circumstances:
    """Of the exam's current revision."""
    link = connection.execute(select(terminal.c.link).where(terminal.c.terminal_id == item.terminal_id)).scalar()
    trusted = connection.execute(select(message.c.clock_trusted).where(message.c.message_id == message_id)).scalar()
    c = exam.c
    foreign = connection.execute(
        select(is_of_another(c.terminal_id, c.employer_id)).where(c.exam_id == item.exam_id)
    ).scalar()
    return Circumstances(
        waited=waited_of(item, now) if item.state == "waiting" else None,
        terminal_offline=link == "offline",
        clock_trusted=trusted is not False,
        came_late=travelled(item.finished_at, item.received_at) is not None,
        of_another_employer=bool(foreign),
    )


def waited_of(item: ListedExam | WaitingExam, now: datetime) -> Waited:
    """How long this exam waits."""
    repeat_s = _seconds(item.received_at, now) if item.revision > 1 else None
    return Waited(_seconds(item.first_received_at, now), repeat_s)


def _seconds(since: datetime, now: datetime) -> int:
    """Whole ones, none where the centre's clock was set back meanwhile."""
    return max(0, int((now - since).total_seconds()))


def travelled(finished_at: datetime, received_at: datetime) -> timedelta | None:
    """How long the exam was on its way, when that was long: the worker has waited by so much longer than the queue has."""
    took = received_at - finished_at
    return took if took > LATE_COMER else None
