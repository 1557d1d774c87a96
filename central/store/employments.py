"""Read-only questions about persons and their employments. Owns no table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select, update

from central.store.exams import exam
from central.store.persons import person
from central.store.registry import employer, organisation, worker

_AT_ONCE = 500


def of_snils(connection: Connection, snils_hmac: str) -> dict[str, Any] | None:
    """The person with that keyed hash of a SNILS, with `orgs`: the organisations that have the person on record."""
    return of_snils_many(connection, [snils_hmac]).get(snils_hmac)


def of_snils_many(connection: Connection, hashes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Persons by the keyed hash of their SNILS, each as `of_snils` gives them."""
    found: dict[str, dict[str, Any]] = {}
    c = person.c
    for start in range(0, len(hashes), _AT_ONCE):
        query = (
            select(c.snils_hmac, c.person_id, c.full_name, c.birth_date, c.sex, worker.c.org)
            .outerjoin(worker, worker.c.person_id == c.person_id)
            .where(c.snils_hmac.in_(hashes[start : start + _AT_ONCE]))
        )
        for row in connection.execute(query):
            one = found.setdefault(row.snils_hmac, dict(row._mapping) | {"orgs": set()})  # noqa: SLF001 - public name
            if row.org is not None:
                one["orgs"].add(row.org)
    return found


def of_person(connection: Connection, person_id: str, orgs: Sequence[str]) -> list[dict[str, Any]]:
    """The entries that these organisations have of a person, archived too, with `employer_name`: the newest employment first."""
    query = (
        select(worker, employer.c.name.label("employer_name"))
        .join_from(worker, employer, employer.c.employer_id == worker.c.employer_id)
        .where(worker.c.person_id == person_id, worker.c.org.in_(orgs))
        .order_by(worker.c.archived_at.is_not(None), worker.c.since.desc(), worker.c.worker_id.desc())
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def own(connection: Connection, person_id: str) -> list[dict[str, Any]]:
    """All employments of a person, in every organisation, archived too, with `employer_name` and `org_name`: the newest first."""
    query = (
        select(worker, employer.c.name.label("employer_name"), organisation.c.name.label("org_name"))
        .join_from(worker, employer, employer.c.employer_id == worker.c.employer_id)
        .join(organisation, organisation.c.org == worker.c.org)
        .where(worker.c.person_id == person_id)
        .order_by(worker.c.archived_at.is_not(None), worker.c.since.desc(), worker.c.worker_id.desc())
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def first_exam_at(connection: Connection, worker_id: str) -> datetime | None:
    """When the first exam of an employment began."""
    query = select(exam.c.started_at).where(exam.c.worker_id == worker_id).order_by(exam.c.started_at).limit(1)
    return connection.execute(query).scalar_one_or_none()


def name_of(connection: Connection, person_id: str) -> str | None:
    """What the newest employment of a person calls the person; None for somebody who has none."""
    query = select(worker.c.full_name).where(worker.c.person_id == person_id)
    newest = query.order_by(worker.c.archived_at.is_not(None), worker.c.since.desc(), worker.c.worker_id.desc())
    return connection.execute(newest.limit(1)).scalar_one_or_none()


def orgs_of(connection: Connection, person_id: str) -> set[str]:
    """The organisations that have a person on record."""
    return set(connection.execute(select(worker.c.org).where(worker.c.person_id == person_id).distinct()).scalars())


@dataclass(frozen=True, slots=True)
class LastExam:
    """An exam of a person: when, for which employment, and what came of it. Nothing that was measured."""

    exam_id: str
    worker_id: str
    org: str
    exam_type: str
    state: str
    outcome: str | None
    finished_at: datetime


def last_exams(connection: Connection, worker_ids: Sequence[str], limit: int) -> list[LastExam]:
    """The newest exams of these employments."""
    c = exam.c
    columns = (c.exam_id, c.worker_id, c.org, c.exam_type, c.state, c.outcome, c.finished_at)
    query = select(*columns).where(c.worker_id.in_(worker_ids)).order_by(c.finished_at.desc(), c.exam_id).limit(limit)
    return [LastExam(*row) for row in connection.execute(query)]


def alike(connection: Connection, orgs: Sequence[str]) -> list[dict[str, Any]]:
    """Entries, with `employer_name`, of persons whom an organisation calls alike (folded) with one birth date; together by name.

    Only of persons of whom one at least has no SNILS: two numbers are two people.
    """
    c = worker.c
    group = (c.org, c.search_name, c.birth_date)
    doubled = (
        select(*group)
        .where(c.org.in_(orgs), c.birth_date.is_not(None))
        .group_by(*group)
        .having(func.count(c.person_id.distinct()) > 1, func.count(c.snils_hmac) < func.count())
        .subquery()
    )
    same = and_(doubled.c.org == c.org, doubled.c.search_name == c.search_name, doubled.c.birth_date == c.birth_date)
    query = (
        select(worker, employer.c.name.label("employer_name"))
        .join_from(worker, doubled, same)
        .join(employer, employer.c.employer_id == c.employer_id)
        .order_by(c.org, c.search_name, c.birth_date, c.worker_id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def move(connection: Connection, worker_ids: Sequence[str], person_id: str, *, now: datetime) -> None:
    """Make entries those of another person, with the SNILS that is on record of that one."""
    row = connection.execute(select(person).where(person.c.person_id == person_id)).mappings().one()
    values = {"person_id": person_id, "snils_hmac": row["snils_hmac"], "snils_sealed": row["snils_sealed"]}
    connection.execute(update(worker).where(worker.c.worker_id.in_(worker_ids)).values(**values, updated_at=now))
