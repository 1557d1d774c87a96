"""The journal of examinations: read-only, filtered, page by page from one place to the next. Owns no table.

Pages go on after the last row seen (moment and id) and never count from the beginning, so that page 20,000 is as quick as
the first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from central.store import journal_facts
from central.store.decisions import decision
from central.store.exams import exam
from central.store.journal_facts import FactNarrowing, fact_narrowings
from central.store.journal_lead import COUNTED_TO, Narrowing, conditions, count, leading, narrowings, of_period
from central.store.journal_lead import JournalFilter as JournalFilter
from central.store.registry import employer, organisation, worker
from central.store.terminals import terminal
from central.store.worker_search import is_meant


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One exam with everything that the journal's columns are made of."""

    exam_id: str
    org: str
    org_name: str
    exam_type: str
    state: str
    end_reason: str
    started_at: datetime
    finished_at: datetime
    outcome: str | None
    has_deviation: bool
    payload: dict[str, Any]
    terminal_name: str | None
    terminal_place: str | None
    worker: dict[str, Any] | None
    employer_name: str | None
    record: bytes | None
    cms: bytes | None
    certificate_serial: str | None
    decision_id: str | None
    decided_at: datetime | None


Place = tuple[datetime, str]
FEW_PEOPLE = 200
"""Up to so many the journal goes from person to person; beyond, from exam to exam."""


def page(
    connection: Connection, wanted: JournalFilter, after: Place | None, limit: int, *, oldest_first: bool = False
) -> list[JournalRow]:
    """The next rows, newest first unless the oldest are wanted first, after that place."""
    places: list[Place] = []
    # One organisation at a time: an index can give the rows of one in order, and those of several only sorted anew.
    for org in wanted.orgs:
        chosen = _chosen(connection, wanted, org)
        if chosen is None:
            continue
        query, at, by_id = chosen
        if after is not None:
            moment, last = after
            # The first condition alone lets the index find the place; the second only sorts out equal moments.
            if oldest_first:
                query = query.where(at >= moment, or_(at > moment, by_id > last))
            else:
                query = query.where(at <= moment, or_(at < moment, by_id < last))
        order = (at.asc(), by_id.asc()) if oldest_first else (at.desc(), by_id.desc())
        found: Any = connection.execute(query.order_by(*order).limit(limit))
        places += [(row[0], row[1]) for row in found]
    return rows_of(connection, [exam_id for _, exam_id in sorted(places, reverse=not oldest_first)[:limit]])


def rows_of(connection: Connection, ids: Sequence[str]) -> list[JournalRow]:
    """These exams with all that belongs to them, in this order."""
    # Only now: the rows are large, and most of what was looked at is not shown.
    rows = {item.exam_id: _row(item) for item in connection.execute(_listing().where(exam.c.exam_id.in_(ids)))}
    return [rows[exam_id] for exam_id in ids if exam_id in rows]


def every(connection: Connection, wanted: JournalFilter, batch: int = 500) -> Iterator[JournalRow]:
    """All rows, read in batches: memory does not grow with their number."""
    after: Place | None = None
    while rows := page(connection, wanted, after, batch):
        yield from rows
        after = (rows[-1].finished_at, rows[-1].exam_id)


def is_counted_quickly(wanted: JournalFilter) -> bool:
    """Whether an index alone can count the rows: no more than one filter beside organisation and period."""
    by_facts = bool(fact_narrowings(wanted)) or bool(wanted.paper_number)
    return not by_facts and not wanted.person and not wanted.worker_ids and len(narrowings(wanted, None)) < 2


def count_up_to(connection: Connection, wanted: JournalFilter, most: int) -> int:
    """How many rows there are, counted no further than `most`."""
    found = 0
    for org in wanted.orgs:
        chosen = _chosen(connection, wanted, org)
        if chosen is not None and found < most:
            inner = chosen[0].limit(most - found).subquery()
            found += int(connection.execute(select(func.count()).select_from(inner)).scalar_one())
    return found


Chosen = tuple[Select[Any], ColumnElement[Any], ColumnElement[Any]]
"""Moments and ids of exams, and the columns that say them."""


