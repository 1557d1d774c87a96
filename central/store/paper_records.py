"""Tables of what medics write on papers: signed records of certificates and protocols, and what became of a certificate.

A record is added once and never changed; a later one may correct it. What is on it is a medical secret: no employer's page, file
or message reads these tables.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import Column, Connection, Date, ForeignKey, Index, LargeBinary, Table, Text, select, text
from sqlalchemy.exc import IntegrityError

from central.store.metadata import UtcDateTime, metadata
from central.store.walking import OnBad, stream

paper_record = Table(
    "paper_record",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="refusal, sobriety"),
    Column("exam_id", Text, nullable=False, index=True),
    Column("decision_id", Text, nullable=False, index=True),
    Column("medic_id", Text, nullable=False),
    Column("medic_name", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("corrects", Text, comment="the record that this one takes the place of"),
    Column("written_at", UtcDateTime, nullable=False),
    Column("certificate_serial", Text, nullable=False),
    Column("record", LargeBinary, nullable=False, comment="canonical JSON, exactly the bytes that are signed"),
    Column("cms", LargeBinary, nullable=False, comment="the medic's detached CMS over `record`, DER"),
    # One first record of a kind on one decision, and one correction of one record, whoever races.
    Index(
        "uq_paper_record_first",
        "decision_id",
        "kind",
        unique=True,
        sqlite_where=text("corrects IS NULL"),
        postgresql_where=text("corrects IS NULL"),
    ),
    Index(
        "uq_paper_record_corrects",
        "corrects",
        unique=True,
        sqlite_where=text("corrects IS NOT NULL"),
        postgresql_where=text("corrects IS NOT NULL"),
    ),
)
"""What medics have written and signed on certificates and sobriety protocols."""

paper_event = Table(
    "paper_event",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("paper_id", ForeignKey("paper.paper_id"), nullable=False, index=True),
    Column("org", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="handed, not_taken, answered"),
    Column("on_day", Date, nullable=False, comment="when it happened, as somebody entered it"),
    Column("words", Text, nullable=False, comment="of an answer: what the other organisation found"),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("noted_by", Text, nullable=False, comment="account"),
)
"""What became of a certificate: handed over, not taken, answered by the organisation that it led to."""

EVENTS = ("handed", "not_taken", "answered")
_AT_ONCE = 500
"""So many ids stand in one question to the store."""


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """What a medic has written on a paper, as it was signed."""

    record_id: str
    org: str
    kind: str
    exam_id: str
    decision_id: str
    medic_id: str
    medic_name: str
    account_id: str
    corrects: str | None
    written_at: datetime
    certificate_serial: str
    record: bytes
    cms: bytes


@dataclass(frozen=True, slots=True)
class PaperEvent:
    """One thing that became of a certificate. `words`: of an answer."""

    event_id: str
    paper_id: str
    org: str
    kind: str
    on_day: date
    words: str
    noted_at: datetime
    noted_by: str


class RecordTaken(Exception):
    """Somebody else has written the paper, or corrected it, first."""


def add(connection: Connection, item: PaperRecord) -> None:
    """Insert a record. Raises `RecordTaken`; the transaction must then be rolled back."""
    try:
        connection.execute(
            paper_record.insert().values(**{one.name: getattr(item, one.name) for one in fields(PaperRecord)})
        )
    except IntegrityError as error:
        raise RecordTaken(item.decision_id) from error


def in_force(connection: Connection, decision_id: str, kind: str) -> PaperRecord | None:
    """The record of that kind on a decision that nobody has corrected."""
    return in_force_of(connection, [decision_id], kind).get(decision_id)


def in_force_of(connection: Connection, decision_ids: Collection[str], kind: str) -> Mapping[str, PaperRecord]:
    """The same of several decisions, by decision."""
    found: list[PaperRecord] = []
    for some in _parts(decision_ids):
        query = select(paper_record).where(paper_record.c.decision_id.in_(some), paper_record.c.kind == kind)
        found += [PaperRecord(**row) for row in connection.execute(query).mappings()]
    corrected = {item.corrects for item in found}
    return {item.decision_id: item for item in found if item.record_id not in corrected}


def kinds_of(connection: Connection, decision_id: str) -> frozenset[str]:
    """The kinds of papers that were written on a decision."""
    query = select(paper_record.c.kind).where(paper_record.c.decision_id == decision_id).distinct()
    return frozenset(connection.execute(query).scalars())


def of_exam(connection: Connection, exam_id: str) -> list[PaperRecord]:
    """All records on decisions about an exam, the oldest first."""
    query = select(paper_record).where(paper_record.c.exam_id == exam_id).order_by(paper_record.c.record_id)
    return [PaperRecord(**row) for row in connection.execute(query).mappings()]


def every(connection: Connection, on_bad: OnBad | None = None) -> Iterator[PaperRecord]:
    """All records, oldest first, without holding them in memory."""
    for row in stream(connection, select(paper_record).order_by(paper_record.c.record_id), 500, on_bad):
        yield PaperRecord(**row)


def add_event(connection: Connection, item: PaperEvent) -> None:
    """Note what became of a certificate."""
    connection.execute(paper_event.insert().values(**{one.name: getattr(item, one.name) for one in fields(PaperEvent)}))


def events_of(connection: Connection, paper_ids: Collection[str]) -> Mapping[str, list[PaperEvent]]:
    """What became of these papers, the oldest first, by paper."""
    found: dict[str, list[PaperEvent]] = {}
    for some in _parts(paper_ids):
        query = select(paper_event).where(paper_event.c.paper_id.in_(some)).order_by(paper_event.c.event_id)
        for row in connection.execute(query).mappings():
            found.setdefault(row["paper_id"], []).append(PaperEvent(**row))
    return found


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    known = list(ids)
    return (known[place : place + _AT_ONCE] for place in range(0, len(known), _AT_ONCE))
