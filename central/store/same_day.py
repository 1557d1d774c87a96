"""Read-only: other recent exams of the same people, at any terminal. Owns no table."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, select

from central.store.decisions import decision
from central.store.exams import exam
from central.store.registry import worker
from central.store.terminals import terminal


@dataclass(frozen=True, slots=True)
class OtherExam:
    """Another examination of the same person, with the decision in force on it, if there is one."""

    exam_id: str
    exam_type: str
    state: str
    end_reason: str
    finished_at: datetime
    terminal_name: str
    outcome: str | None
    reasons: tuple[str, ...]
    """Codes of the reference book."""
    decided_at: datetime | None
    medic_name: str

    @property
    def at(self) -> datetime:
        """When it was decided, or ended where nobody has decided."""
        return self.decided_at or self.finished_at


def exams_of_people(
    connection: Connection, worker_ids: Collection[str], orgs: Sequence[str], since: datetime
) -> dict[str, list[OtherExam]]:
    """By worker: all exams of the same person in these organisations that ended since then, newest first.

    The same person is who has the same entry or the same SNILS: somebody who works for two employers has two entries.
    """
    people = _people(connection, worker_ids, orgs)
    query = (
        select(
            exam.c.worker_id,
            exam.c.exam_id,
            exam.c.exam_type,
            exam.c.state,
            exam.c.end_reason,
            exam.c.finished_at,
            terminal.c.name,
            exam.c.terminal_id,
            exam.c.outcome,
            decision.c.reasons,
            exam.c.decided_at,
            decision.c.medic_name,
        )
        .outerjoin(terminal, terminal.c.terminal_id == exam.c.terminal_id)
        .outerjoin(decision, decision.c.decision_id == exam.c.decision_id)
        .where(exam.c.worker_id.in_(people), exam.c.org.in_(orgs), exam.c.finished_at >= since)
        .order_by(exam.c.finished_at.desc(), exam.c.exam_id)
    )
    found: defaultdict[str, list[OtherExam]] = defaultdict(list)
    for row in connection.execute(query):
        other = OtherExam(
            exam_id=row.exam_id,
            exam_type=row.exam_type,
            state=row.state,
            end_reason=row.end_reason,
            finished_at=row.finished_at,
            terminal_name=row.name or row.terminal_id,
            outcome=row.outcome,
            reasons=tuple(row.reasons or ()),
            decided_at=row.decided_at,
            medic_name=row.medic_name or "",
        )
        for asked in people[row.worker_id]:
            found[asked].append(other)
    return dict(found)


def _people(connection: Connection, worker_ids: Collection[str], orgs: Sequence[str]) -> dict[str, list[str]]:
    """By entry of a worker: for which of those asked for it stands. One person may have entries with several employers.

    Found by the person, and by the SNILS too: an exam that was missed is worse than one that is shown twice.
    """
    c = worker.c
    people: defaultdict[str, list[str]] = defaultdict(list)
    asked_by: dict[Column[Any], defaultdict[str, list[str]]] = {}
    for column in (c.person_id, c.snils_hmac):
        asked_by[column] = defaultdict(list)
        for row in connection.execute(select(c.worker_id, column.label("key")).where(c.worker_id.in_(worker_ids))):
            if row.key is not None:
                asked_by[column][row.key].append(row.worker_id)
    for asked in worker_ids:
        people[asked].append(asked)
    for column, keys in asked_by.items():
        twins = select(c.worker_id, column.label("key")).where(column.in_(keys), c.org.in_(orgs))
        for row in connection.execute(twins):
            people[row.worker_id] += [asked for asked in keys[row.key] if asked not in people[row.worker_id]]
    return dict(people)
