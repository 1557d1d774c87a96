"""The state of each employment of an employer at a moment, made by the store and read page by page. Owns no table.

The rule that these expressions say is in the words of `central.deciding.admissions`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.core.ordering import AS_IT_COMES, Order
from central.store.decisions import decision
from central.store.exams import exam
from central.store.ordering import order_by
from central.store.registry import is_employed, worker
from central.store.worker_search import is_meant

_AT_ONCE = 500
_OF_WORKERS: Mapping[str, Sequence[ColumnElement[Any]]] = {
    "personnel_number": (func.length(worker.c.personnel_number), worker.c.personnel_number),
    "full_name": (worker.c.search_name,),
    "department": (worker.c.department,),
}
"""Orders that need no state."""
_SAID = {"not_admitted": "not_admitted", "not_identified": "not_identified", "refer": "referred"}
"""Outcomes that are a state of their own; of any other the worker waits."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When, and what about that moment the store cannot say by itself."""

    now: datetime
    day: date
    since: datetime
    """Older exams say nothing any more."""
    after_work: Collection[str]
    """Types of exam that admit nobody."""
    held: Sequence[str]
    """Workers whom a rule of grounds keeps from terminals on that day."""


@dataclass(frozen=True, slots=True)
class AdmissionFilter:
    """Whose states are meant. Empty: everybody's."""

    words: str = ""
    """Beginning of a name, or a personnel number."""
    orgs: Sequence[str] = ()
    """With `words`: the organisations of these employers."""
    worker_ids: Sequence[str] = ()
    states: Sequence[str] = ()
    department: str | None = None


def states(
    connection: Connection, employer_ids: Sequence[str], at: Moment, worker_ids: Sequence[str] | None = None
) -> Subquery:
    """One row for each employment that holds on the day: worker, employer, department, state, and the exam it comes from.

    `worker_ids`: of these alone, at most some hundreds.
    """
    c, newest = worker.c, exam.alias("newest")
    e = exam.c
    # Found by the index of one worker's exams. A join with the newest of everybody has no index, and takes the square of them.
    newest_id = (
        select(e.exam_id)
        .where(e.worker_id == c.worker_id, e.employer_id == c.employer_id)
        .where(e.finished_at >= at.since, e.state != "unfinished")
        .order_by(e.finished_at.desc(), e.exam_id.desc())
        .limit(1)
        .correlate(worker)
        .scalar_subquery()
    )
    state = _state(connection, newest, at)
    query = (
        select(
            *(c.worker_id, c.employer_id, c.personnel_number, c.full_name, c.search_name, c.department, c.org),
            state.label("state"),
            *(newest.c.exam_id, newest.c.exam_type, newest.c.decided_at),
            case((c.status == "active", decision.c.valid_until)).label("valid_until"),
        )
        .select_from(worker)
        .outerjoin(newest, newest.c.exam_id == newest_id)
        .outerjoin(decision, decision.c.decision_id == newest.c.decision_id)
        .where(c.employer_id.in_(employer_ids), is_employed(at.day))
    )
    return (query.where(c.worker_id.in_(worker_ids)) if worker_ids is not None else query).subquery()


def page(
    connection: Connection,
    employer_ids: Sequence[str],
    at: Moment,
    wanted: AdmissionFilter,
    order: Order = AS_IT_COMES,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """Rows of `states` in that order; by name where none is asked for."""
    usual = (worker.c.search_name, worker.c.worker_id)
    if not wanted.states and limit is not None and limit <= _AT_ONCE and order.column in {"", *_OF_WORKERS}:
        # The state of nobody else is needed to know who stands on this page.
        people = select(worker.c.worker_id).where(worker.c.employer_id.in_(employer_ids), is_employed(at.day))
        people = _narrowed(connection, people, worker.c, wanted).order_by(*order_by(order, _OF_WORKERS, usual))
        ids = list(connection.execute(people.limit(limit).offset(offset)).scalars())
        rows = connection.execute(select(states(connection, employer_ids, at, ids))).all()
        return sorted(rows, key=lambda row: ids.index(row.worker_id))
    found = states(connection, employer_ids, at)
    c = found.c
    orders: Mapping[str, Sequence[ColumnElement[Any]]] = {
        "personnel_number": (func.length(c.personnel_number), c.personnel_number),
        "full_name": (c.search_name,),
        **{name: (c[name],) for name in ("state", "exam_type", "decided_at", "valid_until", "department")},
    }
    query = _chosen(connection, select(found), found, wanted)
    query = query.order_by(*order_by(order, orders, (c.search_name, c.worker_id)))
    return connection.execute(query.limit(limit).offset(offset)).all()


def counted(connection: Connection, found: Subquery, wanted: AdmissionFilter) -> Sequence[Row[Any]]:
    """How many employments stand in each state, department by department."""
    c = found.c
    query = select(c.department, c.state, func.count().label("people")).group_by(c.department, c.state)
    return connection.execute(_chosen(connection, query, found, wanted).order_by(c.department)).all()


def among(connection: Connection, column: ColumnElement[Any], ids: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column is one of these ids, however many: they travel as one parameter."""
    listed = literal(json.dumps(list(ids)), Text)
    if connection.dialect.name == "sqlite":
        return column.in_(select(func.json_each(listed).table_valued("value").c.value))
    return column.in_(select(func.jsonb_array_elements_text(cast(listed, JSONB)).column_valued("one")))


def _chosen(connection: Connection, query: Select[Any], found: Subquery, wanted: AdmissionFilter) -> Select[Any]:
    query = _narrowed(connection, query, found.c, wanted)
    return query.where(found.c.state.in_(wanted.states)) if wanted.states else query


def _narrowed(connection: Connection, query: Select[Any], c: Any, wanted: AdmissionFilter) -> Select[Any]:
    if wanted.words:
        people = select(worker.c.worker_id).where(is_meant(connection, wanted.orgs, wanted.words)).correlate(None)
        query = query.where(c.worker_id.in_(people))
    if wanted.worker_ids:
        query = query.where(c.worker_id.in_(wanted.worker_ids))
    return query if wanted.department is None else query.where(c.department == wanted.department)


def _state(connection: Connection, newest: FromClause, at: Moment) -> ColumnElement[str]:
    e = newest.c
    has_passed = and_(e.outcome == "admitted", e.exam_type.not_in(at.after_work))
    holds = and_(has_passed, decision.c.valid_until > at.now)
    # Who was not examined, or whose admission has ended, has to come: to a terminal, or to a medic.
    has_to_come = or_(
        e.exam_id.is_(None), and_(e.state != "waiting", e.outcome == "admitted", not_(func.coalesce(holds, False)))
    )
    sent = or_(worker.c.remote_allowed.is_(False), among(connection, worker.c.worker_id, at.held))
    return case(
        (worker.c.status != "active", "suspended"),
        (and_(has_to_come, sent), "in_person"),
        (e.exam_id.is_(None), "not_examined"),
        (or_(e.state == "waiting", e.outcome.is_(None)), "waiting"),
        (holds, "admitted"),
        (has_passed, "expired"),
        (e.outcome == "admitted", "not_examined"),
        *((e.outcome == outcome, state) for outcome, state in _SAID.items()),
        else_="waiting",
    )
