"""Tables of grounds from other registers: examinations, vaccinations, medical books, sick leaves and the like.

Rows are added, never changed: what a register said on a day stays. The latest of each kind and source holds, unless another row
takes its place. Whose a row is, is asked of the employment that it was entered for: persons who turn out to be one have all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Index,
    RowMapping,
    Select,
    Table,
    Text,
    func,
    select,
)
from sqlalchemy.schema import UniqueConstraint

from central.core.ground_effects import standing
from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.registry import same_person, worker

ground = Table(
    "ground",
    metadata,
    Column("ground_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False),
    Column("kind", Text, nullable=False, comment="code of the book ground_kinds"),
    Column("at", Date, nullable=False, comment="day of the examination or of the entry"),
    Column("valid_until", Date),
    Column("finding", Text, nullable=False, comment="fit, restricted, unfit, none"),
    Column("blocks_remote", Boolean, nullable=False, comment="the source says: in person only"),
    Column("note", Text, nullable=False),
    Column("source", Text, nullable=False, comment="which register it comes from"),
    Column("sha256", Text, nullable=False, comment="of the row; the same row twice changes nothing"),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("entered_by", Text, comment="account; empty: from the command line"),
    Column("at_time", Text, comment="time of day of the examination, HH:MM; empty: not said"),
    Column("doctor", Text, comment="who examined"),
    Column("organisation", Text, comment="where"),
    Column("organisation_oid", Text, comment="its OID in the federal register"),
    Column("vaccine", Text, comment="of a vaccination: code of the book vaccines"),
    Column("dose", Text, comment="of a vaccination: number of the dose or its name"),
    Column("series", Text, comment="series of the document or of the vaccine"),
    Column("number", Text, comment="number of the document: medical book, sick leave, certificate"),
    Column("said_state", Text, comment="confirmed or not_confirmed, as the file says; empty: unconfirmed"),
    Column("supersedes", Text, comment="ground_id of the row that this one takes the place of"),
    UniqueConstraint("worker_id", "sha256"),
)
"""What registers said of persons, by the employment that each row was entered for."""

ground_state = Table(
    "ground_state",
    metadata,
    Column("state_id", Text, primary_key=True),
    Column("ground_id", ForeignKey("ground.ground_id"), nullable=False),
    Column(
        "state", Text, nullable=False, comment="confirmed, not_confirmed, or unconfirmed: takes the one before back"
    ),
    Column("register", Text, nullable=False, comment="with what it was compared: a register, an exchange, a document"),
    Column("note", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("account_id", Text, comment="who says so; empty: from the command line"),
    Index("ix_ground_state_ground_id", "ground_id", "state_id"),
)
"""What comparisons with the register of the medical organisation gave; the newest of a ground holds."""

GroundState = Literal["unconfirmed", "confirmed", "not_confirmed"]


@dataclass(frozen=True, slots=True)
class Ground:
    """What another register says about a worker. `state`: what the last comparison gave."""

    ground_id: str
    org: str
    worker_id: str
    kind: str
    at: date
    valid_until: date | None
    finding: str
    blocks_remote: bool
    note: str
    source: str
    sha256: str
    entered_at: datetime
    entered_by: str | None
    at_time: str = ""
    doctor: str = ""
    organisation: str = ""
    organisation_oid: str = ""
    vaccine: str = ""
    dose: str = ""
    series: str = ""
    number: str = ""
    supersedes: str | None = None
    state: GroundState = "unconfirmed"


@dataclass(frozen=True, slots=True)
class StateRow:
    """One comparison of a ground."""

    state_id: str
    ground_id: str
    state: str
    register: str
    note: str
    at: datetime
    account_id: str | None


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Insert rows, some hundreds of them; those that are there already are left alone. Returns how many were new."""
    there = known(connection, sorted({row["worker_id"] for row in rows}))
    new = [row for row in rows if (row["worker_id"], row["sha256"]) not in there]
    if not new:
        return 0
    # Somebody else may enter the same at this moment: what is written counts, and not what was to be.
    insert = insert_for(connection, ground).on_conflict_do_nothing().returning(ground.c.ground_id)
    return len(connection.execute(insert, new).all())


def known(connection: Connection, worker_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Worker and hash of every row of these workers."""
    query = select(ground.c.worker_id, ground.c.sha256).where(ground.c.worker_id.in_(worker_ids))
    return {(row.worker_id, row.sha256) for row in connection.execute(query)}


def get(connection: Connection, ground_id: str) -> Ground | None:
    """One row."""
    row = connection.execute(_query().where(ground.c.ground_id == ground_id)).mappings().one_or_none()
    return None if row is None else _ground(row)


def of_worker(connection: Connection, worker_id: str) -> list[Ground]:
    """Everything that the organisation knows of the person, whichever of its employers sent the person there; newest first."""
    query = _query().where(ground.c.worker_id.in_(same_person(worker_id)))
    found = connection.execute(query.order_by(ground.c.at.desc(), ground.c.entered_at.desc())).mappings()
    return [_ground(row) for row in found]


def of_persons(connection: Connection, org: str, person_ids: Sequence[str]) -> dict[str, list[Ground]]:
    """By person: everything that the organisation knows, the oldest entry first."""
    query = _query(worker.c.person_id).join(worker, worker.c.worker_id == ground.c.worker_id)
    query = query.where(worker.c.person_id.in_(person_ids), ground.c.org == org)
    found: dict[str, list[Ground]] = {}
    for row in connection.execute(query.order_by(ground.c.entered_at, ground.c.ground_id)).mappings():
        found.setdefault(row["person_id"], []).append(_ground(row))
    return found


def latest(rows: Sequence[Ground]) -> list[Ground]:
    """The rows that hold, as rules see them: the last of each kind and source that no other supersedes."""
    return standing(sorted(rows, key=lambda item: item.entered_at))


def add_state(connection: Connection, values: StateRow) -> None:
    """Keep what a comparison gave."""
    connection.execute(ground_state.insert().values(**{name: getattr(values, name) for name in StateRow.__slots__}))


def states_of(connection: Connection, ground_ids: Sequence[str]) -> dict[str, list[StateRow]]:
    """Comparisons of these rows, the newest first."""
    found: dict[str, list[StateRow]] = {}
    query = (
        select(ground_state).where(ground_state.c.ground_id.in_(ground_ids)).order_by(ground_state.c.state_id.desc())
    )
    for row in connection.execute(query).mappings():
        found.setdefault(row["ground_id"], []).append(StateRow(**row))
    return found


def _query(*more: ColumnElement[Any]) -> Select[Any]:
    c = ground_state.c
    newest = select(c.ground_id, func.max(c.state_id).label("state_id")).group_by(c.ground_id).subquery()
    return (
        select(ground, c.state.label("compared"), *more)
        .outerjoin(newest, newest.c.ground_id == ground.c.ground_id)
        .outerjoin(ground_state, c.state_id == newest.c.state_id)
    )


_SAID_SINCE = ("at_time", "doctor", "organisation", "organisation_oid", "vaccine", "dose", "series", "number")


def _ground(row: RowMapping) -> Ground:
    values: dict[str, Any] = {name: row[name] for name in Ground.__slots__ if name not in {*_SAID_SINCE, "state"}}
    values |= {name: row[name] or "" for name in _SAID_SINCE}
    return Ground(**values, state=row["compared"] or row["said_state"] or "unconfirmed")
