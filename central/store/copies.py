"""Tables of copies of papers: what was made, and what became of each. Rows are added, never changed; the last move is the state."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import UniqueConstraint

from central.core.copy_rules import MADE
from central.store.exams import exam
from central.store.metadata import UtcDateTime, metadata
from central.store.papers import paper
from central.store.registry import worker

copy = Table(
    "copy",
    metadata,
    Column("copy_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("paper_id", ForeignKey("paper.paper_id"), nullable=False),
    Column("copy_no", Integer, nullable=False, comment="counted per paper, from 1"),
    Column("role", Text, nullable=False, comment="original, patient, employer, insurer, register, internal"),
    Column("form", Text, nullable=False, comment="paper, electronic"),
    Column("record_id", Text, nullable=False, comment="the signed record that stands on it: paper_record or decision"),
    Column("sha256", Text, nullable=False, comment="of the PDF, whose bytes are printed again and never made anew"),
    Column("stored_sha256", Text, nullable=False, comment="of the sealed file in the folder of media"),
    Column("file_id", Text, nullable=False, comment="what the sealed file is bound to: the signed paper, or this copy"),
    Column("size_bytes", Integer, nullable=False),
    Column(
        "signature",
        LargeBinary,
        nullable=False,
        comment="the organisation's CMS beside the PDF, DER; empty where it is inside",
    ),
    Column("ground", Text, nullable=False, comment="why it was made beyond the norm; empty: within it"),
    Column("replaces", Text, comment="the copy that was lost, damaged or destroyed, whose place this one takes"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", Text, nullable=False, comment="account"),
    UniqueConstraint("paper_id", "copy_no"),
    Index("ix_copy_org_made_at", "org", "made_at"),
)
"""Copies of papers, each with its bytes."""

copy_move = Table(
    "copy_move",
    metadata,
    Column("move_id", Text, primary_key=True),
    Column("copy_id", ForeignKey("copy.copy_id"), nullable=False),
    Column("move_no", Integer, nullable=False, comment="counted per copy, from 1: no two follow the same one"),
    Column("org", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="issue, transfer, return, loss, destroy, archive_in, archive_out"),
    Column("state", Text, nullable=False, comment="what the copy is in afterwards"),
    Column("on_day", Date, nullable=False, comment="when it happened, as somebody entered it"),
    Column("receiver_sealed", LargeBinary, comment="who took it: AES-256-GCM, as contacts of persons"),
    Column(
        "receiver_kind",
        Text,
        nullable=False,
        comment="patient, representative, employer, insurer, authority, colleague; empty: nobody",
    ),
    Column("way", Text, nullable=False, comment="in_person, mail, post, portal; empty: none"),
    Column("receipt", Text, nullable=False, comment="signature, electronic, none; empty: does not apply"),
    Column("due_back", Date),
    Column("document", Text, nullable=False, comment="act or letter that it rests on, as it was entered"),
    Column("document_id", Text, comment="act of this store that it rests on"),
    Column("note", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, comment="when it was entered"),
    Column("account_id", Text, nullable=False),
    UniqueConstraint("copy_id", "move_no"),
    Index("ix_copy_move_org_at", "org", "at"),
)
"""What became of copies: handed out, back, lost, destroyed, into the archive and out of it."""

archive_entry = Table(
    "archive_entry",
    metadata,
    Column("entry_id", Text, primary_key=True),
    Column("copy_id", ForeignKey("copy.copy_id"), nullable=False, index=True),
    Column("move_id", ForeignKey("copy_move.move_id"), nullable=False, unique=True, comment="that brought it there"),
    Column("org", Text, nullable=False),
    Column("inventory_no", Text, nullable=False, comment="of the archive's list; a copy keeps it"),
    Column("arrived_on", Date, nullable=False),
    Column("keeper", Text, nullable=False, comment="who keeps the archive"),
    Column("place", Text, nullable=False, comment="room, shelf, folder"),
    Index("ix_archive_entry_org_inventory_no", "org", "inventory_no"),
)
"""Where in the archive a copy was put."""

_last = (
    select(copy_move.c.state)
    .where(copy_move.c.copy_id == copy.c.copy_id)
    .order_by(copy_move.c.move_no.desc())
    .limit(1)
    .correlate(copy)
    .scalar_subquery()
)
state_now: ColumnElement[str] = func.coalesce(_last, MADE)
"""The state of a row of `copy`: what its last move has left."""

_AT_ONCE = 500
"""So many ids stand in one question to the store."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a paper."""

    copy_id: str
    org: str
    paper_id: str
    copy_no: int
    role: str
    form: str
    record_id: str
    sha256: str
    stored_sha256: str
    file_id: str
    size_bytes: int
    signature: bytes
    ground: str
    replaces: str | None
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class CopyMove:
    """One thing that happened to a copy."""

    move_id: str
    copy_id: str
    move_no: int
    org: str
    kind: str
    state: str
    on_day: date
    receiver_sealed: bytes | None
    receiver_kind: str
    way: str
    receipt: str
    due_back: date | None
    document: str
    document_id: str | None
    note: str
    at: datetime
    account_id: str


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """Where in the archive a copy was put."""

    entry_id: str
    copy_id: str
    move_id: str
    org: str
    inventory_no: str
    arrived_on: date
    keeper: str
    place: str


class NumberTaken(Exception):
    """Somebody else has made a copy with that number, or moved the copy, first. The transaction must be rolled back."""


