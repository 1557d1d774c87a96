"""The journal of examinations: read-only, filtered, page by page from one place to the next. Owns no table.

Pages go on after the last row seen (moment and id) and never count from the beginning, so that page 20,000 is as quick as
the first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from central.store.decisions import decision
from central.store.exams import exam
from central.store.registry import employer, organisation, worker
from central.store.terminals import terminal


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """What is asked for. Empty fields do not restrict."""

    orgs: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    employer_id: str = ""
    terminal_id: str = ""
    exam_type: str = ""
    outcome: str = ""
    person: str = ""
    """Beginning of a name, or a personnel number."""
    medic_id: str = ""
    deviation: bool = False
    unfinished: bool = False
    """Unfinished exams stand apart: either they or the others."""


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
    certificate_serial: str | None
    decision_id: str | None


Place = tuple[datetime, str]


def page(connection: Connection, wanted: JournalFilter, after: Place | None, limit: int) -> list[JournalRow]:
    """The next rows, newest first, after that place."""
    rows: list[JournalRow] = []
    # One organisation at a time: an index can give the rows of one in order, and those of several only sorted anew.
    for org in wanted.orgs:
        query = _filtered(wanted, org)
        if after is not None:
            moment, exam_id = after
            # The first condition alone lets the index find the place; the second only sorts out equal moments.
            query = query.where(
                exam.c.finished_at <= moment, or_(exam.c.finished_at < moment, exam.c.exam_id < exam_id)
            )
        rows += [_row(item) for item in connection.execute(query.limit(limit))]
    return sorted(rows, key=lambda row: (row.finished_at, row.exam_id), reverse=True)[:limit]


def every(connection: Connection, wanted: JournalFilter, batch: int = 500) -> Iterator[JournalRow]:
    """All rows, read in batches: memory does not grow with their number."""
    after: Place | None = None
    while rows := page(connection, wanted, after, batch):
        yield from rows
        after = (rows[-1].finished_at, rows[-1].exam_id)


def count_up_to(connection: Connection, wanted: JournalFilter, most: int) -> int:
    """How many rows there are, counted no further than `most`."""
    found = 0
    for org in wanted.orgs:
        inner = select(exam.c.exam_id).where(*_conditions(wanted, org)).limit(most - found).subquery()
        found += int(connection.execute(select(func.count()).select_from(inner)).scalar_one())
    return found


def _filtered(wanted: JournalFilter, org: str) -> Select[Any]:
    return _listing().where(*_conditions(wanted, org)).order_by(exam.c.finished_at.desc(), exam.c.exam_id.desc())


def _conditions(wanted: JournalFilter, org: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [exam.c.org == org]
    conditions.append(exam.c.state == "unfinished" if wanted.unfinished else exam.c.state != "unfinished")
    if wanted.since is not None:
        conditions.append(exam.c.finished_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(exam.c.finished_at < wanted.until)
    for column, value in (
        (exam.c.employer_id, wanted.employer_id),
        (exam.c.terminal_id, wanted.terminal_id),
        (exam.c.exam_type, wanted.exam_type),
    ):
        if value:
            conditions.append(column == value)
    if wanted.outcome == "waiting":
        conditions.append(exam.c.state == "waiting")
    if wanted.unfinished or wanted.outcome == "waiting":
        # Follows from the state, and lets the index by outcome find the few among the many.
        conditions.append(exam.c.outcome.is_(None))
    elif wanted.outcome:
        conditions.append(exam.c.outcome == wanted.outcome)
    if wanted.deviation:
        conditions.append(exam.c.has_deviation.is_(True))
    if wanted.medic_id:
        conditions.append(exam.c.medic_id == wanted.medic_id)
    if wanted.person:
        conditions.append(exam.c.worker_id.in_(_people(wanted)))
    return conditions


def _people(wanted: JournalFilter) -> Select[Any]:
    name = wanted.person.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return select(worker.c.worker_id).where(
        worker.c.org.in_(wanted.orgs),
        # Names begin with a capital letter, and SQLite folds case in ASCII only.
        or_(
            worker.c.full_name.like(f"{name.title()}%", escape="\\"),
            worker.c.personnel_number == wanted.person,
        ),
    )


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
        certificate_serial=row.certificate_serial,
        decision_id=row.decision_id,
    )
