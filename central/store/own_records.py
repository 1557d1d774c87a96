"""Read-only questions of a person about the own record; each names the person in its `WHERE`. Owns no table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, or_, select

from central.store.accounts import account
from central.store.audit import audit
from central.store.consents import ConsentRecord, get_consent
from central.store.exams import exam
from central.store.faces import worker_face
from central.store.papers import Paper, paper
from central.store.registry import organisation, worker
from central.store.signed_papers import SignedPaper, of_papers
from central.store.terminals import terminal


@dataclass(frozen=True, slots=True)
class OwnPaper:
    """A paper of a person, and its newest signed file; None where it was never printed as a signed one."""

    paper: Paper
    file: SignedPaper | None


@dataclass(frozen=True, slots=True)
class Look:
    """Who has looked at the record, or changed it: a role and an organisation, no name. `role` is None for the centre itself."""

    at: datetime
    action: str
    role: str | None
    org_name: str | None


@dataclass(frozen=True, slots=True)
class FaceAt:
    """What one terminal has of a person's reference picture, as it says itself."""

    terminal_name: str
    state: str
    told_at: datetime


def papers_of(connection: Connection, person_id: str) -> list[OwnPaper]:
    """All papers on exams of a person, the newest first."""
    columns = [paper.c[name] for name in Paper.__slots__]
    query = (
        select(*columns)
        .join(exam, exam.c.exam_id == paper.c.exam_id)
        .where(exam.c.worker_id.in_(_own(person_id)))
        .order_by(paper.c.issued_at.desc(), paper.c.paper_id)
    )
    found = [Paper(*row) for row in connection.execute(query)]
    newest = {one.paper_id: one for one in of_papers(connection, [one.paper_id for one in found])}
    return [OwnPaper(one, newest.get(one.paper_id)) for one in found]


def paper_of(connection: Connection, person_id: str, paper_id: str) -> OwnPaper | None:
    """One paper, if it is on an exam of this person."""
    return next((one for one in papers_of(connection, person_id) if one.paper.paper_id == paper_id), None)


def consent_of(connection: Connection, person_id: str, consent_id: str) -> ConsentRecord | None:
    """One consent, if this person gave it."""
    found = get_consent(connection, consent_id)
    if found is None:
        return None
    query = select(worker.c.worker_id).where(worker.c.worker_id == found.worker_id, worker.c.person_id == person_id)
    return found if connection.execute(query).first() is not None else None


def faces_of(connection: Connection, person_id: str) -> list[FaceAt]:
    """Where a picture of the person is compared, or was: in the words of the terminals."""
    query = (
        select(terminal.c.name, worker_face.c.state, worker_face.c.told_at)
        .join_from(worker_face, terminal, terminal.c.terminal_id == worker_face.c.terminal_id)
        .where(worker_face.c.worker_id.in_(_own(person_id)))
        .order_by(terminal.c.name)
    )
    return [FaceAt(*row) for row in connection.execute(query)]


def looks_at(connection: Connection, person_id: str, limit: int) -> list[Look]:
    """Who has looked at what is about a person, the newest first; the person's own looks are left out."""
    c = audit.c
    exams = select(exam.c.exam_id).where(exam.c.worker_id.in_(_own(person_id)))
    query = (
        select(c.at, c.action, account.c.role, organisation.c.name)
        .outerjoin(account, account.c.account_id == c.account_id)
        .outerjoin(organisation, organisation.c.org == c.org)
        .where(
            or_(c.subject.in_(_own(person_id)), c.subject.in_(exams), c.subject == person_id),
            func.coalesce(account.c.person_id, "") != person_id,
        )
        .order_by(c.at.desc(), c.audit_id.desc())
        .limit(limit)
    )
    return [Look(*row) for row in connection.execute(query)]


def entries_by_org(rows: Sequence[dict[str, object]]) -> dict[str, str]:
    """For each organisation one entry that it has of the person: consents and grounds are found by any of them."""
    return {str(row["org"]): str(row["worker_id"]) for row in rows}


def _own(person_id: str) -> Select[tuple[str]]:
    return select(worker.c.worker_id).where(worker.c.person_id == person_id)
