"""Tables of holds: what must not be deleted, since when and why, until somebody releases it. Rows are added and never changed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import Column, Connection, Date, ForeignKey, Index, RowMapping, Table, Text, func, select
from sqlalchemy.exc import IntegrityError

from central.store.engine import hold as wait_for
from central.store.metadata import UtcDateTime, metadata
from central.store.outgoing import centre_outbox

ABOUT = ("exam", "worker", "terminal")
REASONS = ("accident", "dispute", "inspection", "other")

hold = Table(
    "hold",
    metadata,
    Column("hold_id", Text, primary_key=True),
    Column("org", Text, nullable=False, index=True),
    Column("about", Text, nullable=False, comment="exam, worker, terminal"),
    Column("exam_id", Text, nullable=False, comment="of a hold on one exam, else empty"),
    Column("worker_id", Text, nullable=False, comment="of a hold on a person's exams, else empty"),
    Column("terminal_id", Text, nullable=False, comment="of a hold on a terminal's exams, else empty"),
    Column("since_day", Date, comment="first day of the exams; empty for a hold on one exam"),
    Column("until_day", Date, comment="last day of the exams; empty: all that follow"),
    Column("reason", Text, nullable=False, comment="accident, dispute, inspection, other"),
    Column("basis", Text, nullable=False, comment="letter, order or case, in words"),
    Column("placed_at", UtcDateTime, nullable=False),
    Column("placed_by", Text, nullable=False, comment="account"),
)
"""Holds as they were placed."""

hold_release = Table(
    "hold_release",
    metadata,
    Column("hold_id", ForeignKey("hold.hold_id"), primary_key=True),
    Column("org", Text, nullable=False),
    Column("basis", Text, nullable=False, comment="why it is over, in words"),
    Column("released_at", UtcDateTime, nullable=False),
    Column("released_by", Text, nullable=False, comment="account"),
)
"""Holds that are over."""

hold_list = Table(
    "hold_list",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("terminal_id", Text, nullable=False),
    Column("org", Text, nullable=False),
    Column("sha256", Text, nullable=False, comment="of the holds that it names"),
    Column("as_of", UtcDateTime, nullable=False, comment="all holds placed before stand in it"),
    Index("ix_hold_list_terminal_id_message_id", "terminal_id", "message_id"),
)
"""Lists of holds that went down to terminals, each with its message."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold."""

    hold_id: str
    org: str
    about: str
    exam_id: str
    worker_id: str
    terminal_id: str
    since_day: date | None
    until_day: date | None
    reason: str
    basis: str
    placed_at: datetime
    placed_by: str

    def covers(self, day: date) -> bool:
        """Whether an exam of that day is among those of its days."""
        return (self.since_day is None or self.since_day <= day) and (self.until_day is None or day <= self.until_day)


@dataclass(frozen=True, slots=True)
class HoldRelease:
    """The end of a hold."""

    hold_id: str
    org: str
    basis: str
    released_at: datetime
    released_by: str


@dataclass(frozen=True, slots=True)
class HoldList:
    """A list of holds that went down."""

    message_id: str
    terminal_id: str
    org: str
    sha256: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class SentList:
    """A list that went down. `arrived_at`: when the terminal's signed answer says that it has taken it; None: not yet."""

    item: HoldList
    arrived_at: datetime | None


class ReleasedAlready(Exception):
    """Somebody else has released it."""


def wait_for_holds(connection: Connection, org: str) -> None:
    """One transaction at a time places holds of an organisation or deletes what none keeps."""
    wait_for(connection, f"holds of {org}")


def add(connection: Connection, item: Hold) -> None:
    """Insert a hold. From the commit on nothing that it is about is deleted."""
    wait_for_holds(connection, item.org)
    connection.execute(hold.insert().values(**{one.name: getattr(item, one.name) for one in fields(Hold)}))


def release(connection: Connection, item: HoldRelease) -> None:
    """End a hold. Raises `ReleasedAlready`; the transaction must then be rolled back."""
    try:
        values = {one.name: getattr(item, one.name) for one in fields(HoldRelease)}
        connection.execute(hold_release.insert().values(**values))
    except IntegrityError as error:
        raise ReleasedAlready(item.hold_id) from error


def find(connection: Connection, hold_id: str) -> Hold | None:
    """One hold."""
    row = connection.execute(select(hold).where(hold.c.hold_id == hold_id)).mappings().one_or_none()
    return None if row is None else Hold(**row)


def in_force(connection: Connection, org: str) -> list[Hold]:
    """Holds of an organisation that nobody has released, the oldest first."""
    released = select(hold_release.c.hold_id)
    query = select(hold).where(hold.c.org == org, hold.c.hold_id.not_in(released)).order_by(hold.c.hold_id)
    return [Hold(**row) for row in connection.execute(query).mappings()]


def listed(connection: Connection, orgs: Sequence[str], limit: int) -> list[tuple[Hold, HoldRelease | None]]:
    """Holds of these organisations, the newest first, with their end."""
    query = select(hold).where(hold.c.org.in_(orgs)).order_by(hold.c.hold_id.desc()).limit(limit)
    found = [Hold(**row) for row in connection.execute(query).mappings()]
    ended = _releases(connection, [one.hold_id for one in found])
    return [(one, ended.get(one.hold_id)) for one in found]


def _releases(connection: Connection, hold_ids: Collection[str]) -> dict[str, HoldRelease]:
    query = select(hold_release).where(hold_release.c.hold_id.in_(hold_ids))
    return {row["hold_id"]: HoldRelease(**row) for row in connection.execute(query).mappings()}


def note_list(connection: Connection, item: HoldList) -> None:
    """Note that a list went down."""
    connection.execute(hold_list.insert().values(**{one.name: getattr(item, one.name) for one in fields(HoldList)}))


def last_lists(connection: Connection, orgs: Collection[str] | None = None) -> dict[str, SentList]:
    """The list that each terminal was sent last, by terminal; of these organisations, or of all."""
    newest = select(func.max(hold_list.c.message_id)).group_by(hold_list.c.terminal_id)
    query = (
        select(hold_list, *_ANSWER)
        .join_from(hold_list, centre_outbox, centre_outbox.c.message_id == hold_list.c.message_id)
        .where(hold_list.c.message_id.in_(newest))
    )
    if orgs is not None:
        query = query.where(hold_list.c.org.in_(orgs))
    return {row["terminal_id"]: _sent(connection, row) for row in connection.execute(query).mappings().all()}


def _sent(connection: Connection, row: RowMapping) -> SentList:
    item = HoldList(**{one.name: row[one.name] for one in fields(HoldList)})
    answer: RowMapping = row
    while answer["resent_as"] is not None:
        query = select(*_ANSWER).where(centre_outbox.c.message_id == answer["resent_as"])
        again = connection.execute(query).mappings().one_or_none()
        if again is None:
            break
        answer = again
    return SentList(item, answer["acked_at"] if answer["state"] == "acked" else None)


_ANSWER = tuple(centre_outbox.c[name] for name in ("state", "acked_at", "resent_as"))
