"""Tables of electronic waybills: files of carriers, the medics' titles that answer them, receipts of operators.

A file and a title are records: bytes and signature stay as they came and as they were signed. What may change is how far each has
got. One file of a carrier asks for one title for each of its drivers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from sqlalchemy import (
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from central.store.metadata import UtcDateTime, insert_for, metadata
from sync.contract.canonical import new_id, sha256_hex

waybill = Table(
    "waybill",
    metadata,
    Column("waybill_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("operator", Text, nullable=False, comment="name in central.toml"),
    Column("kind", Text, nullable=False, comment="T1, T5; empty: unreadable"),
    Column("file_id", Text, nullable=False, comment="ИдФайл"),
    Column("driver_no", Integer, nullable=False, comment="place of the driver in the file, from 1"),
    Column("sha256", Text, nullable=False),
    Column("waybill_uid", Text, nullable=False, index=True, comment="УИД_ПЛ"),
    Column("number", Text, nullable=False),
    Column("employer_id", Text),
    Column("worker_id", Text, index=True, comment="employment that the driver's ИНН leads to"),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("content", LargeBinary, nullable=False, comment="the file, exactly as it came"),
    Column("signature", LargeBinary, nullable=False, comment="the carrier's detached CMS"),
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False, comment="refused, parked, waiting, not_needed, titled"),
    Column("fault", Text, nullable=False, comment="code of waybill.fault; empty: none"),
    Column("detail", Text, nullable=False, comment="the place of the fault"),
    Index("uq_waybill_file", "operator", "file_id", "sha256", "driver_no", unique=True),
    Index("ix_waybill_org_received_at", "org", "received_at"),
)
"""Files of carriers (T1, T5), a row for each driver."""

WAYBILL_STATE = frozenset({"employer_id", "worker_id", "state", "fault", "detail"})

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
class Waybill:
    """A carrier's file, for one driver."""

    waybill_id: str
    org: str
    operator: str
    kind: str
    file_id: str
    driver_no: int
    sha256: str
    waybill_uid: str
    number: str
    employer_id: str | None
    worker_id: str | None
    valid_from: date | None
    valid_until: date | None
    content: bytes
    signature: bytes
    received_at: datetime
    state: str
    fault: str = ""
    detail: str = ""


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


def is_known(connection: Connection, operator: str, file_id: str, sha256: str) -> bool:
    """Whether exactly this file came before."""
    query = select(waybill.c.waybill_id).where(
        waybill.c.operator == operator, waybill.c.file_id == file_id, waybill.c.sha256 == sha256
    )
    return connection.execute(query.limit(1)).first() is not None


def is_named(connection: Connection, operator: str, file_id: str) -> bool:
    """Whether a readable file of that ИдФайл came before."""
    query = select(waybill.c.waybill_id).where(
        waybill.c.operator == operator, waybill.c.file_id == file_id, waybill.c.state != "refused"
    )
    return connection.execute(query.limit(1)).first() is not None


def add(connection: Connection, items: Sequence[Waybill]) -> None:
    """Insert the rows of one file."""
    if items:
        connection.execute(
            waybill.insert(), [{one.name: getattr(item, one.name) for one in fields(Waybill)} for item in items]
        )


def find(connection: Connection, waybill_id: str) -> Waybill | None:
    """The row with that id."""
    row = connection.execute(select(waybill).where(waybill.c.waybill_id == waybill_id)).mappings().one_or_none()
    return None if row is None else Waybill(**row)


def of_uid(connection: Connection, operator: str, waybill_uid: str, kind: str) -> list[Waybill]:
    """Rows of one waybill and kind, in the order of its drivers; those that were refused left out."""
    query = select(waybill).where(
        waybill.c.operator == operator,
        waybill.c.waybill_uid == waybill_uid,
        waybill.c.kind == kind,
        waybill.c.state != "refused",
    )
    rows = connection.execute(query.order_by(waybill.c.received_at, waybill.c.driver_no)).mappings()
    return [Waybill(**row) for row in rows]


def of_worker(connection: Connection, worker_id: str, kind: str, day: date) -> list[Waybill]:
    """What waits for a title of this worker's on that day: the waybill's term holds then, or begins on the next day."""
    query = select(waybill).where(
        waybill.c.worker_id == worker_id,
        waybill.c.kind == kind,
        waybill.c.state == "waiting",
        waybill.c.valid_until >= day,
    )
    found = [Waybill(**row) for row in connection.execute(query.order_by(waybill.c.received_at)).mappings()]
    return [one for one in found if one.valid_from is not None and (one.valid_from - day).days <= 1]


def parked(connection: Connection, operator: str) -> list[Waybill]:
    """What waits for the register or for another file, the oldest first."""
    query = select(waybill).where(waybill.c.operator == operator, waybill.c.state == "parked")
    return [Waybill(**row) for row in connection.execute(query.order_by(waybill.c.received_at)).mappings()]


def settle(connection: Connection, waybill_id: str, **changed: object) -> None:
    """Change how far a file has got: columns of `WAYBILL_STATE`."""
    connection.execute(update(waybill).where(waybill.c.waybill_id == waybill_id).values(**changed))


@dataclass(frozen=True, slots=True)
class ListedWaybill:
    """One line of the page: a file and its title, without their bytes."""

    waybill_id: str
    org: str
    operator: str
    kind: str
    file_id: str
    number: str
    employer_id: str | None
    worker_id: str | None
    valid_from: date | None
    valid_until: date | None
    received_at: datetime
    state: str
    fault: str
    detail: str
    title: str | None
    title_file_id: str | None
    exam_id: str | None
    title_state: str | None
    attempts: int | None
    due_at: datetime | None
    signed_at: datetime | None
    sent_at: datetime | None
    answered_at: datetime | None
    words: str | None


def listed(connection: Connection, orgs: Collection[str], limit: int = 300) -> list[ListedWaybill]:
    """The newest files of these organisations, with what became of each."""
    own = (
        *("waybill_id", "org", "operator", "kind", "file_id", "number", "employer_id", "worker_id"),
        *("valid_from", "valid_until", "received_at", "state", "fault", "detail"),
    )
    title = waybill_title.c
    query = (
        select(
            *(waybill.c[name] for name in own),
            title.title,
            title.file_id.label("title_file_id"),
            title.exam_id,
            title.state.label("title_state"),
            *(title.attempts, title.due_at, title.signed_at, title.sent_at, title.answered_at, title.words),
        )
        .outerjoin(waybill_title, title.waybill_id == waybill.c.waybill_id)
        .where(waybill.c.org.in_(orgs))
        .order_by(waybill.c.received_at.desc(), waybill.c.driver_no)
        .limit(limit)
    )
    return [ListedWaybill(**row) for row in connection.execute(query).mappings()]


def waits_for(row: ListedWaybill, today: date) -> str:
    """Who must act now, as a word of `waybill.waits`; `nobody` when there is nothing to be done. Pure."""
    if row.title_state is not None:
        return _WAITS_OF_TITLE.get(row.title_state, "operator")
    if row.state == "waiting":
        return "nobody" if row.valid_until is not None and row.valid_until < today else "medic"
    if row.state == "parked":
        return _WAITS_OF_FAULT.get(row.fault, "register")
    return "carrier" if row.state == "refused" else "nobody"


_WAITS_OF_TITLE = {"accepted": "nobody", "withdrawn": "nobody", "refused": "administrator", "corrected": "medic_tells"}
_WAITS_OF_FAULT = dict.fromkeys(("driver_without_inn", "carrier_without_inn", "no_waybill"), "carrier")


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
