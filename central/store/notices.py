"""Tables of notices to employers and administrators: channels, and an outbox with retries. They contain no values."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
    update,
)

from central.store.metadata import UtcDateTime, metadata

LONGEST_REST = timedelta(hours=1)
"""Between two tries of a notice."""

channel = Table(
    "notice_channel",
    metadata,
    Column("channel_id", Text, primary_key=True),
    Column("employer_id", Text, index=True, comment="of those that tell an employer"),
    Column("org", Text, index=True, comment="of those that tell of security: the organisation whose accounts they are"),
    Column("kind", Text, nullable=False, comment="email, webhook or gateway"),
    Column("address", Text, nullable=False),
    Column("secret_sealed", LargeBinary, comment="of webhooks: key of the HMAC over the body"),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("account_id", Text, index=True, comment="of those that call a medic on duty: the account"),
)
"""Where notices go: addresses of employers, of organisations for security alerts, and of medics who are called on duty."""

notice = Table(
    "notice",
    metadata,
    Column("notice_id", Text, primary_key=True),
    Column("alert_id", Text, nullable=False, index=True),
    Column("channel_id", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("state", Text, nullable=False, comment="queued, delivered, failed"),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("last_error", Text, nullable=False),
    Index("ix_notice_state_next_at", "state", "next_at"),
)
"""The outbox of notices, with the tries that were made."""


WORKER_MAIL = "worker_email"
"""Kind of a channel to a worker: its id is the person's, its address is empty and read there when a letter goes."""
NEW_CHANNEL_GETS = timedelta(minutes=10)
TOLD_WITHIN = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Channel:
    """Where one employer is told, with `org` instead who looks after security, with `account_id` instead a medic on duty."""

    channel_id: str
    employer_id: str | None
    org: str | None
    kind: str
    address: str
    secret_sealed: bytes | None
    disabled: bool
    created_at: datetime
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice on its way."""

    notice_id: str
    alert_id: str
    channel_id: str
    body: dict[str, Any]
    state: str
    attempts: int
    next_at: datetime
    created_at: datetime
    delivered_at: datetime | None
    last_error: str


def concerns(created_at: Column[datetime], now: datetime) -> ColumnElement[bool]:
    """Whether a channel is told of an alert of that moment: of none from before it was entered, save the newest, and of no old one.

    Somebody who enters an address is not to be woken by what is long past; and what could not even be put on its way for so
    long is past too.
    """
    entered_before = or_(channel.c.created_at <= created_at, created_at > now - NEW_CHANNEL_GETS)
    return and_(created_at > now - TOLD_WITHIN, entered_before)


def add_channel(connection: Connection, item: Channel) -> None:
    """Insert a channel."""
    connection.execute(channel.insert().values(**{name: getattr(item, name) for name in Channel.__slots__}))


def channels_of(connection: Connection, employer_id: str) -> list[Channel]:
    """Channels of an employer that are in use."""
    query = select(channel).where(channel.c.employer_id == employer_id, channel.c.disabled.is_(False))
    return [Channel(*row) for row in connection.execute(query)]


def security_channels(connection: Connection, org: str) -> list[Channel]:
    """Channels in use for an organisation's security alerts."""
    query = select(channel).where(channel.c.org == org, channel.c.disabled.is_(False))
    return [Channel(*row) for row in connection.execute(query)]


def channels_of_accounts(connection: Connection, account_ids: Collection[str]) -> list[Channel]:
    """Channels in use that call these medics when they are on duty."""
    query = select(channel).where(channel.c.account_id.in_(account_ids), channel.c.disabled.is_(False))
    return [Channel(*row) for row in connection.execute(query)]


def find_channel(connection: Connection, channel_id: str) -> Channel | None:
    """The channel with that id."""
    row = connection.execute(select(channel).where(channel.c.channel_id == channel_id)).one_or_none()
    return None if row is None else Channel(*row)


def disable_channel(connection: Connection, channel_id: str) -> None:
    """Use it no more. What was on its way there goes no further."""
    connection.execute(update(channel).where(channel.c.channel_id == channel_id).values(disabled=True))
    connection.execute(
        update(notice)
        .where(notice.c.channel_id == channel_id, notice.c.state == "queued")
        .values(state="failed", last_error="removed: the channel was removed")
    )


def add(connection: Connection, item: Notice) -> None:
    """Insert a notice."""
    connection.execute(notice.insert().values(**{name: getattr(item, name) for name in Notice.__slots__}))


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Whether a notice's time has come. No rest is longer than `LONGEST_REST`: one that seems so was begun by another clock."""
    return or_(notice.c.next_at <= now, notice.c.next_at > now + LONGEST_REST)


