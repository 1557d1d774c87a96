"""Tables of appeals: a worker asks for an exam in person against a refusal, and a senior medic answers."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Select, Table, Text, select
from sqlalchemy.exc import IntegrityError

from central.store.metadata import UtcDateTime, metadata
from central.store.registry import employer, worker

appeal = Table(
    "appeal",
    metadata,
    Column("appeal_id", Text, primary_key=True),
    Column("org", Text, nullable=False, index=True),
    Column("exam_id", Text, nullable=False),
    Column("decision_id", Text, nullable=False, unique=True, comment="against which: one appeal for each"),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False),
    Column("person_id", Text, nullable=False, index=True),
    Column("words", Text, nullable=False, comment="what the worker says"),
    Column("account_id", Text, nullable=False, comment="the worker's account"),
    Column("asked_at", UtcDateTime, nullable=False),
)
"""Requests of workers for an exam in person against a decision."""

appeal_answer = Table(
    "appeal_answer",
    metadata,
    Column("appeal_id", ForeignKey("appeal.appeal_id"), primary_key=True),
    Column("org", Text, nullable=False),
    Column("outcome", Text, nullable=False, comment="invited: to an exam in person; kept: the decision stands"),
    Column("words", Text, nullable=False, comment="what the worker reads"),
    Column("answered_by", Text, nullable=False, comment="account"),
    Column("answered_at", UtcDateTime, nullable=False),
)
"""What a senior medic answered."""

OUTCOMES = ("invited", "kept")


@dataclass(frozen=True, slots=True)
class Appeal:
    """One request as the worker sent it."""

    appeal_id: str
    org: str
    exam_id: str
    decision_id: str
    worker_id: str
    person_id: str
    words: str
    account_id: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class AppealAnswer:
    """The answer to one."""

    appeal_id: str
    org: str
    outcome: str
    words: str
    answered_by: str
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class KnownAppeal:
    """An appeal with its answer, and whom it is about."""

    item: Appeal
    answer: AppealAnswer | None
    worker_name: str
    personnel_number: str
    employer_name: str


class AppealTaken(Exception):
    """There is one against that decision, or an answer to it, already."""


def add(connection: Connection, item: Appeal) -> None:
    """Insert an appeal. Raises `AppealTaken`; the transaction must then be rolled back."""
    _insert(connection, appeal, {one.name: getattr(item, one.name) for one in fields(Appeal)})


def add_answer(connection: Connection, item: AppealAnswer) -> None:
    """Insert an answer. Raises as `add`."""
    _insert(connection, appeal_answer, {one.name: getattr(item, one.name) for one in fields(AppealAnswer)})


def of_person(connection: Connection, person_id: str) -> list[KnownAppeal]:
    """All appeals of the employments that a person has now, the newest first."""
    return _known(connection, _joined().where(worker.c.person_id == person_id))


def of_organisations(connection: Connection, orgs: Sequence[str], limit: int) -> list[KnownAppeal]:
    """Appeals to these organisations: those without an answer first, the oldest first; then the newest."""
    found = _known(connection, _joined().where(appeal.c.org.in_(orgs)).limit(limit))
    waiting = sorted((one for one in found if one.answer is None), key=lambda one: one.item.asked_at)
    return waiting + [one for one in found if one.answer is not None]


def find(connection: Connection, appeal_id: str) -> KnownAppeal | None:
    """One appeal."""
    found = _known(connection, _joined().where(appeal.c.appeal_id == appeal_id))
    return found[0] if found else None


def _insert(connection: Connection, table: Table, values: dict[str, Any]) -> None:
    try:
        connection.execute(table.insert().values(**values))
    except IntegrityError as error:
        raise AppealTaken from error


def _joined() -> Select[Any]:
    answered = [appeal_answer.c[one.name].label(f"answer_{one.name}") for one in fields(AppealAnswer)]
    return (
        select(*appeal.c, *answered, worker.c.full_name, worker.c.personnel_number, employer.c.name)
        .join_from(appeal, worker, worker.c.worker_id == appeal.c.worker_id)
        .join(employer, employer.c.employer_id == worker.c.employer_id)
        .outerjoin(appeal_answer, appeal_answer.c.appeal_id == appeal.c.appeal_id)
        .order_by(appeal.c.asked_at.desc(), appeal.c.appeal_id)
    )


def _known(connection: Connection, query: Select[Any]) -> list[KnownAppeal]:
    found = []
    for row in connection.execute(query).mappings():
        values = {one.name: row[f"answer_{one.name}"] for one in fields(AppealAnswer)}
        answer = AppealAnswer(**values) if values["appeal_id"] is not None else None
        item = Appeal(**{one.name: row[one.name] for one in fields(Appeal)})
        found.append(KnownAppeal(item, answer, row["full_name"], row["personnel_number"], row["name"]))
    return found
