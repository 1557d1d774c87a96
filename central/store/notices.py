"""Tables of how employers and administrators are told: channels, and an outbox of notices with retries. No values in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Index, Integer, LargeBinary, Table, Text, select, update

from central.store.metadata import UtcDateTime, metadata

channel = Table(
    "notice_channel",
    metadata,
    Column("channel_id", Text, primary_key=True),
    Column("employer_id", Text, index=True, comment="of those that tell an employer"),
    Column("org", Text, index=True, comment="of those that tell of security: the organisation whose accounts they are"),
    Column("kind", Text, nullable=False, comment="email or webhook"),
    Column("address", Text, nullable=False),
    Column("secret_sealed", LargeBinary, comment="of webhooks: key of the HMAC over the body"),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

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


@dataclass(frozen=True, slots=True)
class Channel:
    """Where one employer is told, or, with `org` instead, who looks after the security of an organisation."""

    channel_id: str
    employer_id: str | None
    org: str | None
    kind: str
    address: str
    secret_sealed: bytes | None
    disabled: bool
    created_at: datetime


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


def find_channel(connection: Connection, channel_id: str) -> Channel | None:
    """The channel with that id."""
    row = connection.execute(select(channel).where(channel.c.channel_id == channel_id)).one_or_none()
    return None if row is None else Channel(*row)


def disable_channel(connection: Connection, channel_id: str) -> None:
    """Use it no more; notices on their way fail with that reason."""
    connection.execute(update(channel).where(channel.c.channel_id == channel_id).values(disabled=True))


def add(connection: Connection, item: Notice) -> None:
    """Insert a notice."""
    connection.execute(notice.insert().values(**{name: getattr(item, name) for name in Notice.__slots__}))


def due(connection: Connection, now: datetime, limit: int = 20) -> list[Notice]:
    """Queued notices whose time has come, oldest first."""
    query = select(notice).where(notice.c.state == "queued", notice.c.next_at <= now)
    return [Notice(*row) for row in connection.execute(query.order_by(notice.c.next_at).limit(limit))]


def of_alerts(connection: Connection, alert_ids: list[str]) -> list[Notice]:
    """All notices of these alerts."""
    return [Notice(*row) for row in connection.execute(select(notice).where(notice.c.alert_id.in_(alert_ids)))]


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
