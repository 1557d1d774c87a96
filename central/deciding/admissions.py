"""Admissions: the present state of each of an employer's workers, without a single medical value.

For the employer's page, for gates and for other programs. Only a signed decision in force admits, and only until it ends.
An exam after work admits nobody: a worker who has passed one needs another exam before the next shift. A suspended worker does
not work, whatever was decided before. A worker who may not be examined remotely, by the register or by a rule of grounds, never
passes at a terminal and has to be sent to a medic.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, select

from central.core.days import day_of
from central.store import roster_entries
from central.store.decisions import decision
from central.store.exams import exam
from central.store.registry import is_employed, worker
from sync.contract.decision_rules import AFTER_WORK
from sync.contract.roster import RosterWorker

LOOK_BACK = timedelta(hours=24)
State = Literal[
    "admitted",
    "not_admitted",
    "not_identified",
    "referred",
    "waiting",
    "expired",
    "not_examined",
    "in_person",
    "suspended",
]
_STATES: dict[str, State] = {
    "not_admitted": "not_admitted",
    "not_identified": "not_identified",
    "refer": "referred",
    "repeat": "waiting",
}


@dataclass(frozen=True, slots=True)
class Admission:
    """One worker's state. `decided_at` and `valid_until` are empty where there is no decision."""

    worker_id: str
    personnel_number: str
    full_name: str
    state: State
    exam_id: str | None
    exam_type: str | None
    decided_at: datetime | None
    valid_until: datetime | None


def admissions(
    connection: Connection, employer_id: str, now: datetime, worker_id: str | None = None
) -> list[Admission]:
    """The state of every worker whom an employer employs today, by name; of one when `worker_id` is given.

    Whose employment has not begun or is over is not among them, whatever was decided while it held.
    """
    c = worker.c
    columns = (c.worker_id, c.personnel_number, c.full_name, c.status, c.remote_allowed)
    people = select(*columns).where(c.employer_id == employer_id, is_employed(day_of(now)))
    exams = (
        select(
            exam.c.worker_id,
            exam.c.exam_id,
            exam.c.exam_type,
            exam.c.state,
            exam.c.outcome,
            exam.c.decided_at,
            decision.c.valid_until,
        )
        .outerjoin(decision, decision.c.decision_id == exam.c.decision_id)
        .where(exam.c.employer_id == employer_id, exam.c.finished_at >= now - LOOK_BACK, exam.c.state != "unfinished")
        .order_by(exam.c.finished_at.desc(), exam.c.exam_id.desc())
    )
    if worker_id is not None:
        people = people.where(worker.c.worker_id == worker_id)
        exams = exams.where(exam.c.worker_id == worker_id)
    newest: dict[str, Any] = {}
    for row in connection.execute(exams):
        newest.setdefault(row.worker_id, row)
    held = _held_today(connection, employer_id, day_of(now))
    found = []
    for person in connection.execute(people.order_by(c.search_name, c.worker_id)):
        last = newest.get(person.worker_id)
        state: State = "not_examined"
        if last is not None:
            state = _state(last.state, last.outcome, last.exam_type, last.valid_until, now)
        if person.status != "active":
            state = "suspended"
        elif state in {"not_examined", "expired"} and (not person.remote_allowed or person.worker_id in held):
            state = "in_person"
        ends = last.valid_until if last is not None and state != "suspended" else None
        found.append(
            Admission(
                person.worker_id,
                person.personnel_number,
                person.full_name,
                state,
                last.exam_id if last is not None else None,
                last.exam_type if last is not None else None,
                last.decided_at if last is not None else None,
                ends,
            )
        )
    return found


def _held_today(connection: Connection, employer_id: str, today: date) -> set[str]:
    """Workers whom a rule of grounds keeps from terminals today, as terminals are told."""
    bodies = roster_entries.held_bodies(connection, employer_id)
    told = [RosterWorker.model_validate_json(body) for body in bodies]
    return {worker.worker_id for worker in told if worker.hold_on(today) is not None}


def _state(exam_state: str, outcome: str | None, exam_type: str, valid_until: datetime | None, now: datetime) -> State:
    if exam_state == "waiting" or outcome is None:
        return "waiting"
    if outcome == "admitted" and exam_type in AFTER_WORK:
        return "not_examined"
    if outcome == "admitted":
        return "admitted" if valid_until is not None and valid_until > now else "expired"
    return _STATES.get(outcome, "waiting")
