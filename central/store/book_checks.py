"""The table of checks of medical books: what was read where, whose book it is on record, and what came of it.

Rows are added and never changed. What was read stands here by its hash; points carry dates and no finding.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, Date, ForeignKey, Index, Table, Text, select

from central.store.grounds import ground
from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.registry import is_employed, worker

book_check = Table(
    "book_check",
    metadata,
    Column("check_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("place", Text, nullable=False, comment="employer: on the employer's page; terminal: at a kiosk"),
    Column("employer_id", Text, comment="whose page it was, or whose worker was examined"),
    Column("worker_id", Text, comment="employment of whom it is; empty: nobody"),
    Column("terminal_id", Text, comment="of a check at a kiosk"),
    Column("exam_id", Text, unique=True, comment="of a check at a kiosk: the exam that the code was read before"),
    Column("account_id", Text, comment="who checked; empty at a kiosk"),
    Column("at", UtcDateTime, nullable=False),
    Column("first_day", Date, nullable=False, comment="with last_day: the days on which all has to hold"),
    Column("last_day", Date, nullable=False),
    Column("read_sha256", Text, nullable=False, comment="of what was read or typed, UTF-8"),
    Column("read_form", Text, nullable=False, comment="worker_code, link, text, unknown"),
    Column("read_host", Text, nullable=False, comment="of an address; nobody has looked there"),
    Column("ground_id", Text, comment="the entry of the book that was found"),
    Column(
        "result", Text, nullable=False, comment="complies, does_not_comply, not_found, several, foreign_code, unknown"
    ),
    Column("points", JSON, nullable=False, comment="code, name, state and dates of each point"),
    Column("rules_version", Text, nullable=False, comment="of the book ground_rules; empty: nothing was judged"),
    Index("ix_book_check_employer_id_check_id", "employer_id", "check_id"),
    Index("ix_book_check_worker_id_check_id", "worker_id", "check_id"),
)
"""Checks of medical books."""


@dataclass(frozen=True, slots=True)
class BookCheck:
    """One check."""

    check_id: str
    org: str
    place: str
    employer_id: str | None
    worker_id: str | None
    terminal_id: str | None
    exam_id: str | None
    account_id: str | None
    at: datetime
    first_day: date
    last_day: date
    read_sha256: str
    read_form: str
    read_host: str
    ground_id: str | None
    result: str
    points: list[dict[str, Any]]
    rules_version: str


def add(connection: Connection, item: BookCheck) -> bool:
    """Insert; False where the exam has its check already."""
    values = {name: getattr(item, name) for name in BookCheck.__slots__}
    statement = insert_for(connection, book_check).values(**values)
    done = statement.on_conflict_do_nothing(index_elements=["exam_id"]).returning(book_check.c.check_id)
    return connection.execute(done).first() is not None


def get(connection: Connection, check_id: str) -> BookCheck | None:
    """One check."""
    row = connection.execute(select(book_check).where(book_check.c.check_id == check_id)).mappings().one_or_none()
    return None if row is None else BookCheck(**row)


def of_exam(connection: Connection, exam_id: str) -> BookCheck | None:
    """The check of the code that was read before an exam."""
    row = connection.execute(select(book_check).where(book_check.c.exam_id == exam_id)).mappings().one_or_none()
    return None if row is None else BookCheck(**row)


def of_employers(connection: Connection, employer_ids: Collection[str], limit: int) -> list[BookCheck]:
    """The newest checks of these employers' pages and of their workers at terminals."""
    c = book_check.c
    query = select(book_check).where(c.employer_id.in_(employer_ids)).order_by(c.check_id.desc()).limit(limit)
    return [BookCheck(**row) for row in connection.execute(query).mappings()]


def of_workers(connection: Connection, worker_ids: Sequence[str], limit: int) -> list[BookCheck]:
    """The newest checks of these employments."""
    c = book_check.c
    query = select(book_check).where(c.worker_id.in_(worker_ids)).order_by(c.check_id.desc()).limit(limit)
    return [BookCheck(**row) for row in connection.execute(query).mappings()]


def numbered_of_employer(connection: Connection, kind: str, employer_id: str, day: date) -> list[tuple[str, str, str]]:
    """Person, employment and number of every entry of a kind that has a number, of whom an employer employs on a day.

    An entry belongs to the person: it may have been entered for another employment of theirs in that organisation.
    """
    own, other = worker.alias("own"), worker.alias("other")
    employed = select(worker.c.worker_id).where(worker.c.employer_id == employer_id, is_employed(day))
    query = (
        select(own.c.person_id, own.c.worker_id, ground.c.number)
        .join_from(own, other, (other.c.person_id == own.c.person_id) & (other.c.org == own.c.org))
        .join(ground, ground.c.worker_id == other.c.worker_id)
        .where(ground.c.kind == kind, ground.c.number.is_not(None), own.c.worker_id.in_(employed))
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(own.c.worker_id))]
