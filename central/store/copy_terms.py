"""Read-only counts of copies by the norm and by day. Owns no table."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from central.core.copy_rules import GONE
from central.store.copies import copy, state_now
from central.store.exams import exam
from central.store.papers import paper


def any_before(connection: Connection, org: str, day: date) -> bool:
    """Whether the organisation had copies before that day began."""
    moment = datetime.combine(day, datetime.min.time()).astimezone()
    query = select(copy.c.copy_id).where(copy.c.org == org, copy.c.made_at < moment).limit(1)
    return connection.execute(query).first() is not None


def beyond_norm(connection: Connection, org: str, since: datetime, until: datetime) -> int:
    """How many copies were made beyond the norm between two moments."""
    c = copy.c
    query = select(func.count()).where(c.org == org, c.ground != "", c.made_at >= since, c.made_at < until)
    return int(connection.execute(query).scalar_one())


def lacking(
    connection: Connection, org: str, counts: Mapping[str, Mapping[str, int]], since: datetime, until: datetime
) -> int:
    """How many papers of decisions in force, issued between two moments, lack a copy of the norm. `counts`: by kind and role."""
    condition = lacks(counts)
    if condition is None:
        return 0
    query = select(func.count()).select_from(paper).join(exam, exam.c.exam_id == paper.c.exam_id)
    query = query.where(
        paper.c.org == org,
        paper.c.issued_at >= since,
        paper.c.issued_at < until,
        exam.c.decision_id == paper.c.decision_id,
        condition,
    )
    return int(connection.execute(query).scalar_one())


def lacks(counts: Mapping[str, Mapping[str, int]]) -> ColumnElement[bool] | None:
    """Whether a row of `paper` lacks a copy of the norm; None where there is no norm. Copies of all its records count."""
    found = [
        and_(paper.c.kind == kind, _made(role) < count)
        for kind, roles in counts.items()
        for role, count in roles.items()
    ]
    return or_(*found) if found else None


def _made(role: str) -> ColumnElement[int]:
    return (
        select(func.count())
        .select_from(copy)
        .where(copy.c.paper_id == paper.c.paper_id, copy.c.role == role, state_now.not_in(sorted(GONE)))
        .correlate(paper)
        .scalar_subquery()
    )
