"""Tables of rosters: every employment that terminals may need, as it travels, and when it changed.

`roster_due` names workers whose entry must be looked at again, written in the transaction that changed them. Whoever makes the
entries counts the organisation's `position` up. A terminal that was sent the list of position 7 lacks what changed after 7.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    delete,
    or_,
    select,
    update,
)

from central.store.metadata import insert_for, metadata
from central.store.registry import worker
from sync.contract.roster_delta import employer_digest

roster_entry = Table(
    "roster_entry",
    metadata,
    Column("worker_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("employer_id", Text, nullable=False),
    Column("body", Text, nullable=False, comment="sync.contract.roster.RosterWorker in canonical JSON"),
    Column("sha256", Text, nullable=False, comment="of the body"),
    Column("changed_at", BigInteger, nullable=False, comment="position of the organisation at which it became this"),
    Column("since", Date, comment="first day of the employment: terminals of before 0.3 are not told earlier"),
    Column("look_again_on", Date, comment="first day on which it says something else by itself"),
    Index("ix_roster_entry_org_employer_id", "org", "employer_id"),
    Index("ix_roster_entry_org_changed_at", "org", "changed_at"),
    Index("ix_roster_entry_look_again_on", "look_again_on"),
    Index("ix_roster_entry_since", "since"),
)
"""Employments as terminals get them; one that nobody may be examined for has none."""

roster_gone = Table(
    "roster_gone",
    metadata,
    Column("worker_id", Text, primary_key=True),
    Column("employer_id", Text, primary_key=True),
    Column("gone_at", BigInteger, nullable=False, comment="position of the organisation"),
    Index("ix_roster_gone_employer_id_gone_at", "employer_id", "gone_at"),
)
"""Who has left the list of which employer, and when last."""

roster_employer = Table(
    "roster_employer",
    metadata,
    Column("employer_id", Text, primary_key=True),
    Column("org", Text, nullable=False, index=True),
    Column("changed_at", BigInteger, nullable=False, comment="position of the organisation"),
    Column("sha256", Text, nullable=False, comment="digest of the employer's entries; empty: has none"),
)
"""When anything of an employer's workers changed last."""

