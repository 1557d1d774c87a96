"""The log of passages: each request of a gate with its answer, and each opening that a gate was told of.

A row is a record and is sealed. What may change is how far an opening has got, and that its admission was corrected later.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Column, Connection, Index, Table, Text, exists, func, select, update
from sqlalchemy.exc import IntegrityError

from central.core.gate_config import GateConfig
from central.store.exams import exam
from central.store.metadata import UtcDateTime, metadata

gate_passage = Table(
    "gate_passage",
    metadata,
    Column("passage_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("gate", Text, nullable=False, comment="name in central.toml, or the terminal of a relay"),
    Column("request_key", Text, nullable=False, comment="what tells this gate's requests apart"),
    Column("asked_for", Text, nullable=False, comment="personnel number, or the end of a card's number"),
    Column("employer_id", Text),
    Column("worker_id", Text, index=True),
    Column("answer", Text, nullable=False, comment="open, or the code of a refusal"),
    Column("exam_id", Text, comment="of the admission that was looked at"),
    Column("decision_id", Text, index=True),
    Column("valid_until", UtcDateTime, comment="end of the admission"),
    Column("opening_of", Text, unique=True, comment="exam of an opening: one admission opens once"),
    Column("asked_at", UtcDateTime, nullable=False),
    Column(
        "state",
        Text,
        nullable=False,
        comment="answered, queued, telling, told, passed, not_passed, unknown, failed, withdrawn",
    ),
    Column("state_at", UtcDateTime, nullable=False),
    Column("words", Text, nullable=False, comment="what the gate said, or why it was not reached"),
    Column("corrected_at", UtcDateTime, comment="when the admission of an opening was corrected"),
    Index("uq_gate_passage_request", "gate", "request_key", unique=True),
    Index("ix_gate_passage_org_asked_at", "org", "asked_at"),
    Index("ix_gate_passage_gate_state", "gate", "state"),
)
"""Requests of gates, answers, openings."""

PASSAGE_STATE = frozenset({"state", "state_at", "words", "corrected_at"})
OPEN = "open"
MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """One request and its answer. `answer`: `open`, or a code of `gate.answer`."""

    passage_id: str
    org: str
    gate: str
    request_key: str
    asked_for: str
    employer_id: str | None
    worker_id: str | None
    answer: str
    exam_id: str | None
    decision_id: str | None
    valid_until: datetime | None
    opening_of: str | None
    asked_at: datetime
    state: str
    state_at: datetime
    words: str = ""
    corrected_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether this request opened the gate, or was to open it."""
        return self.answer == OPEN


class OpenedAlready(Exception):
    """The admission has opened a gate, or the gate's request was answered before; roll the transaction back."""


def add(connection: Connection, item: Passage) -> None:
    """Insert a row. Raises `OpenedAlready`."""
    try:
        connection.execute(
            gate_passage.insert().values(**{one.name: getattr(item, one.name) for one in fields(Passage)})
        )
    except IntegrityError as error:
        raise OpenedAlready(item.exam_id) from error


def of_request(connection: Connection, gate: str, request_key: str) -> Passage | None:
    """What was answered to that request."""
    query = select(gate_passage).where(gate_passage.c.gate == gate, gate_passage.c.request_key == request_key)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Passage(**row)


def opening_of(connection: Connection, exam_id: str) -> Passage | None:
    """The opening that an exam's admission was used for."""
    row = connection.execute(select(gate_passage).where(gate_passage.c.opening_of == exam_id)).mappings().one_or_none()
    return None if row is None else Passage(**row)


def newest_moment(connection: Connection, org: str) -> datetime | None:
    """When a gate of this organisation last asked."""
    query = select(gate_passage.c.asked_at).where(gate_passage.c.org == org)
    return connection.execute(query.order_by(gate_passage.c.asked_at.desc()).limit(1)).scalar_one_or_none()


IN_HAND = ("queued", "telling")


def in_hand(connection: Connection, gate: str) -> list[Passage]:
    """Openings that are being handed over, or wait for it."""
    query = select(gate_passage).where(gate_passage.c.gate == gate, gate_passage.c.state.in_(IN_HAND))
    return [Passage(**row) for row in connection.execute(query.order_by(gate_passage.c.asked_at)).mappings()]