def next_number(connection: Connection, paper_id: str) -> int:
    """The number of the next copy of a paper."""
    query = select(func.coalesce(func.max(copy.c.copy_no), 0)).where(copy.c.paper_id == paper_id)
    return int(connection.execute(query).scalar_one()) + 1


def add(connection: Connection, item: Copy) -> None:
    """Insert a copy. Raises `NumberTaken`."""
    try:
        connection.execute(copy.insert().values(**{one.name: getattr(item, one.name) for one in fields(Copy)}))
    except IntegrityError as error:
        raise NumberTaken(item.paper_id) from error


def find(connection: Connection, copy_id: str) -> Copy | None:
    """One copy."""
    row = connection.execute(select(copy).where(copy.c.copy_id == copy_id)).mappings().one_or_none()
    return None if row is None else Copy(**row)


def by_number(connection: Connection, paper_id: str, copy_no: int) -> Copy | None:
    """The copy of a paper with that number."""
    query = select(copy).where(copy.c.paper_id == paper_id, copy.c.copy_no == copy_no)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Copy(**row)


def of_papers(connection: Connection, paper_ids: Collection[str]) -> Mapping[str, list[Copy]]:
    """Copies of these papers by paper, in the order of their numbers."""
    found: dict[str, list[Copy]] = {}
    for some in _parts(paper_ids):
        query = select(copy).where(copy.c.paper_id.in_(some)).order_by(copy.c.paper_id, copy.c.copy_no)
        for row in connection.execute(query).mappings():
            found.setdefault(row["paper_id"], []).append(Copy(**row))
    return found


def add_move(connection: Connection, item: CopyMove) -> None:
    """Insert a move. Raises `NumberTaken`."""
    try:
        connection.execute(copy_move.insert().values(**{one.name: getattr(item, one.name) for one in fields(CopyMove)}))
    except IntegrityError as error:
        raise NumberTaken(item.copy_id) from error


def moves_of(connection: Connection, copy_ids: Collection[str]) -> Mapping[str, list[CopyMove]]:
    """What happened to these copies by copy, the oldest first."""
    found: dict[str, list[CopyMove]] = {}
    for some in _parts(copy_ids):
        query = (
            select(copy_move).where(copy_move.c.copy_id.in_(some)).order_by(copy_move.c.copy_id, copy_move.c.move_no)
        )
        for row in connection.execute(query).mappings():
            found.setdefault(row["copy_id"], []).append(CopyMove(**row))
    return found


def add_archive_entry(connection: Connection, item: ArchiveEntry) -> None:
    """Insert where a copy was put."""
    values = {one.name: getattr(item, one.name) for one in fields(ArchiveEntry)}
    connection.execute(archive_entry.insert().values(**values))


def archive_entries_of(connection: Connection, copy_ids: Collection[str]) -> Mapping[str, ArchiveEntry]:
    """Where each of these copies was put last, by copy."""
    found: dict[str, ArchiveEntry] = {}
    for some in _parts(copy_ids):
        query = select(archive_entry).where(archive_entry.c.copy_id.in_(some)).order_by(archive_entry.c.entry_id)
        for row in connection.execute(query).mappings():
            found[row["copy_id"]] = ArchiveEntry(**row)
    return found


def holder_of(connection: Connection, org: str, inventory_no: str) -> str | None:
    """The copy that has that number in the archive's list, whether it is there now or not."""
    c = archive_entry.c
    query = select(c.copy_id).where(c.org == org, c.inventory_no == inventory_no).limit(1)
    return connection.execute(query).scalar_one_or_none()


def state_after(moves: Sequence[CopyMove]) -> str:
    """The state that the last of a copy's moves has left."""
    return moves[-1].state if moves else MADE


@dataclass(frozen=True, slots=True)
class CopyPlace:
    """A copy on paper with its paper, for lists of what has to be where."""

    copy_id: str
    copy_no: int
    role: str
    kind: str
    number: int
    year: int
    state: str
    worker_name: str | None

    @property
    def order(self) -> tuple[str, int, int, int]:
        """As papers lie in a folder."""
        return self.kind, self.year, self.number, self.copy_no


def places(
    connection: Connection, org: str, *, states: Collection[str] = (), copy_ids: Collection[str] | None = None
) -> list[CopyPlace]:
    """Copies on paper of an organisation: in one of these states, or those with these ids."""
    if copy_ids is not None:
        found = [one for some in _parts(copy_ids) for one in _places(connection, org, copy.c.copy_id.in_(some))]
    else:
        found = _places(connection, org, state_now.in_(sorted(states)))
    return sorted(found, key=lambda one: one.order)


def _places(connection: Connection, org: str, wanted: ColumnElement[bool]) -> list[CopyPlace]:
    columns = (copy.c.copy_id, copy.c.copy_no, copy.c.role, paper.c.kind, paper.c.number, paper.c.year, state_now)
    query = (
        select(*columns, worker.c.full_name)
        .join(paper, paper.c.paper_id == copy.c.paper_id)
        .join(exam, exam.c.exam_id == paper.c.exam_id)
        .outerjoin(worker, worker.c.worker_id == exam.c.worker_id)
        .where(copy.c.org == org, copy.c.form == "paper", wanted)
    )
    return [CopyPlace(*row) for row in connection.execute(query)]


def stored_hashes(connection: Connection) -> Sequence[str]:
    """Hashes of all sealed files, as they are found in the folder of media."""
    return connection.execute(select(copy.c.stored_sha256).order_by(copy.c.stored_sha256)).scalars().all()


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    known = list(ids)
    return (known[place : place + _AT_ONCE] for place in range(0, len(known), _AT_ONCE))
