"""Admissions: the present state of each of an employer's workers, without a single medical value.

For the employer's pages, for gates and for other programs. Only a signed decision in force admits, and only until it ends.
An exam after work admits nobody: a worker who has passed one needs another exam before the next shift. A suspended worker does
not work, whatever was decided before. A worker who may not be examined remotely, by the register or by a rule of grounds, never
passes at a terminal and has to be sent to a medic.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row

from central.core.days import day_of
from central.core.ordering import AS_IT_COMES, Order
from central.store import admission_rows, roster_entries
from central.store.admission_rows import AdmissionFilter, Moment
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
STATES: tuple[State, ...] = (
    "admitted",
    "not_examined",
    "waiting",
    "not_admitted",
    "not_identified",
    "referred",
    "expired",
    "in_person",
    "suspended",
)
"""In the order in which pages show them."""


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
    department: str = ""
    employer_id: str = ""


@dataclass(frozen=True, slots=True)
class AdmissionPage:
    """Some of an employer's admissions, and how many there are in all."""

    rows: list[Admission]
    counts: Mapping[State, int]
    """Of everybody in the chosen department."""
    departments: Mapping[str, Mapping[State, int]]
    """Of everybody, department by department; empty: those of none."""
    matching: int
    """How many rows the filter finds, on all pages."""


def admissions(
    connection: Connection, employer_id: str, now: datetime, worker_id: str | None = None
) -> list[Admission]:
    """The state of every worker whom an employer employs today, by name; of one when `worker_id` is given.

    Whose employment has not begun or is over is not among them, whatever was decided while it held.
    """
    at = _moment(connection, [employer_id], now, worker_id)
    wanted = AdmissionFilter(worker_ids=[worker_id] if worker_id is not None else [])
    limit = 1 if worker_id is not None else None
    return [_admission(row) for row in admission_rows.page(connection, [employer_id], at, wanted, limit=limit)]


def admission_page(
    connection: Connection,
    employer_ids: Sequence[str],
    now: datetime,
    wanted: AdmissionFilter,
    order: Order = AS_IT_COMES,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> AdmissionPage:
    """One page of the states of these employers' workers, made by the store: 20,000 workers are counted and never drawn."""
    at = _moment(connection, employer_ids, now)
    rows = admission_rows.page(connection, employer_ids, at, wanted, order, limit=limit, offset=offset)
    found = admission_rows.states(connection, employer_ids, at)
    departments: dict[str, dict[State, int]] = {}
    counts: dict[State, int] = dict.fromkeys(STATES, 0)
    for row in admission_rows.counted(connection, found, AdmissionFilter()):
        departments.setdefault(row.department, {})[row.state] = row.people
        if wanted.department in (None, row.department):
            counts[row.state] += row.people
    if wanted.words or wanted.worker_ids:
        matching = sum(row.people for row in admission_rows.counted(connection, found, wanted))
    else:
        matching = sum(count for state, count in counts.items() if not wanted.states or state in wanted.states)
    return AdmissionPage([_admission(row) for row in rows], counts, departments, matching)


def _moment(connection: Connection, employer_ids: Sequence[str], now: datetime, worker_id: str | None = None) -> Moment:
    today = day_of(now)
    held = _held_today(connection, employer_ids, today, worker_id)
    return Moment(now, today, now - LOOK_BACK, sorted(AFTER_WORK), held)


def _held_today(connection: Connection, employer_ids: Sequence[str], today: date, worker_id: str | None) -> list[str]:
    """Workers whom a rule of grounds keeps from terminals today, as terminals are told."""
    bodies = roster_entries.held_bodies(connection, employer_ids, worker_id)
    told = [RosterWorker.model_validate_json(body) for body in bodies]
    return [worker.worker_id for worker in told if worker.hold_on(today) is not None]


def _admission(row: Row[Any]) -> Admission:
    return Admission(
        worker_id=row.worker_id,
        personnel_number=row.personnel_number,
        full_name=row.full_name,
        state=row.state,
        exam_id=row.exam_id,
        exam_type=row.exam_type,
        decided_at=row.decided_at,
        valid_until=row.valid_until,
        department=row.department,
        employer_id=row.employer_id,
    )
