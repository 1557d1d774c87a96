"""Read-only: how many exams of an employer ended in a span, by kind, state and outcome: what is billed. Owns no table.

The rows are those of the journal: the exams of the organisation and the employer by the moment at which they ended.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from central.store.exams import exam
from central.store.terminals import ROOMS, terminal


@dataclass(frozen=True, slots=True)
class ServiceCount:
    """Exams that have all this in common. `in_rooms`: how many of them a medic recorded in a medical room."""

    exam_type: str
    state: str
    outcome: str | None
    generation: str
    count: int
    in_rooms: int


def counts(connection: Connection, org: str, employer_id: str, since: datetime, until: datetime) -> list[ServiceCount]:
    """Exams that ended from `since` on and before `until`, counted."""
    c = exam.c
    kinds = (c.exam_type, c.state, c.outcome, c.generation)
    in_rooms = func.sum(case((terminal.c.state.in_(ROOMS), 1), else_=0))
    query = (
        select(*kinds, func.count(), in_rooms)
        .outerjoin(terminal, terminal.c.terminal_id == c.terminal_id)
        .where(c.org == org, c.employer_id == employer_id, c.finished_at >= since, c.finished_at < until)
        .group_by(*kinds)
        .order_by(c.exam_type)
    )
    return [ServiceCount(row[0], row[1], row[2], row[3], int(row[4]), int(row[5])) for row in connection.execute(query)]
