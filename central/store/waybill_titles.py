"""Titles of medics that answer electronic waybills, and what operators say of them.

A title is a record: its bytes and its signature stay as they were signed. What may change is how far it has got.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, LargeBinary, Table, Text, or_, select, update
from sqlalchemy.exc import IntegrityError

from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.waybills import waybill
from sync.contract.canonical import new_id, sha256_hex

waybill_title = Table(
    "waybill_title",
    metadata,
    Column("title_id", Text, primary_key=True),
    Column("waybill_id", ForeignKey("waybill.waybill_id"), nullable=False, unique=True),
    Column("org", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("title", Text, nullable=False, comment="T2, T6"),
    Column("file_id", Text, nullable=False, unique=True, comment="ИдФайл"),
    Column("decision_id", Text, nullable=False, index=True),
    Column("exam_id", Text, nullable=False, index=True),
    Column("medic_id", Text, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="windows-1251, exactly the bytes that are signed"),
    Column("cms", LargeBinary, nullable=False, comment="the medic's detached CMS over content, DER"),
    Column("sha256", Text, nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False, comment="queued, sent, delivered, accepted, refused, withdrawn, corrected"),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, comment="when it is tried next"),
    Column("sent_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("words", Text, nullable=False, comment="what the operator said, or why it was not reached"),
    Index("ix_waybill_title_state_due_at", "state", "due_at"),
)
"""Titles of medics, signed."""

TITLE_STATE = frozenset({"state", "attempts", "due_at", "sent_at", "answered_at", "words"})

waybill_receipt = Table(
    "waybill_receipt",
    metadata,
    Column("receipt_id", Text, primary_key=True),
    Column("operator", Text, nullable=False),
    Column("file_id", Text, nullable=False, comment="ИдФайл of the title that it is about"),
    Column("state", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="the receipt, exactly as it came"),
    Column("sha256", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Index("uq_waybill_receipt_content", "operator", "sha256", unique=True),
)
"""Receipts of operators, those of unknown titles too."""

STEPS = ("queued", "sent", "delivered")
"""States of a title on its way, in their order; an answer of an earlier one comes late and changes nothing."""


@dataclass(frozen=True, slots=True)
class SignedTitle:
    """A title as it was signed, and how far it has got."""

    title_id: str
    waybill_id: str
    org: str
    operator: str
    title: str
    file_id: str
    decision_id: str
    exam_id: str
    medic_id: str
    content: bytes
    cms: bytes
    sha256: str
    signed_at: datetime
    state: str
    attempts: int
    due_at: datetime
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    words: str = ""


class TitleTaken(Exception):
    """The file has its title already, or waits for none any more."""


def add_title(connection: Connection, item: SignedTitle) -> None:
    """Insert a signed title, and close what it answers. Raises `TitleTaken`; the transaction must then be rolled back."""
    closed = connection.execute(
        update(waybill)
        .where(waybill.c.waybill_id == item.waybill_id, waybill.c.state == "waiting")
        .values(state="titled")
    )
    if closed.rowcount != 1:
        raise TitleTaken(item.waybill_id)
    try:
        connection.execute(
            waybill_title.insert().values(**{one.name: getattr(item, one.name) for one in fields(SignedTitle)})
        )
    except IntegrityError as error:
        raise TitleTaken(item.waybill_id) from error


def titles_of_exam(connection: Connection, exam_id: str) -> list[SignedTitle]:
    """All titles that rest on an exam, the oldest first."""
    query = select(waybill_title).where(waybill_title.c.exam_id == exam_id).order_by(waybill_title.c.title_id)
    return [SignedTitle(**row) for row in connection.execute(query).mappings()]


def titles_of_decision(connection: Connection, decision_id: str) -> list[SignedTitle]:
    """Those that rest on one decision."""
    query = select(waybill_title).where(waybill_title.c.decision_id == decision_id)
    return [SignedTitle(**row) for row in connection.execute(query.order_by(waybill_title.c.title_id)).mappings()]


def title_of_waybill(connection: Connection, waybill_id: str) -> SignedTitle | None:
    """The title that answers a carrier's file."""
    query = select(waybill_title).where(waybill_title.c.waybill_id == waybill_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else SignedTitle(**row)


def due(connection: Connection, operator: str, now: datetime, longest: timedelta, limit: int = 50) -> list[SignedTitle]:
    """What is to be sent now, the oldest first. No rest is longer than `longest`: one that seems so was begun by another clock."""
    due_at = waybill_title.c.due_at
    query = (
        select(waybill_title)
        .where(waybill_title.c.operator == operator, waybill_title.c.state == "queued")
        .where(or_(due_at <= now, due_at > now + longest))
        .order_by(waybill_title.c.title_id)
        .limit(limit)
    )
    return [SignedTitle(**row) for row in connection.execute(query).mappings()]


def begin_sending(connection: Connection, title_id: str, now: datetime, due_at: datetime) -> bool:
    """Take a title into the hand; False when it was withdrawn meanwhile. Until `mark_sent` it is tried again from `due_at` on."""
    done = connection.execute(
        update(waybill_title)
        .where(waybill_title.c.title_id == title_id, waybill_title.c.state == "queued")
        .values(attempts=waybill_title.c.attempts + 1, due_at=due_at, sent_at=now)
    )
    return done.rowcount == 1


def mark_sent(connection: Connection, title_id: str, now: datetime) -> None:
    """The operator has taken it. A title that was corrected meanwhile stays so."""
    connection.execute(
        update(waybill_title)
        .where(waybill_title.c.title_id == title_id, waybill_title.c.state == "queued")
        .values(state="sent", sent_at=now, words="")
    )


def note_failure(connection: Connection, title_id: str, words: str) -> None:
    """Why it was not handed over this time."""
    connection.execute(update(waybill_title).where(waybill_title.c.title_id == title_id).values(words=words[:200]))


def correct(connection: Connection, decision_id: str) -> list[str]:
    """The admission is corrected: what was never handed over is withdrawn, the rest is marked. Returns ids of the titles."""
    ids = [item.title_id for item in titles_of_decision(connection, decision_id)]
    rests = (
        waybill_title.c.decision_id == decision_id,
        waybill_title.c.state == "queued",
        waybill_title.c.attempts == 0,
    )
    connection.execute(update(waybill_title).where(*rests).values(state="withdrawn"))
    connection.execute(
        update(waybill_title)
        .where(waybill_title.c.decision_id == decision_id, waybill_title.c.state != "withdrawn")
        .values(state="corrected")
    )
    return ids


def add_receipt(
    connection: Connection, operator: str, file_id: str, state: str, words: str, content: bytes, now: datetime
) -> bool:
    """Keep a receipt; False when exactly this one came before."""
    statement = insert_for(connection, waybill_receipt).values(
        receipt_id=new_id(),
        operator=operator,
        file_id=file_id,
        state=state,
        words=words[:1000],
        content=content,
        sha256=sha256_hex(content),
        received_at=now,
    )
    return connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


def take_answer(connection: Connection, operator: str, file_id: str, state: str, words: str, now: datetime) -> bool:
    """Bring a title to the state of a receipt; False for one that is unknown, late, or answered for good."""
    title = waybill_title.c
    before = STEPS[: STEPS.index(state)] if state in STEPS else STEPS
    done = connection.execute(
        update(waybill_title)
        .where(title.operator == operator, title.file_id == file_id, or_(*(title.state == one for one in before)))
        .values(state=state, words=words[:200], answered_at=now)
    )
    return done.rowcount == 1