def due_channels(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """Every channel with a notice whose time has come, the one that waits longest first, and whose channel it is."""
    owner = func.coalesce(channel.c.employer_id, channel.c.org, channel.c.account_id, "")
    query = (
        select(notice.c.channel_id, owner)
        .outerjoin(channel, channel.c.channel_id == notice.c.channel_id)
        .where(notice.c.state == "queued", _is_due(now))
        .group_by(notice.c.channel_id, owner)
        .order_by(func.min(notice.c.next_at), notice.c.channel_id)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def next_due(connection: Connection, channel_id: str, now: datetime) -> tuple[str, int] | None:
    """Id and attempts of the notice that waits longest for this channel. Its other columns are read one notice at a time."""
    query = select(notice.c.notice_id, notice.c.attempts).where(
        notice.c.channel_id == channel_id, notice.c.state == "queued", _is_due(now)
    )
    row = connection.execute(query.order_by(notice.c.next_at, notice.c.notice_id).limit(1)).one_or_none()
    return None if row is None else (row[0], row[1])


def lease(connection: Connection, notice_id: str, now: datetime, until: datetime) -> bool:
    """Set a due notice aside, so that no second process sends it too; False when one was quicker."""
    taken = connection.execute(
        update(notice)
        .where(notice.c.notice_id == notice_id, notice.c.state == "queued", _is_due(now))
        .values(next_at=until)
    )
    return taken.rowcount == 1


def find(connection: Connection, notice_id: str) -> Notice | None:
    """The notice with that id."""
    row = connection.execute(select(notice).where(notice.c.notice_id == notice_id)).one_or_none()
    return None if row is None else Notice(*row)


def rest(connection: Connection, channel_id: str, until: datetime) -> None:
    """The channel has just not taken one notice: the others that wait for it are not tried before then."""
    connection.execute(
        update(notice)
        .where(notice.c.channel_id == channel_id, notice.c.state == "queued", notice.c.next_at < until)
        .values(next_at=until)
    )


def mark_delivered(connection: Connection, notice_id: str, at: datetime) -> str:
    """The channel has taken it; returns the alert that it tells of."""
    values = {"state": "delivered", "delivered_at": at, "attempts": notice.c.attempts + 1, "last_error": ""}
    done = update(notice).where(notice.c.notice_id == notice_id).values(**values).returning(notice.c.alert_id)
    return str(connection.execute(done).scalar_one())


def hasten(connection: Connection, channel_id: str, now: datetime, states: Sequence[str] = ("queued",)) -> int:
    """The channel works again: what waits for it in one of these states goes now; returns how many."""
    waiting = (notice.c.channel_id == channel_id, notice.c.state.in_(states), notice.c.attempts > 0)
    return connection.execute(update(notice).where(*waiting).values(state="queued", next_at=now)).rowcount


def of_alerts(connection: Connection, alert_ids: Sequence[str]) -> list[tuple[str, str, int, str]]:
    """Alert, state, attempts and last error of every notice of these alerts, the oldest notice first."""
    c = notice.c
    query = select(c.alert_id, c.state, c.attempts, c.last_error).where(c.alert_id.in_(alert_ids))
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query.order_by(c.notice_id))]


def give_up(connection: Connection, alert_ids: list[str], why: str) -> None:
    """Send no more of what is still on its way about these alerts."""
    connection.execute(
        update(notice)
        .where(notice.c.alert_id.in_(alert_ids), notice.c.state == "queued")
        .values(state="failed", last_error=why)
    )


def change(connection: Connection, notice_id: str, values: dict[str, Any]) -> None:
    """Change the state of a notice."""
    connection.execute(update(notice).where(notice.c.notice_id == notice_id).values(**values))


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How a channel does. `last_error`: of the newest notice that it has not taken; empty when nothing waits and nothing failed."""

    waiting: int
    failed: int
    oldest_waiting_at: datetime | None
    last_delivered_at: datetime | None
    last_error: str


def states_of(connection: Connection, channel_ids: Sequence[str]) -> dict[str, ChannelState]:
    """How these channels do."""
    c = notice.c
    untaken = or_(c.state == "failed", and_(c.state == "queued", c.attempts > 0))
    query = select(
        c.channel_id,
        func.count().filter(c.state == "queued"),
        func.count().filter(c.state == "failed"),
        func.min(c.created_at).filter(c.state == "queued"),
        func.max(c.delivered_at),
        func.max(c.notice_id).filter(untaken),
    ).where(c.channel_id.in_(channel_ids))
    rows = connection.execute(query.group_by(c.channel_id)).all()
    newest = [row[5] for row in rows if row[5]]
    found = connection.execute(select(c.notice_id, c.last_error).where(c.notice_id.in_(newest)))
    errors = {row[0]: row[1] for row in found}
    return {row[0]: ChannelState(row[1], row[2], row[3], row[4], errors.get(row[5], "")) for row in rows}


def figures(connection: Connection) -> tuple[int, int, datetime | None]:
    """For the metrics: notices that wait, those given up whose channel is still in use, and since when the oldest waits."""
    c = notice.c
    in_use = select(channel.c.channel_id).where(channel.c.disabled.is_(False))
    query = select(
        func.count().filter(c.state == "queued"),
        func.count().filter(and_(c.state == "failed", c.channel_id.in_(in_use))),
        func.min(c.created_at).filter(c.state == "queued"),
    ).where(c.state.in_(("queued", "failed")))
    row = connection.execute(query).one()
    return row[0], row[1], row[2]
