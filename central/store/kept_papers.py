"""Read-only register of conclusions: issued papers that are kept in copies, with their exams and workers. Owns no table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, select

from central.core.ordering import AS_IT_COMES, Order
from central.store.copies import copy, state_now
from central.store.copy_terms import lacks
from central.store.decisions import decision
from central.store.exams import exam
from central.store.ordering import order_by
from central.store.papers import paper
from central.store.registry import employer, worker

KEPT_KINDS = ("refusal", "sobriety", "conclusion")
"""Papers that are kept. A mark is stuck to a waybill: nobody keeps it."""
ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "number": (paper.c.year, paper.c.number),
    "kind": (paper.c.kind,),
    "issued_at": (paper.c.issued_at,),
    "worker": (worker.c.search_name,),
    "outcome": (decision.c.outcome,),
}
"""What the register may be sorted by."""


@dataclass(frozen=True, slots=True)
class KeptPaper:
    """One line of the register."""

    paper_id: str
    org: str
    kind: str
    number: int
    year: int
    code: str
    issued_at: datetime
    exam_id: str
    decision_id: str
    worker_name: str | None
    employer_name: str | None
    outcome: str
    in_force: bool
    """Whether no later correction has taken the place of the decision."""


@dataclass(frozen=True, slots=True)
class KeptFilter:
    """Which papers: of these organisations; of one kind, and issued between two moments, where they are said."""

    orgs: Sequence[str]
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    paper_id: str = ""
    copy_state: str = ""
    """With a copy in that state."""
    lacking: Mapping[str, Mapping[str, Mapping[str, int]]] | None = None
    """Those of decisions in force that lack a copy of the norm: counts by organisation, kind and role."""


def listed(
    connection: Connection, wanted: KeptFilter, limit: int | None = None, order: Order = AS_IT_COMES
) -> list[KeptPaper]:
    """The wanted papers, the newest first, or by a column of `ORDERS`."""
    query = _joined(
        select(
            paper.c.paper_id,
            paper.c.org,
            paper.c.kind,
            paper.c.number,
            paper.c.year,
            paper.c.code,
            paper.c.issued_at,
            paper.c.exam_id,
            paper.c.decision_id,
            worker.c.full_name,
            employer.c.name,
            decision.c.outcome,
            exam.c.decision_id == paper.c.decision_id,
        ).outerjoin(decision, decision.c.decision_id == paper.c.decision_id),
        wanted,
    )
    query = query.order_by(*order_by(order, ORDERS, (paper.c.issued_at.desc(), paper.c.paper_id.desc())))
    return [KeptPaper(*row) for row in connection.execute(query if limit is None else query.limit(limit))]


def count(connection: Connection, wanted: KeptFilter) -> int:
    """How many papers there are of those that are wanted."""
    return int(connection.execute(_joined(select(func.count()).select_from(paper), wanted)).scalar_one())


def _joined(query: Select[Any], wanted: KeptFilter) -> Select[Any]:
    c = paper.c
    query = (
        query.join(exam, exam.c.exam_id == c.exam_id)
        .outerjoin(worker, worker.c.worker_id == exam.c.worker_id)
        .outerjoin(employer, employer.c.employer_id == exam.c.employer_id)
        .where(c.org.in_(wanted.orgs), c.kind.in_((wanted.kind,) if wanted.kind else KEPT_KINDS))
    )
    if wanted.paper_id:
        query = query.where(c.paper_id == wanted.paper_id)
    if wanted.copy_state:
        there = select(copy.c.copy_id).where(copy.c.paper_id == c.paper_id, state_now == wanted.copy_state)
        query = query.where(there.correlate(paper).exists())
    if wanted.lacking is not None:
        short = [
            and_(c.org == org, found) for org, counts in wanted.lacking.items() if (found := lacks(counts)) is not None
        ]
        query = query.where(exam.c.decision_id == c.decision_id, or_(false(), *short))
    if wanted.since is not None:
        query = query.where(c.issued_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(c.issued_at < wanted.until)
    return query
