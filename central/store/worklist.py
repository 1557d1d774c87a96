"""Read-only lists of exams with the names that belong to them, for the console. Owns no table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from central.store.exams import exam
from central.store.registry import employer, same_person, worker
from central.store.terminal_employers import is_of_another
from central.store.terminals import terminal


@dataclass(frozen=True, slots=True)
class ListedExam:
    """One exam as a list shows it. Names are None when nobody was identified."""

    exam_id: str
    revision: int
    org: str
    terminal_id: str
    terminal_name: str | None
    terminal_place: str | None
    worker_id: str | None
    worker_name: str | None
    personnel_number: str | None
    employer_name: str | None
    exam_type: str
    state: str
    end_reason: str
    started_at: datetime
    finished_at: datetime
    received_at: datetime
    first_received_at: datetime
    suggestion: str
    has_deviation: bool
    outcome: str | None
    decision_id: str | None
    decided_at: datetime | None
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WaitingExam:
    """One exam of the queue without what was measured. Names are None when nobody was identified."""

    exam_id: str
    revision: int
    terminal_id: str
    terminal_name: str | None
    worker_name: str | None
    personnel_number: str | None
    employer_name: str | None
    exam_type: str
    received_at: datetime
    """Of the current revision."""
    first_received_at: datetime
    """Of the revision that came first: waiting counts from here."""
    suggestion: str
    is_urgent: bool
    org: str
    terminal_place: str | None
    employer_id: str | None
    worker_id: str | None
    finished_at: datetime
    is_of_another_employer: bool
    """The terminal is bound, and not to the worker's employer."""


def waiting(connection: Connection, orgs: Sequence[str]) -> list[WaitingExam]:
    """Every exam of these organisations that waits for a medic: urgent ones, then the oldest; a repeat stands where its first
    record stood."""
    c = exam.c
    query: Select[Any] = (
        select(
            c.exam_id,
            c.revision,
            c.terminal_id,
            terminal.c.name,
            worker.c.full_name,
            worker.c.personnel_number,
            employer.c.name,
            c.exam_type,
            c.received_at,
            c.first_received_at,
            c.suggestion,
            c.is_urgent,
            c.org,
            terminal.c.place,
            c.employer_id,
            c.worker_id,
            c.finished_at,
            is_of_another(c.terminal_id, c.employer_id),
        )
        .outerjoin(terminal, terminal.c.terminal_id == c.terminal_id)
        .outerjoin(worker, worker.c.worker_id == c.worker_id)
        .outerjoin(employer, employer.c.employer_id == c.employer_id)
        .where(c.state == "waiting", c.org.in_(orgs))
        .order_by(c.is_urgent.desc(), c.first_received_at, c.exam_id)
    )
    return [WaitingExam(*row) for row in connection.execute(query)]


def payloads(connection: Connection, exam_ids: Sequence[str]) -> dict[tuple[str, int], dict[str, Any]]:
    """What was measured and said, by exam and revision."""
    query = select(exam.c.exam_id, exam.c.revision, exam.c.payload).where(exam.c.exam_id.in_(exam_ids))
    return {(row.exam_id, row.revision): row.payload for row in connection.execute(query)}


def one(connection: Connection, exam_id: str) -> ListedExam | None:
    """One exam with its names."""
    found = _listed(connection.execute(_listing().where(exam.c.exam_id == exam_id)).all())
    return found[0] if found else None


def between(connection: Connection, org: str, since: datetime, until: datetime, limit: int) -> list[ListedExam]:
    """Exams of an organisation that ended from `since` on and before `until`, the newest first."""
    query = _listing().where(exam.c.org == org, exam.c.finished_at >= since, exam.c.finished_at < until)
    return _listed(connection.execute(query.order_by(exam.c.finished_at.desc()).limit(limit)).all())


def earlier(connection: Connection, worker_id: str, before: datetime, limit: int = 30) -> list[ListedExam]:
    """The person's exams in the worker's organisation that ended before that moment, newest first."""
    query = (
        _listing()
        .where(exam.c.worker_id.in_(same_person(worker_id)), exam.c.finished_at < before)
        .order_by(exam.c.finished_at.desc())
        .limit(limit)
    )
    return _listed(connection.execute(query).all())


def of_person(connection: Connection, person_id: str, limit: int) -> list[ListedExam]:
    """The newest exams of a person, at every employer and in every organisation."""
    query = _listing().where(worker.c.person_id == person_id).order_by(exam.c.finished_at.desc(), exam.c.exam_id)
    return _listed(connection.execute(query.limit(limit)).all())


def medics_of_person(connection: Connection, person_id: str, limit: int) -> list[str]:
    """Ids of the medics who decided the newest exams of a person, the latest first, each once."""
    query = (
        select(exam.c.medic_id)
        .join(worker, worker.c.worker_id == exam.c.worker_id)
        .where(worker.c.person_id == person_id, exam.c.medic_id.is_not(None))
        .order_by(exam.c.finished_at.desc())
        .limit(limit)
    )
    return list(dict.fromkeys(connection.execute(query).scalars()))


def one_of_person(connection: Connection, person_id: str, exam_id: str) -> ListedExam | None:
    """One exam, if it is this person's."""
    query = _listing().where(worker.c.person_id == person_id, exam.c.exam_id == exam_id)
    found = _listed(connection.execute(query).all())
    return found[0] if found else None


def _listing() -> Select[Any]:
    return (
        select(
            exam.c.exam_id,
            exam.c.revision,
            exam.c.org,
            exam.c.terminal_id,
            terminal.c.name,
            terminal.c.place,
            exam.c.worker_id,
            worker.c.full_name,
            worker.c.personnel_number,
            employer.c.name,
            exam.c.exam_type,
            exam.c.state,
            exam.c.end_reason,
            exam.c.started_at,
            exam.c.finished_at,
            exam.c.received_at,
            exam.c.first_received_at,
            exam.c.suggestion,
            exam.c.has_deviation,
            exam.c.outcome,
            exam.c.decision_id,
            exam.c.decided_at,
            exam.c.payload,
        )
        .outerjoin(terminal, terminal.c.terminal_id == exam.c.terminal_id)
        .outerjoin(worker, worker.c.worker_id == exam.c.worker_id)
        .outerjoin(employer, employer.c.employer_id == exam.c.employer_id)
    )


def _listed(rows: Sequence[Any]) -> list[ListedExam]:
    return [ListedExam(*row) for row in rows]


def message_id_of(connection: Connection, exam_id: str) -> str:
    """The message of the exam's current revision."""
    return str(connection.execute(select(exam.c.message_id).where(exam.c.exam_id == exam_id)).scalar_one())


def payloads_since(
    connection: Connection, org: str, since: datetime, *, employer_id: str | None = None, worker_id: str | None = None
) -> Iterator[dict[str, Any]]:
    """Payloads of an organisation's exams since then, one at a time."""
    query = select(exam.c.payload).where(exam.c.org == org, exam.c.finished_at >= since)
    if employer_id is not None:
        query = query.where(exam.c.employer_id == employer_id)
    if worker_id is not None:
        query = query.where(exam.c.worker_id == worker_id)
    yield from connection.execution_options(yield_per=500).execute(query).scalars()
