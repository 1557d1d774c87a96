"""The table of planned shifts: who has to have passed which examination by when, as the employer says. A working table.

What somebody withdraws stays with its moment, so that a plan that was there when somebody came late is still found.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Index,
    Row,
    Select,
    Subquery,
    Table,
    Text,
    and_,
    case,
    func,
    select,
    update,
)
from sqlalchemy.schema import UniqueConstraint

from central.store.exams import exam
from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.registry import worker

shift_plan = Table(
    "shift_plan",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("employer_id", ForeignKey("employer.employer_id"), nullable=False),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False),
    Column("day", Date, nullable=False, comment="of the shift, by the clock of whoever planned it"),
    Column("begin_at", UtcDateTime, nullable=False, comment="by when the examination has to be passed"),
    Column("exam_type", Text, nullable=False),
    Column("counts_from", UtcDateTime, nullable=False, comment="examinations from here on count for this shift"),
    Column("counts_until", UtcDateTime, nullable=False, comment="and up to here: who came late has come"),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("entered_by", Text, nullable=False, comment="account, or key of a program"),
    Column("withdrawn_at", UtcDateTime, comment="when somebody took it back; empty: it holds"),
    UniqueConstraint("worker_id", "begin_at", "exam_type"),
    Index("ix_shift_plan_employer_id_day", "employer_id", "day"),
    Index("ix_shift_plan_begin_at", "begin_at"),
)
"""Shifts as the employer plans them."""

BEFORE, AFTER = timedelta(hours=12), timedelta(hours=12)
"""An examination of that kind counts for a shift within these times of its beginning."""
LATE = "late"


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """One row."""

    plan_id: str
    org: str
    employer_id: str
    worker_id: str
    day: date
    begin_at: datetime
    exam_type: str


def put(connection: Connection, item: PlannedShift, at: datetime, by: str) -> None:
    """Insert; one that is there already is the same plan, and holds again if it was withdrawn."""
    values = {name: getattr(item, name) for name in PlannedShift.__slots__}
    around = {"counts_from": item.begin_at - BEFORE, "counts_until": item.begin_at + AFTER}
    statement = insert_for(connection, shift_plan).values(**values, **around, entered_at=at, entered_by=by)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["worker_id", "begin_at", "exam_type"], set_={"withdrawn_at": None, "day": item.day}
        )
    )


def withdraw(connection: Connection, plan_id: str, employer_ids: Collection[str], at: datetime) -> bool:
    """Take one back; False when it is not theirs or was taken back before."""
    c = shift_plan.c
    own = (c.plan_id == plan_id, c.employer_id.in_(employer_ids), c.withdrawn_at.is_(None))
    return connection.execute(update(shift_plan).where(*own).values(withdrawn_at=at)).rowcount == 1


def of_days(employer_ids: Sequence[str], since: date, until: date, now: datetime) -> Subquery:
    """The shifts of these days (both included) that hold, each with its worker and how far the worker has got."""
    c = shift_plan.c
    return _seen(now).where(c.employer_id.in_(employer_ids), c.day >= since, c.day <= until).subquery()


def page(
    connection: Connection, found: Subquery, states: Sequence[str] = (), *, limit: int | None = None, offset: int = 0
) -> Sequence[Row[Any]]:
    """Rows of `of_days`, by the beginning of the shift and the name."""
    c = found.c
    query = select(found).where(*_of_states(found, states)).order_by(c.begin_at, c.search_name, c.plan_id)
    return connection.execute(query.limit(limit).offset(offset)).all()


def counted(connection: Connection, found: Subquery) -> dict[str, int]:
    """How many shifts are in each state."""
    query = select(found.c.state, func.count()).group_by(found.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def late(connection: Connection, now: datetime) -> Sequence[Row[Any]]:
    """Shifts that have begun without the examination, as long as one would still count."""
    c = shift_plan.c
    found = _seen(now).where(c.begin_at <= now, c.counts_until > now).subquery()
    return connection.execute(select(found).where(found.c.state == LATE).order_by(found.c.begin_at)).all()


def _of_states(found: Subquery, states: Sequence[str]) -> list[ColumnElement[bool]]:
    return [found.c.state.in_(states)] if states else []


def _seen(now: datetime) -> Select[Any]:
    c, w, e = shift_plan.c, worker.c, exam.c
    newest = (
        select(e.exam_id)
        .where(
            e.worker_id == c.worker_id,
            e.exam_type == c.exam_type,
            e.state != "unfinished",
            e.finished_at >= c.counts_from,
            e.finished_at <= c.counts_until,
        )
        .order_by(e.finished_at.desc(), e.exam_id.desc())
        .limit(1)
        .correlate(shift_plan)
        .scalar_subquery()
    )
    is_gone = (w.archived_at.is_not(None)) | (w.until.is_not(None) & (w.until < c.day))
    state = case(
        (e.exam_id.is_not(None), "came"),
        (is_gone, "dismissed"),
        (w.status != "active", "suspended"),
        (c.begin_at <= now, LATE),
        else_="expected",
    )
    return (
        select(
            *(c.plan_id, c.org, c.employer_id, c.worker_id, c.day, c.begin_at, c.exam_type),
            *(w.personnel_number, w.full_name, w.search_name, w.department, w.remote_allowed),
            *(e.exam_id, e.state.label("exam_state"), e.outcome, e.finished_at),
            state.label("state"),
        )
        .join(worker, w.worker_id == c.worker_id)
        .outerjoin(exam, and_(e.exam_id == newest))
        .where(c.withdrawn_at.is_(None))
    )
