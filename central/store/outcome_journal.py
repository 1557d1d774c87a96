"""The examinations of an employer's workers in some days, as the employer learns of them. Read only; owns no table.

No payload, no finding, no reason is read here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from central.store.decisions import decision
from central.store.exams import exam
from central.store.registry import worker


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """One examination."""

    exam_id: str
    employer_id: str
    finished_at: datetime
    exam_type: str
    state: str
    outcome: str | None
    valid_until: datetime | None
    personnel_number: str | None
    full_name: str | None
    department: str | None


def lines(
    connection: Connection,
    employer_ids: Sequence[str],
    since: datetime,
    until: datetime,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[OutcomeLine]:
    """Those that ended in [`since`, `until`), the newest first."""
    e, w = exam.c, worker.c
    query: Select[Any] = (
        select(
            *(e.exam_id, e.employer_id, e.finished_at, e.exam_type, e.state, e.outcome, decision.c.valid_until),
            *(w.personnel_number, w.full_name, w.department),
        )
        .outerjoin(worker, w.worker_id == e.worker_id)
        .outerjoin(decision, decision.c.decision_id == e.decision_id)
        .where(*_chosen(employer_ids, since, until))
        .order_by(e.finished_at.desc(), e.exam_id.desc())
    )
    return [OutcomeLine(*row) for row in connection.execute(query.limit(limit).offset(offset))]


def count(connection: Connection, employer_ids: Sequence[str], since: datetime, until: datetime) -> int:
    """How many `lines` finds."""
    query = select(func.count()).select_from(exam).where(*_chosen(employer_ids, since, until))
    return int(connection.execute(query).scalar_one())


def _chosen(employer_ids: Sequence[str], since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    e = exam.c
    return (e.employer_id.in_(employer_ids), e.finished_at >= since, e.finished_at < until)