roster_position = Table(
    "roster_position",
    metadata,
    Column("org", ForeignKey("organisation.org"), primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""How often the roster of an organisation has changed."""

roster_due = Table(
    "roster_due",
    metadata,
    Column("due_id", Integer, primary_key=True, autoincrement=True),
    Column("worker_id", Text, nullable=False),
)
"""Workers whose entry must be looked at again. One worker may stand here often: a row of another transaction is its own."""

Value = TypeVar("Value")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One employment as it travels."""

    worker_id: str
    org: str
    employer_id: str
    body: str
    sha256: str
    since: date | None
    look_again_on: date | None


def mark_due(connection: Connection, worker_ids: Collection[str]) -> None:
    """These workers have changed, in the caller's transaction."""
    rows = [{"worker_id": worker_id} for worker_id in dict.fromkeys(worker_ids)]
    if rows:
        connection.execute(roster_due.insert(), rows)


def mark_all_due(connection: Connection, condition: ColumnElement[bool]) -> None:
    """All workers for whom the condition holds have changed."""
    connection.execute(roster_due.insert().from_select(["worker_id"], select(worker.c.worker_id).where(condition)))


def mark_outdated(connection: Connection, today: date) -> None:
    """Entries that say something else since midnight: employments that ended, limits that ran out."""
    late = roster_entry.c.look_again_on <= today
    connection.execute(roster_due.insert().from_select(["worker_id"], select(roster_entry.c.worker_id).where(late)))
    connection.execute(update(roster_entry).where(late).values(look_again_on=None))
    # Programs that know no dates are told of an employment on its first day; those that do have it already.
    begun = select(roster_entry.c.employer_id).where(roster_entry.c.since == today)
    known = select(roster_position.c.org)
    for org, employer_id in connection.execute(
        select(roster_employer.c.org, roster_employer.c.employer_id).where(
            roster_employer.c.employer_id.in_(begun), roster_employer.c.org.in_(known)
        )
    ).all():
        position = _next_position(connection, org, counts=True)
        connection.execute(
            update(roster_employer).where(roster_employer.c.employer_id == employer_id).values(changed_at=position)
        )


def is_any_outdated(connection: Connection, today: date) -> bool:
    """Whether there is anything for `mark_outdated`."""
    query = select(roster_entry.c.worker_id).where(
        or_(roster_entry.c.look_again_on <= today, roster_entry.c.since == today)
    )
    return connection.execute(query.limit(1)).first() is not None


def due(connection: Connection, limit: int) -> list[tuple[int, str]]:
    """The oldest rows: id and worker."""
    query = select(roster_due.c.due_id, roster_due.c.worker_id).order_by(roster_due.c.due_id).limit(limit)
    return [(row[0], row[1]) for row in connection.execute(query)]


def due_of_org(connection: Connection, org: str) -> list[tuple[int, str]]:
    """All rows of an organisation's workers."""
    query = select(roster_due.c.due_id, roster_due.c.worker_id).join_from(
        roster_due, worker, roster_due.c.worker_id == worker.c.worker_id
    )
    return [(row[0], row[1]) for row in connection.execute(query.where(worker.c.org == org))]


def is_any_due(connection: Connection, org: str) -> bool:
    """Whether any worker of an organisation waits."""
    query = select(roster_due.c.due_id).join_from(roster_due, worker, roster_due.c.worker_id == worker.c.worker_id)
    return connection.execute(query.where(worker.c.org == org).limit(1)).first() is not None


def forget_due(connection: Connection, due_ids: Sequence[int]) -> None:
    """These rows were dealt with, in the caller's transaction."""
    for part in _parts(due_ids):
        connection.execute(delete(roster_due).where(roster_due.c.due_id.in_(part)))


def entries_of(connection: Connection, worker_ids: Sequence[str]) -> dict[str, Entry]:
    """The entries of these workers that there are."""
    columns = [roster_entry.c[name] for name in Entry.__dataclass_fields__]
    found: dict[str, Entry] = {}
    for part in _parts(worker_ids):
        for row in connection.execute(select(*columns).where(roster_entry.c.worker_id.in_(part))):
            found[row.worker_id] = Entry(*row)
    return found


def write(connection: Connection, org: str, before: Mapping[str, Entry], after: Mapping[str, Entry]) -> bool:
    """Write what differs at the organisation's next position; whether anything did. `before` are the stored entries.

    Of an organisation without a position it stands at none until `begin`: nobody is sent a part of a first list.
    """
    changed = [
        entry
        for worker_id, entry in after.items()
        if (old := before.get(worker_id)) is None or old.sha256 != entry.sha256
    ]
    gone = [(one.worker_id, one.employer_id) for one in before.values() if _has_left(one, after.get(one.worker_id))]
    for entry in after.values():
        old = before.get(entry.worker_id)
        if old is not None and old.sha256 == entry.sha256 and old.look_again_on != entry.look_again_on:
            connection.execute(
                update(roster_entry)
                .where(roster_entry.c.worker_id == entry.worker_id)
                .values(look_again_on=entry.look_again_on)
            )
    is_begun = has_position(connection, org)
    position = _next_position(connection, org, counts=bool(changed or gone)) if is_begun else 0
    _put(connection, changed, [one for one in before if one not in after], position)
    for worker_id, employer_id in gone:
        row = {"worker_id": worker_id, "employer_id": employer_id}
        insert = insert_for(connection, roster_gone).values(**row, gone_at=position)
        connection.execute(
            insert.on_conflict_do_update(index_elements=["worker_id", "employer_id"], set_={"gone_at": position})
        )
    if is_begun:
        _note_employers(connection, org, {*(one.employer_id for one in changed), *(one for _, one in gone)}, position)
    return bool(changed or gone)


def begin(connection: Connection, org: str) -> None:
    """All that waited in an organisation for the first time is written: its list stands at its first position."""
    position = _next_position(connection, org, counts=False)
    query = select(roster_entry.c.employer_id).where(roster_entry.c.org == org).distinct()
    _note_employers(connection, org, connection.execute(query).scalars().all(), position)


def _has_left(before: Entry, after: Entry | None) -> bool:
    return after is None or after.employer_id != before.employer_id


def _put(connection: Connection, changed: Sequence[Entry], removed: Sequence[str], position: int) -> None:
    ids = [*removed, *(entry.worker_id for entry in changed)]
    for part in _parts(ids):
        connection.execute(delete(roster_entry).where(roster_entry.c.worker_id.in_(part)))
    rows = [
        {name: getattr(entry, name) for name in Entry.__dataclass_fields__} | {"changed_at": position}
        for entry in changed
    ]
    if rows:
        connection.execute(roster_entry.insert(), rows)


def _note_employers(connection: Connection, org: str, employer_ids: Collection[str], position: int) -> None:
    for employer_id in sorted(employer_ids):
        query = select(roster_entry.c.sha256).where(
            roster_entry.c.org == org, roster_entry.c.employer_id == employer_id
        )
        digests = connection.execute(query).scalars().all()
        values = {"org": org, "changed_at": position, "sha256": employer_digest(digests) if digests else ""}
        insert = insert_for(connection, roster_employer).values(employer_id=employer_id, **values)
        connection.execute(insert.on_conflict_do_update(index_elements=["employer_id"], set_=values))


def _next_position(connection: Connection, org: str, *, counts: bool) -> int:
    """The organisation's position, its row taken for this transaction, counted up if something changes."""
    c = roster_position.c
    first = insert_for(connection, roster_position).values(org=org, position=0)
    fresh = connection.execute(first.on_conflict_do_nothing(index_elements=["org"]).returning(c.position)).first()
    if fresh is not None:
        return 0
    step = c.position + 1 if counts else c.position
    query = update(roster_position).where(c.org == org).values(position=step).returning(c.position)
    return int(connection.execute(query).scalar_one())


def positions(connection: Connection) -> dict[str, int]:
    """By organisation: how often its roster has changed. One whose roster nobody has made yet is not there."""
    return {row.org: row.position for row in connection.execute(select(roster_position))}


def has_position(connection: Connection, org: str) -> bool:
    """Whether the entries of an organisation were ever made."""
    return connection.execute(select(roster_position).where(roster_position.c.org == org)).first() is not None


def employers(connection: Connection, org: str) -> dict[str, tuple[int, str]]:
    """By employer: position of its last change and digest of its entries, empty where it has none."""
    query = select(roster_employer).where(roster_employer.c.org == org)
    return {row.employer_id: (row.changed_at, row.sha256) for row in connection.execute(query)}


def to_come(connection: Connection, org: str, today: date) -> set[str]:
    """Employers with an employment that has not begun."""
    query = select(roster_entry.c.employer_id).where(roster_entry.c.org == org, roster_entry.c.since > today)
    return set(connection.execute(query.distinct()).scalars())


def held_bodies(connection: Connection, employer_ids: Collection[str], worker_id: str | None = None) -> list[str]:
    """Entries of these employers' workers of whom terminals are told that a rule holds them back, on some day or other.

    `worker_id`: only that one's.
    """
    c = roster_entry.c
    query = select(c.body).where(c.employer_id.in_(employer_ids), c.body.contains('"holds":[', autoescape=True))
    if worker_id is not None:
        query = query.where(c.worker_id == worker_id)
    return list(connection.execute(query).scalars())


def bodies(connection: Connection, org: str, employer_ids: Collection[str] | None, begun_by: date | None) -> list[str]:
    """Every entry of these employers (None: of the organisation), by id; `begun_by` leaves out what begins later."""
    c = roster_entry.c
    conditions = [c.org == org]
    if employer_ids is not None:
        conditions.append(c.employer_id.in_(employer_ids))
    if begun_by is not None:
        conditions.append(or_(c.since.is_(None), c.since <= begun_by))
    return list(connection.execute(select(c.body).where(*conditions).order_by(c.worker_id)).scalars())


@dataclass(frozen=True, slots=True)
class Changes:
    """What changes in the list of a terminal: entries that come or are other ones, and who goes."""

    changed: list[str]
    removed: list[str]


def changes(
    connection: Connection,
    org: str,
    since: int,
    before: Collection[str] | None,
    after: Collection[str] | None,
) -> Changes:
    """What has changed after a position, in a list that had the workers of `before` and is to have those of `after`."""
    c, gone = roster_entry.c, roster_gone.c
    listed = [c.org == org] if after is None else [c.org == org, c.employer_id.in_(after)]
    is_news: ColumnElement[bool] = c.changed_at > since
    if before is not None:
        is_news = or_(is_news, c.employer_id.not_in(before))
    changed = connection.execute(select(c.body).where(*listed, is_news).order_by(c.worker_id)).scalars().all()
    left = select(gone.worker_id).where(gone.gone_at > since)
    left = left.where(gone.employer_id.in_(select(roster_employer.c.employer_id).where(roster_employer.c.org == org)))
    if before is not None:
        left = left.where(gone.employer_id.in_(before))
    still = select(c.worker_id).where(*listed)
    removed = connection.execute(left.where(gone.worker_id.not_in(still)).distinct().order_by(gone.worker_id))
    return Changes(list(changed), list(removed.scalars()))


def _parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
