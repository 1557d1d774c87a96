"""Tables of examinations that were not ours: of a journal on paper, of another vendor's system. They are history and nothing else.

No rule, journal, queue, admission or limit reads them. One file is one import, and an import is withdrawn as a whole: its rows stay
and are shown no more. Whose a row is, is asked of the employment that it was entered for, as of grounds.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Connection, Date, Float, ForeignKey, Index, Integer, Table, Text, func, select

from central.store.metadata import UtcDateTime, metadata
from central.store.registry import same_person, worker

history_import = Table(
    "history_import",
    metadata,
    Column("import_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("account_id", Text, comment="who; empty: from the command line"),
)
"""Files of examinations of before that were taken."""

history_withdrawal = Table(
    "history_withdrawal",
    metadata,
    Column("import_id", ForeignKey("history_import.import_id"), primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("withdrawn_at", UtcDateTime, nullable=False),
    Column("account_id", Text, comment="who; empty: from the command line"),
)
"""Imports that were taken back: their rows stay and are shown no more."""

foreign_exam = Table(
    "foreign_exam",
    metadata,
    Column("foreign_id", Text, primary_key=True),
    Column("import_id", ForeignKey("history_import.import_id"), nullable=False),
    Column("row_no", Integer, nullable=False, comment="of the file; the first is 1"),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False),
    Column("at", Date, nullable=False, comment="day of the examination"),
    Column("at_time", Text, comment="time of day, HH:MM; empty: not said"),
    Column("exam_type", Text, nullable=False, comment="as sync.contract.exam.ExamType"),
    Column("outcome", Text, nullable=False, comment="as the source says: admitted, not_admitted, unfinished"),
    Column("reason", Text, comment="why not, in the words of the source"),
    Column("systolic_mmhg", Integer, comment="empty: the source has none; so are all values"),
    Column("diastolic_mmhg", Integer),
    Column("pulse_bpm", Integer),
    Column("temperature_celsius", Float),
    Column("breath_alcohol_mg_per_l", Float, comment="of breath"),
    Column("device", Text, comment="by what that was measured, as the source says"),
    Column("complaints", Text),
    Column("medic", Text, comment="who examined, as the source says"),
    Column("organisation", Text, comment="whose medic that was"),
    Column("number", Text, comment="of the entry in that journal"),
    Column("note", Text),
    Column("source", Text, nullable=False, comment="which journal or system"),
    Column("sha256", Text, nullable=False, comment="of the row; the same row twice changes nothing"),
    Index("ix_foreign_exam_worker_id_at", "worker_id", "at"),
    Index("ix_foreign_exam_import_id", "import_id"),
)
"""Examinations of others, row by row as their source has them."""

VALUES = ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm", "temperature_celsius", "breath_alcohol_mg_per_l")


@dataclass(frozen=True, slots=True)
class ForeignExam:
    """One examination of others."""

    foreign_id: str
    import_id: str
    row_no: int
    org: str
    worker_id: str
    at: date
    at_time: str | None
    exam_type: str
    outcome: str
    reason: str | None
    systolic_mmhg: int | None
    diastolic_mmhg: int | None
    pulse_bpm: int | None
    temperature_celsius: float | None
    breath_alcohol_mg_per_l: float | None
    device: str | None
    complaints: str | None
    medic: str | None
    organisation: str | None
    number: str | None
    note: str | None
    source: str
    sha256: str


@dataclass(frozen=True, slots=True)
class HistoryImport:
    """One file that was taken; how many rows it brought, of which days and sources, and whether it was withdrawn."""

    import_id: str
    org: str
    at: datetime
    account_id: str | None
    rows: int
    first_day: date | None
    last_day: date | None
    source: str
    """One of its sources."""
    sources: int
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    reason: str | None


def begin(connection: Connection, import_id: str, org: str, at: datetime, account_id: str | None) -> None:
    """Enter a file; its rows follow."""
    connection.execute(history_import.insert().values(import_id=import_id, org=org, at=at, account_id=account_id))


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of a file."""
    connection.execute(foreign_exam.insert(), list(rows))


def known(connection: Connection, worker_ids: Collection[str]) -> set[tuple[str, str]]:
    """Worker and hash of every row of these workers, of imports that stand."""
    c = foreign_exam.c
    query = select(c.worker_id, c.sha256).where(c.worker_id.in_(sorted(worker_ids)), c.import_id.not_in(_withdrawn()))
    return {(row.worker_id, row.sha256) for row in connection.execute(query)}


def of_worker(connection: Connection, worker_id: str, limit: int) -> list[ForeignExam]:
    """The newest examinations of others that the organisation knows of the person, of imports that stand."""
    c = foreign_exam.c
    query = select(foreign_exam).where(c.worker_id.in_(same_person(worker_id)), c.import_id.not_in(_withdrawn()))
    found = connection.execute(query.order_by(c.at.desc(), c.at_time.desc(), c.foreign_id).limit(limit)).mappings()
    return [ForeignExam(**row) for row in found]


def imports(connection: Connection, orgs: Collection[str], limit: int) -> list[HistoryImport]:
    """The newest files of these organisations."""
    return _imports(connection, history_import.c.org.in_(sorted(orgs)), limit)


def get_import(connection: Connection, import_id: str) -> HistoryImport | None:
    """One file."""
    return next(iter(_imports(connection, history_import.c.import_id == import_id, 1)), None)


def withdraw(connection: Connection, one: HistoryImport, reason: str, at: datetime, account_id: str | None) -> None:
    """Take a file back as a whole."""
    values = {"import_id": one.import_id, "org": one.org, "reason": reason, "withdrawn_at": at}
    connection.execute(history_withdrawal.insert().values(**values, account_id=account_id))


def workers_of(connection: Connection, import_id: str) -> int:
    """How many workers a file is about."""
    c = foreign_exam.c
    query = select(func.count(func.distinct(worker.c.person_id))).join(worker, worker.c.worker_id == c.worker_id)
    return int(connection.execute(query.where(c.import_id == import_id)).scalar_one())


def _withdrawn() -> Any:
    return select(history_withdrawal.c.import_id)


def _imports(connection: Connection, where: Any, limit: int) -> list[HistoryImport]:
    c, w, h = foreign_exam.c, history_withdrawal.c, history_import.c
    newest = select(h.import_id).where(where).order_by(h.import_id.desc()).limit(limit)
    counted = (
        select(
            c.import_id,
            func.count().label("rows"),
            func.min(c.at).label("first_day"),
            func.max(c.at).label("last_day"),
            func.min(c.source).label("source"),
            func.count(func.distinct(c.source)).label("sources"),
        )
        .where(c.import_id.in_(newest))
        .group_by(c.import_id)
        .subquery()
    )
    query = (
        select(
            history_import,
            func.coalesce(counted.c.rows, 0).label("rows"),
            counted.c.first_day,
            counted.c.last_day,
            func.coalesce(counted.c.source, "").label("source"),
            func.coalesce(counted.c.sources, 0).label("sources"),
            w.withdrawn_at,
            w.account_id.label("withdrawn_by"),
            w.reason,
        )
        .outerjoin(counted, counted.c.import_id == h.import_id)
        .outerjoin(history_withdrawal, w.import_id == h.import_id)
        .where(h.import_id.in_(newest))
    )
    return [HistoryImport(**row) for row in connection.execute(query.order_by(h.import_id.desc())).mappings()]
