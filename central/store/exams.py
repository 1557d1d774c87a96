"""The table of examinations: a projection of the `exam` messages and the decisions, made for lists and filters."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    Table,
    Text,
    case,
    false,
    func,
    select,
    text,
    update,
)

from central.store import exam_facts
from central.store.decisions import decision
from central.store.messages import message
from central.store.metadata import UtcDateTime, insert_rows_for, metadata
from central.store.walking import OnBad, stream
from sync.contract.exam import ExamRecord

exam = Table(
    "exam",
    metadata,
    Column("exam_id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("org", Text, nullable=False),
    Column("terminal_id", Text, nullable=False),
    Column("employer_id", Text, comment="empty when nobody was identified"),
    Column("worker_id", Text),
    Column("exam_type", Text, nullable=False),
    Column("generation", Text, nullable=False),
    Column("state", Text, nullable=False, comment="waiting, decided, unfinished"),
    Column("end_reason", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False, comment="of the current revision"),
    Column(
        "first_received_at",
        UtcDateTime,
        nullable=False,
        comment="of the revision that came first; waiting counts from it",
    ),
    Column("suggestion", Text, nullable=False, comment="what the rules suggest, never a decision"),
    Column("has_deviation", Boolean, nullable=False, comment="a finding of the rules, or a complaint"),
    Column(
        "is_urgent",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="a complaint that cannot wait: leads the queue",
    ),
    Column("payload", JSON, nullable=False, comment="sync.contract.exam.ExamRecord of the current revision"),
    Column("message_id", Text, nullable=False, comment="the message of the current revision"),
    Column("message_sha256", Text, nullable=False),
    Column("decision_id", Text, comment="the decision in force on the current revision"),
    Column("outcome", Text, comment="its outcome"),
    Column("medic_id", Text, comment="who took it"),
    Column("decided_at", UtcDateTime),
    Index("ix_exam_state_first_received_at", "state", "first_received_at"),
    Index("ix_exam_received_at", "received_at"),
    # Each filter of the journal goes down an index in the journal's own order; `state` at its end answers without the table
    # which exams were finished. See `central.store.journal_lead`.
    Index("ix_exam_org_finished_at", "org", "finished_at", "state"),
    Index("ix_exam_org_outcome_finished_at", "org", "outcome", "finished_at", "state"),
    Index("ix_exam_org_terminal_id_finished_at", "org", "terminal_id", "finished_at", "state"),
    Index("ix_exam_org_exam_type_finished_at", "org", "exam_type", "finished_at", "state"),
    Index(
        "ix_exam_org_medic_id_finished_at",
        "org",
        "medic_id",
        "finished_at",
        "state",
        sqlite_where=text("medic_id IS NOT NULL"),
        postgresql_where=text("medic_id IS NOT NULL"),
    ),
    Index(
        "ix_exam_org_finished_at_deviation",
        "org",
        "finished_at",
        "state",
        sqlite_where=text("has_deviation IS 1"),
        postgresql_where=text("has_deviation IS true"),
    ),
    Index("ix_exam_worker_id_finished_at", "worker_id", "finished_at"),
    Index("ix_exam_employer_id_finished_at", "employer_id", "finished_at", "state", "org"),
)


@dataclass(frozen=True, slots=True)
class Revision:
    """One accepted exam message, ready to be projected."""

    record: ExamRecord
    payload: dict[str, Any]
    terminal_id: str
    generation: str
    message_id: str
    message_sha256: str
    received_at: datetime


def project(connection: Connection, revisions: Sequence[Revision]) -> list[Revision]:
    """Bring exams up to these revisions; a later one opens a decided exam again. Returns those that changed nothing.

    An older or equal revision under another message id changes nothing: what a medic has seen is not replaced. What came of an
    exam first stays the moment that its waiting counts from: who was asked to repeat a measurement does not wait anew.
    """
    if not revisions:
        return []
    ordered = sorted(revisions, key=lambda revision: (revision.record.exam_id, revision.record.revision))
    latest = {revision.record.exam_id: revision for revision in ordered}
    first: dict[str, datetime] = {}
    for revision in ordered:
        exam_id, at = revision.record.exam_id, revision.received_at
        first[exam_id] = min(at, first.get(exam_id, at))
    rows = [_row(revision, first[exam_id]) for exam_id, revision in latest.items()]
    insert, given = insert_rows_for(connection, exam, rows)
    replaced: dict[str, Any] = {name: insert.excluded[name] for name in exam.c.keys() if name != "exam_id"}  # noqa: SIM118  # not a dict
    kept, come = exam.c.first_received_at, insert.excluded.first_received_at
    replaced["first_received_at"] = case((kept < come, kept), else_=come)
    upsert = insert.on_conflict_do_update(
        index_elements=["exam_id"], set_=replaced, where=exam.c.revision < insert.excluded.revision
    ).returning(exam.c.exam_id)
    taken = set(connection.execute(upsert, given).scalars())
    _set_facts(connection, [revision for exam_id, revision in latest.items() if exam_id in taken])
    unchanged = [revision for exam_id, revision in latest.items() if exam_id not in taken]
    ids = [revision.message_id for revision in unchanged]
    for revision in unchanged:
        # The centre's clock may have been set back since.
        at = first[revision.record.exam_id]
        earlier = (exam.c.exam_id == revision.record.exam_id) & (exam.c.first_received_at > at)
        connection.execute(update(exam).where(earlier).values(first_received_at=at))
    known = (
        set(connection.execute(select(exam.c.message_id).where(exam.c.message_id.in_(ids))).scalars()) if ids else set()
    )
    return [revision for revision in unchanged if revision.message_id not in known]


def _set_facts(connection: Connection, revisions: Sequence[Revision]) -> None:
    """What the journal is searched by, of these revisions, on which nothing is decided yet."""
    exam_facts.forget(connection, [item.record.exam_id for item in revisions if item.record.revision > 1])
    rows: list[dict[str, Any]] = []
    for item in revisions:
        record = item.record
        found = exam_facts.facts_of_exam(item.payload)
        rows += exam_facts.rows_of(record.exam_id, record.org, record.finished_at, found)
    exam_facts.add(connection, rows)


def clear(connection: Connection) -> None:
    """Empty the projection, to make it anew."""
    connection.execute(exam.delete())
    exam_facts.clear(connection)


def count(connection: Connection) -> int:
    """How many exams there are."""
    return connection.execute(select(func.count()).select_from(exam)).scalar_one()


def projection(record: ExamRecord, payload: dict[str, Any], terminal_id: str, generation: str) -> dict[str, Any]:
    """The columns that follow from the message alone."""
    who = record.examinee
    complains = record.complaints is not None and not record.complaints.feels_well
    return {
        "exam_id": record.exam_id,
        "revision": record.revision,
        "org": record.org,
        "terminal_id": terminal_id,
        "employer_id": who.employer_id if who else None,
        "worker_id": who.worker_id if who else None,
        "exam_type": record.exam_type,
        "generation": generation,
        "end_reason": record.end_reason,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "suggestion": record.rule_verdict.suggestion,
        "has_deviation": complains or bool(record.rule_verdict.findings),
        "is_urgent": bool(record.rule_verdict.urgent_complaints),
        "payload": payload,
    }


def with_messages(
    connection: Connection, on_bad: OnBad | None = None
) -> Iterator[tuple[RowMapping, bytes | None, datetime | None]]:
    """Every exam with the bytes and the receipt time of the message of its current revision, None where that is gone."""
    columns = (message.c.wire.label("message_wire"), message.c.received_at.label("message_at"))
    query = select(exam, *columns).join_from(exam, message, exam.c.message_id == message.c.message_id, isouter=True)
    for row in stream(connection, query.order_by(exam.c.exam_id), 500, on_bad):
        yield row, row["message_wire"], row["message_at"]


def _row(revision: Revision, first_received_at: datetime) -> dict[str, Any]:
    record = revision.record
    return projection(record, revision.payload, revision.terminal_id, revision.generation) | {
        "state": "waiting" if record.state == "submitted" else "unfinished",
        "received_at": revision.received_at,
        "first_received_at": first_received_at,
        "message_id": revision.message_id,
        "message_sha256": revision.message_sha256,
        "decision_id": None,
        "outcome": None,
        "medic_id": None,
        "decided_at": None,
    }


@dataclass(frozen=True, slots=True)
class ExamMessage:
    """The current revision of an exam as it was received: what a decision is made on."""

    exam_id: str
    revision: int
    org: str
    terminal_id: str
    state: str
    message_id: str
    message_sha256: str
    payload: dict[str, Any]
    """The payload of the stored message, field by field as the terminal signed it."""


def current(connection: Connection, exam_id: str) -> ExamMessage | None:
    """The exam with the exact payload of its stored message, or None when there is no such exam."""
    query = select(
        exam.c.exam_id,
        exam.c.revision,
        exam.c.org,
        exam.c.terminal_id,
        exam.c.state,
        exam.c.message_id,
        exam.c.message_sha256,
        message.c.wire,
    ).join_from(exam, message, exam.c.message_id == message.c.message_id)
    row = connection.execute(query.where(exam.c.exam_id == exam_id)).one_or_none()
    if row is None:
        return None
    return ExamMessage(*row[:7], payload=json.loads(row.wire)["payload"])


def get(connection: Connection, exam_id: str) -> RowMapping | None:
    """The exam as it is projected now."""
    return connection.execute(select(exam).where(exam.c.exam_id == exam_id)).mappings().one_or_none()


def of_worker(connection: Connection, worker_id: str, since: datetime, until: datetime) -> Sequence[RowMapping]:
    """Exams of a worker that ended within [since, until), the oldest first."""
    mine = (exam.c.worker_id == worker_id, exam.c.finished_at >= since, exam.c.finished_at < until)
    return connection.execute(select(exam).where(*mine).order_by(exam.c.finished_at)).mappings().all()


def mark_decided(
    connection: Connection, exam_id: str, message_id: str, *, decision_id: str, outcome: str, decided_at: datetime
) -> bool:
    """Put a decision in force on the revision that came with `message_id`.

    False, and nothing changed, when the exam has gone on since: the medic has to look again. Queue the message to the
    terminal first: ingest takes the terminal's row before the exam's, and who takes them the other way round may deadlock.
    """
    medic_id = select(decision.c.medic_id).where(decision.c.decision_id == decision_id).scalar_subquery()
    done = connection.execute(
        update(exam)
        .where(exam.c.exam_id == exam_id, exam.c.message_id == message_id)
        .values(state="decided", decision_id=decision_id, outcome=outcome, medic_id=medic_id, decided_at=decided_at)
    )
    if done.rowcount != 1:
        return False
    _set_decision_facts(connection, exam_id, decision_id)
    return True


def _set_decision_facts(connection: Connection, exam_id: str, decision_id: str) -> None:
    columns = (decision.c.reasons, decision.c.certificate_serial, decision.c.corrects, decision.c.record)
    said = connection.execute(
        select(*columns, exam.c.org, exam.c.finished_at)
        .join_from(exam, decision, decision.c.decision_id == exam.c.decision_id)
        .where(exam.c.exam_id == exam_id, decision.c.decision_id == decision_id)
    ).one_or_none()
    exam_facts.forget_decision(connection, exam_id)
    if said is not None:
        found = exam_facts.facts_of_decision(*said[:4])
        exam_facts.add(connection, list(exam_facts.rows_of(exam_id, said.org, said.finished_at, found)))