def settle_in_hand(connection: Connection, gate: str, at: datetime, besides: Collection[str] = ()) -> None:
    """Openings that were in hand when the program ended: nobody tells the gate of them again, `besides` those that are named."""
    own = (gate_passage.c.gate == gate, gate_passage.c.passage_id.not_in(besides))
    for before, after in (("telling", "unknown"), ("queued", "failed")):
        connection.execute(
            update(gate_passage).where(*own, gate_passage.c.state == before).values(state=after, state_at=at)
        )


def admitted_beside(connection: Connection, gate: GateConfig, since: datetime) -> list[tuple[str, str]]:
    """Decision and worker of each admission at the terminals beside a gate that was signed since then and that it was not asked."""
    c = exam.c
    is_asked = exists().where(gate_passage.c.gate == gate.name, gate_passage.c.request_key == c.decision_id)
    query = (
        select(c.decision_id, c.worker_id)
        .where(c.org == gate.org, c.terminal_id.in_(gate.terminals), c.outcome == "admitted", c.decided_at >= since)
        .where(c.decision_id.is_not(None), c.worker_id.is_not(None), ~is_asked)
        .order_by(c.decided_at)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def move(
    connection: Connection, passage_id: str, before: Collection[str], state: str, at: datetime, words: str = ""
) -> bool:
    """Bring an opening from one of these states to another; False when it was in none of them."""
    chosen = (gate_passage.c.passage_id == passage_id, gate_passage.c.state.in_(before))
    changed = {"state": state, "state_at": at, "words": words[:MOST_WORDS]}
    return connection.execute(update(gate_passage).where(*chosen).values(**changed)).rowcount == 1


def correct(connection: Connection, decision_id: str, at: datetime) -> list[Passage]:
    """The admission is corrected: what no gate was told of is withdrawn. Returns the openings that stand, now marked."""
    own = (gate_passage.c.decision_id == decision_id, gate_passage.c.answer == OPEN)
    connection.execute(
        update(gate_passage)
        .where(*own, gate_passage.c.state == "queued")
        .values(state="withdrawn", state_at=at, corrected_at=at)
    )
    stands = (*own, gate_passage.c.corrected_at.is_(None))
    found = [Passage(**row) for row in connection.execute(select(gate_passage).where(*stands)).mappings()]
    connection.execute(update(gate_passage).where(*stands).values(corrected_at=at))
    return found


def openings(connection: Connection) -> int:
    """How many openings there are in all."""
    query = select(func.count()).select_from(gate_passage).where(gate_passage.c.opening_of.is_not(None))
    return int(connection.execute(query.where(gate_passage.c.state != "withdrawn")).scalar_one())


@dataclass(frozen=True, slots=True)
class PassageFilter:
    """What a page shows. Empty: everything."""

    gate: str = ""
    answer: str = ""
    """`open`, `closed` or `corrected`."""
    since: datetime | None = None
    until: datetime | None = None


def listed(
    connection: Connection,
    orgs: Sequence[str],
    wanted: PassageFilter | None = None,
    *,
    employer_ids: Collection[str] | None = None,
    limit: int = 300,
) -> list[Passage]:
    """The newest rows of these organisations, or of the workers of some employers of theirs."""
    chosen, c = wanted or PassageFilter(), gate_passage.c
    query = select(gate_passage).where(c.org.in_(orgs))
    if employer_ids is not None:
        query = query.where(c.employer_id.in_(employer_ids))
    if chosen.gate:
        query = query.where(c.gate == chosen.gate)
    if chosen.answer == "corrected":
        query = query.where(c.corrected_at.is_not(None))
    elif chosen.answer:
        query = query.where(c.answer == OPEN if chosen.answer == "open" else c.answer != OPEN)
    if chosen.since is not None:
        query = query.where(c.asked_at >= chosen.since)
    if chosen.until is not None:
        query = query.where(c.asked_at < chosen.until)
    rows = connection.execute(query.order_by(c.asked_at.desc(), c.passage_id.desc()).limit(limit)).mappings()
    return [Passage(**row) for row in rows]


def last_of_gates(
    connection: Connection, orgs: Sequence[str], *, employer_ids: Collection[str] | None = None
) -> dict[str, Passage]:
    """The newest row of each gate, or of each gate's rows of some employers."""
    c = gate_passage.c
    newest = select(func.max(c.passage_id)).where(c.org.in_(orgs)).group_by(c.gate)
    if employer_ids is not None:
        newest = newest.where(c.employer_id.in_(employer_ids))
    rows = connection.execute(select(gate_passage).where(c.passage_id.in_(newest))).mappings()
    return {row["gate"]: Passage(**row) for row in rows}
