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


def states(connection: Connection, employer_ids: Sequence[str], at: Moment, worker_id: str | None = None) -> Subquery:
    """One row for each employment that holds on the day: worker, employer, department, state, and the exam it comes from."""
    c, e = worker.c, exam.c
    newest = (
        select(
            *(e.worker_id, e.exam_id, e.exam_type, e.state, e.outcome, e.decided_at, e.decision_id),
            func.row_number()
            .over(partition_by=e.worker_id, order_by=(e.finished_at.desc(), e.exam_id.desc()))
            .label("place"),
        )
        .where(e.employer_id.in_(employer_ids), e.finished_at >= at.since, e.state != "unfinished")
        .where(*([e.worker_id == worker_id] if worker_id is not None else []))
        .subquery()
    )
    state = _state(connection, newest, at)
    query = (
        select(
            *(c.worker_id, c.employer_id, c.personnel_number, c.full_name, c.search_name, c.department, c.org),
            state.label("state"),
            *(newest.c.exam_id, newest.c.exam_type, newest.c.decided_at),
            case((c.status == "active", decision.c.valid_until)).label("valid_until"),
        )
        .outerjoin(newest, and_(newest.c.worker_id == c.worker_id, newest.c.place == 1))
        .outerjoin(decision, decision.c.decision_id == newest.c.decision_id)
        .where(c.employer_id.in_(employer_ids), is_employed(at.day))
    )
    return (query.where(c.worker_id == worker_id) if worker_id is not None else query).subquery()


def page(
    connection: Connection,
    found: Subquery,
    wanted: AdmissionFilter,
    order: Order = AS_IT_COMES,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """Rows of `states` in that order; by name where none is asked for."""
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
    c = found.c
    if wanted.words:
        people = select(worker.c.worker_id).where(is_meant(connection, wanted.orgs, wanted.words))
        query = query.where(c.worker_id.in_(people))
    if wanted.worker_ids:
        query = query.where(c.worker_id.in_(wanted.worker_ids))
    if wanted.states:
        query = query.where(c.state.in_(wanted.states))
    return query if wanted.department is None else query.where(c.department == wanted.department)


def _state(connection: Connection, newest: Subquery, at: Moment) -> ColumnElement[str]:
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
