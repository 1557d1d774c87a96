"""The table of reference faces at the terminals: what each one wants, has, refused or deleted, as it last told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    RowMapping,
    Select,
    Table,
    Text,
    func,
    select,
    update,
)

from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.outgoing import centre_outbox
from central.store.registry import worker
from central.store.terminals import terminal
from sync.contract.face import FaceNote

MOST_PARTS_IN_FLIGHT = 8
"""Parts of photos that one terminal has not acknowledged; at 175 kB each, more would make decisions wait on a thin line."""

_AT_ONCE = 500

worker_face = Table(
    "worker_face",
    metadata,
    Column("terminal_id", ForeignKey("terminal.terminal_id"), primary_key=True),
    Column("worker_id", ForeignKey("worker.worker_id"), primary_key=True),
    Column("photo_sha256", Text, nullable=False),
    Column(
        "state", Text, nullable=False, comment="wanted, sent, not_sent; told by the terminal: taken, refused, deleted"
    ),
    Column("reason", Text, nullable=False, comment="of not_sent: no_consent, other_photo, no_file"),
    Column("engine", Text, nullable=False),
    Column("problems", JSON, nullable=False, comment="of refused: codes of what to change"),
    Column("legal_basis", Text, nullable=False, comment="as the terminal's configuration names it"),
    Column("seq", BigInteger, nullable=False, comment="of the report; an older one changes nothing"),
    Column("told_at", UtcDateTime, nullable=False, comment="by the terminal's clock"),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_worker_face_state", "state"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A photo that a terminal asked for."""

    terminal_id: str
    org: str
    worker_id: str
    photo_sha256: str
    seq: int


def workers_of(connection: Connection, org: str, worker_ids: Sequence[str]) -> set[str]:
    """Those of the named workers that belong to the organisation."""
    query = select(worker.c.worker_id).where(worker.c.org == org, worker.c.worker_id.in_(worker_ids))
    return set(connection.execute(query).scalars())


def note(
    connection: Connection, terminal_id: str, said: FaceNote, *, legal_basis: str, seq: int, now: datetime
) -> None:
    """Keep what a terminal said of a worker, unless a later report is known."""
    values = {
        "photo_sha256": said.photo_sha256,
        "state": said.state,
        "reason": "",
        "engine": said.engine,
        "problems": list(said.problems),
        "legal_basis": legal_basis,
        "seq": seq,
        "told_at": said.at,
        "updated_at": now,
    }
    adding = insert_for(connection, worker_face).values(terminal_id=terminal_id, worker_id=said.worker_id, **values)
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=["terminal_id", "worker_id"], set_=values, where=worker_face.c.seq <= seq
        )
    )


def wanted(connection: Connection, limit: int) -> list[Wanted]:
    """Photos that were asked for and not answered, of the terminals that can take one now: enrolled, and with fewer than
    `MOST_PARTS_IN_FLIGHT` parts on their way.

    The first request of each terminal, then the second of each, and so on: a terminal that asks for many delays no other.
    """
    c = worker_face.c
    turn = func.row_number().over(partition_by=c.terminal_id, order_by=(c.seq, c.worker_id)).label("turn")
    query = (
        select(c.terminal_id, terminal.c.org, c.worker_id, c.photo_sha256, c.seq)
        .join_from(worker_face, terminal, c.terminal_id == terminal.c.terminal_id)
        .where(c.state == "wanted", terminal.c.state == "enrolled", c.terminal_id.not_in(_full()))
        .order_by(turn, c.updated_at, c.terminal_id)
    )
    return [Wanted(*row) for row in connection.execute(query.limit(limit))]


def is_any_wanted(connection: Connection) -> bool:
    """Whether some terminal waits for a photo that it could take now: whether `wanted` would find one."""
    c = worker_face.c
    query = (
        select(c.worker_id)
        .join_from(worker_face, terminal, c.terminal_id == terminal.c.terminal_id)
        .where(c.state == "wanted", terminal.c.state == "enrolled", c.terminal_id.not_in(_full()))
    )
    return connection.execute(query.limit(1)).first() is not None


def _full() -> Select[tuple[str]]:
    """Terminals that must acknowledge something first."""
    c = centre_outbox.c
    query = select(c.terminal_id).where(c.kind == "photo", c.state.in_(("queued", "sent"))).group_by(c.terminal_id)
    return query.having(func.count() >= MOST_PARTS_IN_FLIGHT)


def photos_in_flight(connection: Connection) -> dict[str, int]:
    """For each terminal: parts of photos that it has not acknowledged."""
    c = centre_outbox.c
    query = select(c.terminal_id, func.count()).where(c.kind == "photo", c.state.in_(("queued", "sent")))
    return {row[0]: row[1] for row in connection.execute(query.group_by(c.terminal_id))}


def answer(connection: Connection, ask: Wanted, state: str, reason: str = "", *, now: datetime) -> None:
    """Note that a photo was sent, or why not; the report that asked must still be the last one."""
    c = worker_face.c
    connection.execute(
        update(worker_face)
        .where(c.terminal_id == ask.terminal_id, c.worker_id == ask.worker_id, c.seq == ask.seq, c.state == "wanted")
        .values(state=state, reason=reason, updated_at=now)
    )


def want_again(connection: Connection, worker_ids: Collection[str]) -> None:
    """What could not be sent of these workers is looked at once more: a consent or a picture has come."""
    c, ids = worker_face.c, sorted(worker_ids)
    for start in range(0, len(ids), _AT_ONCE):
        these = c.worker_id.in_(ids[start : start + _AT_ONCE])
        connection.execute(update(worker_face).where(these, c.state == "not_sent").values(state="wanted", reason=""))


def of_worker(connection: Connection, worker_id: str) -> Sequence[RowMapping]:
    """What each terminal has of a worker's face, with the terminal's name."""
    query = (
        select(worker_face, terminal.c.name.label("terminal_name"), terminal.c.place.label("terminal_place"))
        .join_from(worker_face, terminal, worker_face.c.terminal_id == terminal.c.terminal_id)
        .where(worker_face.c.worker_id == worker_id)
        .order_by(terminal.c.name)
    )
    return connection.execute(query).mappings().all()