def _chosen(connection: Connection, wanted: JournalFilter, org: str) -> Chosen | None:
    """The exams of one organisation that are wanted, by the filter that leaves the fewest; None when it can be nobody."""
    workers = _people(connection, wanted, org)
    papers = _papers(connection, wanted, org)
    if (workers is not None and not workers) or (papers is not None and not papers):
        return None
    few = workers if workers is not None and len(workers) <= FEW_PEOPLE else None
    offered, facts = narrowings(wanted, few), fact_narrowings(wanted)
    moment: ColumnElement[Any] = exam.c.finished_at
    exam_id: ColumnElement[Any] = exam.c.exam_id
    if papers is not None:
        query: Select[Any] = select(moment, exam_id).where(exam_id.in_(papers), *of_period(wanted, moment))
        asked = conditions(connection, wanted, org, offered, None, led_elsewhere=True)
    else:
        leading_fact = _leading_fact(connection, wanted, org, offered, facts)
        if leading_fact is not None:
            item, found = leading_fact
            query, moment, exam_id = journal_facts.led_by(connection, wanted, org, item, found)
            facts = [one for one in facts if one is not item]
            asked = conditions(connection, wanted, org, offered, None, led_elsewhere=True)
        else:
            query = select(moment, exam_id)
            lead = leading(connection, wanted, org, offered)
            asked = conditions(connection, wanted, org, offered, lead)
    asked += [journal_facts.looked_up(item) for item in facts]
    if workers is not None and few is None:
        asked.append(exam.c.worker_id.in_(_named(connection, wanted, org)))
    return query.where(*asked), moment, exam_id


def _leading_fact(
    connection: Connection,
    wanted: JournalFilter,
    org: str,
    offered: Sequence[Narrowing],
    facts: Sequence[FactNarrowing],
) -> tuple[FactNarrowing, int] | None:
    """The fact that leads, with its count; None when another filter leaves fewer exams."""
    if not facts:
        return None
    counts = [(journal_facts.count(connection, wanted, org, item), item) for item in facts]
    found, item = min(counts, key=lambda pair: pair[0])
    if not offered:
        return item, found
    if connection.dialect.name == "sqlite":
        return (item, found) if found <= min(count(connection, wanted, org, one) for one in offered) else None
    return (item, found) if found < COUNTED_TO else None


def _papers(connection: Connection, wanted: JournalFilter, org: str) -> Sequence[str] | None:
    """The exams of that paper; None when none is asked for."""
    if not wanted.paper_number:
        return None
    number, _, year = wanted.paper_number.partition("/")
    return journal_facts.of_papers(connection, org, int(number), int(year) if year else None)


def _people(connection: Connection, wanted: JournalFilter, org: str) -> list[str] | None:
    """Who is meant, no more than one beyond `FEW_PEOPLE`; None when no person is asked for."""
    if not wanted.person:
        return list(wanted.worker_ids) or None
    return list(connection.execute(_named(connection, wanted, org).limit(FEW_PEOPLE + 1)).scalars())


def _named(connection: Connection, wanted: JournalFilter, org: str) -> Select[str]:
    named = select(worker.c.worker_id).where(is_meant(connection, (org,), wanted.person))
    return named.where(worker.c.worker_id.in_(wanted.worker_ids)) if wanted.worker_ids else named


def _listing() -> Select[Any]:
    people = [worker.c[name].label(f"worker_{name}") for name in _WORKER]
    return (
        select(
            exam,
            organisation.c.name.label("org_name"),
            terminal.c.name.label("terminal_name"),
            terminal.c.place.label("terminal_place"),
            employer.c.name.label("employer_name"),
            decision.c.record,
            decision.c.cms,
            decision.c.certificate_serial,
            *people,
        )
        .outerjoin(organisation, organisation.c.org == exam.c.org)
        .outerjoin(terminal, terminal.c.terminal_id == exam.c.terminal_id)
        .outerjoin(worker, worker.c.worker_id == exam.c.worker_id)
        .outerjoin(employer, employer.c.employer_id == exam.c.employer_id)
        .outerjoin(decision, decision.c.decision_id == exam.c.decision_id)
    )


_WORKER: Sequence[str] = ("worker_id", "full_name", "personnel_number", "sex", "birth_date", "position")


def _row(row: Any) -> JournalRow:
    person = {name: getattr(row, f"worker_{name}") for name in _WORKER}
    return JournalRow(
        exam_id=row.exam_id,
        org=row.org,
        org_name=row.org_name or row.org,
        exam_type=row.exam_type,
        state=row.state,
        end_reason=row.end_reason,
        started_at=row.started_at,
        finished_at=row.finished_at,
        outcome=row.outcome,
        has_deviation=row.has_deviation,
        payload=row.payload,
        terminal_name=row.terminal_name,
        terminal_place=row.terminal_place,
        worker=person if person["worker_id"] else None,
        employer_name=row.employer_name,
        record=row.record,
        cms=row.cms,
        certificate_serial=row.certificate_serial,
        decision_id=row.decision_id,
        decided_at=row.decided_at,
    )
