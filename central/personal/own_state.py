"""What a worker may do today: the state of each of the worker's employments, as gates and employers are told it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from central.core.days import day_of
from central.deciding.admissions import Admission, admissions
from central.deciding.decision_record import Employed
from central.store import decisions, employments, exams
from sync.contract.decision import DecisionRecord


@dataclass(frozen=True, slots=True)
class OwnState:
    """One employment today. `told`: the medic's words to the worker, as they were released; empty where there are none."""

    worker_id: str
    employer_name: str
    org_name: str
    admission: Admission
    told: str


def own_states(connection: Connection, person_id: str, now: datetime) -> list[OwnState]:
    """The state of every employment that holds today; none of one that is over."""
    found = []
    for row in employments.own(connection, person_id):
        if not holds(row, now):
            continue
        for admission in admissions(connection, row["employer_id"], now, row["worker_id"]):
            told = _told(connection, admission.exam_id)
            found.append(OwnState(row["worker_id"], row["employer_name"], row["org_name"], admission, told))
    return found


def holds(row: dict[str, Any], now: datetime) -> bool:
    """Whether an employment holds today."""
    return Employed(row["since"], row["until"], row["archived_at"] is not None).holds_on(day_of(now))


def _told(connection: Connection, exam_id: str | None) -> str:
    row = exams.get(connection, exam_id) if exam_id is not None else None
    given = decisions.find(connection, row["decision_id"]) if row is not None and row["decision_id"] else None
    return DecisionRecord.model_validate_json(given.record).decision.released_text if given is not None else ""
