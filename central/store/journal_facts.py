"""Filters of the journal by facts of an exam: which of them is used first, and how the others are applied. Owns no table.

A fact that few exams have leads by its own index; a quantity whose range many exams are in is walked in the journal's order, where
numbers stand beside the moments; beside another filter that leaves fewer, a fact is only looked up for each exam.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, func, literal, select

from central.store.exam_facts import QUANTITIES, YES, exam_fact
from central.store.exams import exam
from central.store.journal_lead import COUNTED_TO, JournalFilter, of_period, unindexed
from central.store.papers import paper

_EQUAL = ("reason", "reason_class", "complaint", "device_serial", "certificate_serial", "identified_by")
_YES = ("override", "corrected")
_MOST_PAPERS = 1000


@dataclass(frozen=True, slots=True)
class FactNarrowing:
    """One fact that is asked for: this value, or a quantity in this range (both ends inside, None is open)."""

    kind: str
    value: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def is_range(self) -> bool:
        """Whether a quantity is meant."""
        return self.kind in QUANTITIES

    def holds(self, fact: FromClause, *, by_number: bool = True) -> ColumnElement[bool]:
        """What a row of the table must meet. Without `by_number` no index by the number is used (SQLite)."""
        asked: list[ColumnElement[bool]] = [fact.c.kind == self.kind]
        if not self.is_range:
            return and_(*asked, fact.c.value == self.value, fact.c.number.is_(None))
        number = fact.c.number if by_number else unindexed(fact.c.number)
        asked.append(fact.c.number.is_not(None))
        if self.low is not None:
            asked.append(number >= self.low)
        if self.high is not None:
            asked.append(number <= self.high)
        return and_(*asked)


def fact_narrowings(wanted: JournalFilter) -> list[FactNarrowing]:
    """The facts that are asked for."""
    found = [FactNarrowing(kind, value) for kind in _EQUAL if (value := getattr(wanted, kind))]
    found += [FactNarrowing(kind, YES) for kind in _YES if getattr(wanted, kind)]
    if wanted.quantity in QUANTITIES:
        found.append(FactNarrowing(wanted.quantity, low=wanted.low, high=wanted.high))
    return found


def looked_up(item: FactNarrowing) -> ColumnElement[bool]:
    """The fact as a condition on an exam, looked up for each exam by itself."""
    fact = exam_fact.alias(f"of_{item.kind}")
    # No EXISTS: PostgreSQL would turn it into a join and read all exams that have the fact.
    one = select(literal(1)).select_from(fact).where(fact.c.exam_id == exam.c.exam_id, item.holds(fact)).limit(1)
    return one.correlate(exam).scalar_subquery().is_not(None)


def count(connection: Connection, wanted: JournalFilter, org: str, item: FactNarrowing) -> int:
    """How many rows have the fact, no more than `COUNTED_TO`: of a value within the period, of a quantity ever."""
    fact = exam_fact
    asked = [fact.c.org == org, item.holds(fact)]
    if not item.is_range:
        asked += of_period(wanted, fact.c.finished_at)
    rows = select(literal(1).label("one")).select_from(fact).where(*asked).limit(COUNTED_TO).subquery()
    return int(connection.execute(select(func.count()).select_from(rows)).scalar_one())


def led_by(
    connection: Connection, wanted: JournalFilter, org: str, item: FactNarrowing, found: int
) -> tuple[Select[Any], ColumnElement[Any], ColumnElement[Any]]:
    """The exams that have the fact: moment and id, with the columns that say them. `found`: as `count` said."""
    fact = exam_fact.alias("leading")
    if item.is_range and found < COUNTED_TO:
        if connection.dialect.name != "sqlite":
            return _in_order(wanted, org, item)
        few = select(fact.c.exam_id).where(fact.c.org == org, item.holds(fact))
        query = select(exam.c.finished_at, exam.c.exam_id).where(exam.c.exam_id.in_(few))
        return query.where(*of_period(wanted, unindexed(exam.c.finished_at))), exam.c.finished_at, exam.c.exam_id
    moment, exam_id = fact.c.finished_at, fact.c.exam_id
    query = select(moment, exam_id).select_from(fact).join(exam, exam.c.exam_id == exam_id)
    by_number = connection.dialect.name != "sqlite"
    query = query.where(fact.c.org == org, item.holds(fact, by_number=by_number), *of_period(wanted, moment))
    # Several attempts of one exam may be in the range.
    return (query.distinct() if item.is_range else query), moment, exam_id


def _in_order(
    wanted: JournalFilter, org: str, item: FactNarrowing
) -> tuple[Select[Any], ColumnElement[Any], ColumnElement[Any]]:
    """The exams with a quantity in a range, for PostgreSQL. The facts say moments themselves and are taken together first: only the
    exams of one page are looked up. Asked for as a condition on exams, it walks the exams and looks up the fact of each."""
    fact = exam_fact.alias("of_range")
    inside = select(fact.c.finished_at, fact.c.exam_id).where(
        fact.c.org == org, item.holds(fact), *of_period(wanted, fact.c.finished_at)
    )
    newest_first = (fact.c.finished_at.desc(), fact.c.exam_id.desc())
    # An offset keeps the order: without it the planner sorts what it has joined.
    found = inside.distinct().order_by(*newest_first).offset(0).subquery("leading")
    query = select(found.c.finished_at, found.c.exam_id).join(exam, exam.c.exam_id == found.c.exam_id)
    return query, found.c.finished_at, found.c.exam_id


def of_papers(connection: Connection, org: str, number: int, year: int | None) -> Sequence[str]:
    """The exams on which papers of that number were issued, of whatever kind; of that year, or of all."""
    asked = [paper.c.org == org, paper.c.number == number]
    if year is not None:
        asked.append(paper.c.year == year)
    query = select(paper.c.exam_id).where(*asked).distinct().limit(_MOST_PAPERS)
    return connection.execute(query).scalars().all()
