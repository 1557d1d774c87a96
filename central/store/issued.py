"""Read-only register of issued papers with the people they are about. Owns no table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, exists, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from central.core.ordering import AS_IT_COMES, Order
from central.store.decisions import decision
from central.store.exams import exam
from central.store.ordering import order_by
from central.store.paper_records import paper_event, paper_record
from central.store.papers import paper
from central.store.registry import employer, worker

ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "number": (paper.c.number,),
    "issued_at": (paper.c.issued_at,),
    "receiver": (worker.c.search_name,),
    "employer": (employer.c.name,),
    "exam_at": (exam.c.finished_at,),
    "medic": (decision.c.medic_name,),
    "prints": (paper.c.prints,),
}
"""What the register may be sorted by."""
STATES = ("unanswered", "answered", "not_handed", "not_taken")
"""What the register may be asked for: without an answer of the other organisation, with one, not handed over yet, refused."""


@dataclass(frozen=True, slots=True)
class IssuedPaper:
    """One line of the register. `record` is the signed record that the paper rests on."""

    paper_id: str
    decision_id: str
    number: int
    year: int
    issued_at: datetime
    prints: int
    exam_id: str
    finished_at: datetime
    worker_name: str | None
    birth_date: date | None
    employer_name: str | None
    medic_name: str
    reasons: list[str]
    record: bytes
    in_force: bool
    """Whether no later correction has taken the place of the decision."""


def years(connection: Connection, orgs: Sequence[str], kind: str) -> list[int]:
    """Years in which papers of that kind were issued, newest first."""
    query = select(paper.c.year).where(paper.c.org.in_(orgs), paper.c.kind == kind).distinct()
    return list(connection.execute(query.order_by(paper.c.year.desc())).scalars())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which papers: of these organisations, this kind and year; of one employer, and in one of `STATES`, when they are said."""

    orgs: Sequence[str]
    kind: str
    year: int
    employer_id: str = ""
    state: str = ""
    reason_class: str = ""
    """Of certificates: what the medic chose as their reason, a code of the book `paper_choices`."""
    paper_id: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on a question that joins papers and exams."""
        found = [paper.c.org.in_(self.orgs), paper.c.kind == self.kind]
        if self.paper_id:
            return [*found, paper.c.paper_id == self.paper_id]
        found.append(paper.c.year == self.year)
        if self.employer_id:
            found.append(exam.c.employer_id == self.employer_id)
        if self.reason_class:
            found.append(_written_for(self.reason_class))
        if self.state == "answered":
            found.append(_became("answered"))
        elif self.state == "unanswered":
            found.append(~_became("answered"))
        elif self.state == "not_handed":
            found.append(~_became("handed", "not_taken"))
        elif self.state == "not_taken":
            found.append(_became("not_taken"))
        return found


class _hexed(FunctionElement[str]):  # called as a function of SQL
    """Bytes as hexadecimal text: there both stores find a part of them."""

    type = Text()
    inherit_cache = True


@compiles(_hexed, "sqlite")
def _hexed_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"lower(hex({compiler.process(element.clauses, **options)}))"


@compiles(_hexed, "postgresql")
def _hexed_postgres(element: Any, compiler: Any, **options: Any) -> str:
    return f"encode({compiler.process(element.clauses, **options)}, 'hex')"


def _written_for(reason_class: str) -> ColumnElement[bool]:
    """The record that nobody has corrected names that reason. In canonical JSON a text cannot look like these signs."""
    named = f'"reason":[{{"code":"{reason_class}",'.encode().hex()
    later = paper_record.alias("later")
    c = paper_record.c
    return exists().where(
        c.decision_id == paper.c.decision_id,
        c.kind == paper.c.kind,
        _hexed(c.record).contains(named),
        ~exists().where(later.c.corrects == c.record_id),
    )


def _became(*kinds: str) -> ColumnElement[bool]:
    return exists().where(paper_event.c.paper_id == paper.c.paper_id, paper_event.c.kind.in_(kinds))


def count(connection: Connection, wanted: Wanted) -> int:
    """How many papers there are of those that are wanted."""
    query = select(func.count()).select_from(paper).join(exam, exam.c.exam_id == paper.c.exam_id)
    return int(connection.execute(query.where(*wanted.conditions())).scalar_one())


def issued(
    connection: Connection, wanted: Wanted, limit: int | None = None, order: Order = AS_IT_COMES
) -> Iterator[IssuedPaper]:
    """The wanted papers, newest first, or by a column of `ORDERS`."""
    query = (
        select(
            paper.c.paper_id,
            paper.c.decision_id,
            paper.c.number,
            paper.c.year,
            paper.c.issued_at,
            paper.c.prints,
            paper.c.exam_id,
            exam.c.finished_at,
            worker.c.full_name,
            worker.c.birth_date,
            employer.c.name,
            decision.c.medic_name,
            decision.c.reasons,
            decision.c.record,
            exam.c.decision_id == paper.c.decision_id,
        )
        .join(exam, exam.c.exam_id == paper.c.exam_id)
        .join(decision, decision.c.decision_id == paper.c.decision_id)
        .outerjoin(worker, worker.c.worker_id == exam.c.worker_id)
        .outerjoin(employer, employer.c.employer_id == exam.c.employer_id)
        .where(*wanted.conditions())
        .order_by(*order_by(order, ORDERS, (paper.c.issued_at.desc(), paper.c.number.desc())))
    )
    rows: Iterable[Any] = connection.execution_options(yield_per=200).execute(
        query if limit is None else query.limit(limit)
    )
    return (IssuedPaper(*row) for row in rows)
