"""Tells terminals of exams that wait there: that a medic was called, and their place in the queue. No term: nobody knows one.

Only terminals with an exam for which somebody was rung are told, and only what has changed since.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Engine

from central.link.outgoing import Outgoing
from central.store import rings
from central.store.engine import reading, writing
from sync.contract.called import MOST_CALLED, QUEUE, CalledExam, CalledExams
from sync.contract.model import utc_text
from sync.contract.roster import REFERENCE_SCHEMA, Reference


class CalledLists:
    """What each terminal was told last is known to this process alone: a restarted centre tells them once more."""

    def __init__(self, engine: Engine, outgoing: Outgoing, clock: Callable[[], datetime]) -> None:
        self._engine, self._outgoing, self._clock = engine, outgoing, clock
        self._told: dict[str, tuple[CalledExam, ...]] = {}

    def look(self) -> int:
        """Queue what terminals lack; returns how many lists."""
        now = self._clock()
        with reading(self._engine) as connection:
            wanted = called_of(connection, now)
        for terminal_id in self._told.keys() - wanted.keys():
            wanted[terminal_id] = ()
        count = 0
        for terminal_id, exams in wanted.items():
            if self._told.get(terminal_id) == exams:
                continue
            content = CalledExams(as_of=now, exams=exams)
            reference = Reference(name=QUEUE, version=utc_text(now), content=content.model_dump(mode="json"))
            payload = reference.model_dump(mode="json")
            with writing(self._engine) as connection:
                self._outgoing.queue(connection, terminal_id, "reference", REFERENCE_SCHEMA, payload)
            self._told[terminal_id] = exams
            count += 1
        self._told = {terminal_id: exams for terminal_id, exams in self._told.items() if exams}
        return count


def called_of(connection: Connection, now: datetime) -> dict[str, tuple[CalledExam, ...]]:
    """By terminal: its waiting exams for which somebody is called, or was called and has them open. Empty: nobody is any more."""
    waiting = rings.waiting(connection, now)
    rung: defaultdict[str, list[bool]] = defaultdict(list)
    for one in rings.of_messages(connection, [item.exam_message_id for item in waiting]):
        rung[one.exam_message_id].append(one.stopped_at is None)
    numbers: defaultdict[str, int] = defaultdict(int)
    found: defaultdict[str, list[CalledExam]] = defaultdict(list)
    for item in waiting:
        numbers[item.org] += 1
        if item.in_room or not (rings_of := rung[item.exam_message_id]):
            continue
        of_terminal = found[item.terminal_id]
        if (any(rings_of) or item.is_open) and len(of_terminal) < MOST_CALLED:
            called = CalledExam(exam_id=item.exam_id, number=numbers[item.org], is_open=item.is_open)
            of_terminal.append(called)
    return {terminal_id: tuple(exams) for terminal_id, exams in found.items()}
