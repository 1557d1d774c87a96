"""Outcomes of an employer's examinations, page by page, without payloads. Read only; owns no table."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from central.store.exams import exam
from central.store.registry import worker


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One outcome; `place` says where the next page begins."""

    exam_id: str
    personnel_number: str | None
    exam_type: str
    finished_at: datetime
    outcome: Any
    decided_at: datetime | None

    @property
    def place(self) -> str:
        """Moment and id of this row."""
        return f"{self.finished_at.isoformat()}~{self.exam_id}"


def page(
    connection: Connection, employer_id: str, since: datetime, until: datetime, after: str, limit: int
) -> list[OutcomeRow]:
    """Rows in [`since`, `until`) after that place, oldest first. A place that cannot be read begins at the beginning."""
    query = (
        select(
            exam.c.exam_id,
            worker.c.personnel_number,
            exam.c.exam_type,
            exam.c.finished_at,
            exam.c.outcome,
            exam.c.state,
            exam.c.decided_at,
        )
        .outerjoin(worker, worker.c.worker_id == exam.c.worker_id)
        .where(exam.c.employer_id == employer_id, exam.c.finished_at >= since, exam.c.finished_at < until)
        .order_by(exam.c.finished_at, exam.c.exam_id)
        .limit(limit)
    )
    moment, _, exam_id = after.partition("~")
    try:
        at = datetime.fromisoformat(moment).astimezone(UTC) if exam_id and "\x00" not in exam_id else None
    except (ValueError, OverflowError):
        at = None
    if at is not None:
        query = query.where(exam.c.finished_at >= at, or_(exam.c.finished_at > at, exam.c.exam_id > exam_id))
    return [
        OutcomeRow(
            row.exam_id,
            row.personnel_number,
            row.exam_type,
            row.finished_at,
            row.outcome if row.state == "decided" else row.state,
            row.decided_at if row.state == "decided" else None,
        )
        for row in connection.execute(query)
    ]
