"""The table of security alerts: what accounts or programs did that an administrator should know at once. Ids only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Index, Integer, Table, Text, and_, exists, func, or_, select, update
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.notices import channel, concerns, notice

security_alert = Table(
    "security_alert",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="mass_export, card_reads, account_locked, odd_hour"),
    Column("subject", Text, nullable=False, comment="account, or key of a program"),
    Column("count", Integer, nullable=False, comment="rows, examinations or entries of the access log"),
    Column("last_audit_id", Text, nullable=False, comment="newest entry of the access log that it rests on"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime, comment="when a channel had taken it"),
    UniqueConstraint("org", "kind", "subject", "last_audit_id"),
    Index("ix_security_alert_org_created_at", "org", "created_at"),
)


EVERYBODY = ""
"""In place of the organisation: an account of the installation itself, which belongs to none."""


@dataclass(frozen=True, slots=True)
class SecurityAlert:
    """One alert to one organisation, or to `EVERYBODY` who looks after security."""

    alert_id: str
    org: str
    kind: str
    subject: str
    count: int
    last_audit_id: str
    created_at: datetime
    delivered_at: datetime | None


def add(connection: Connection, item: SecurityAlert) -> None:
    """Insert; one that rests on the same entries, of another process, stays the only one."""
    values = {name: getattr(item, name) for name in SecurityAlert.__slots__}
    connection.execute(
        insert_for(connection, security_alert)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["org", "kind", "subject", "last_audit_id"])
    )


def last_by_subject(
    connection: Connection, since: datetime, until: datetime | None = None
) -> dict[tuple[str, str, str], datetime]:
    """When each organisation was last told of each kind about each subject, since then."""
    columns = (security_alert.c.org, security_alert.c.kind, security_alert.c.subject)
    query = select(*columns, func.max(security_alert.c.created_at).label("at")).group_by(*columns)
    query = query.where(security_alert.c.created_at >= since)
    rows = connection.execute(query if until is None else query.where(security_alert.c.created_at <= until))
    return {(row.org, row.kind, row.subject): row.at for row in rows}


def latest(connection: Connection, orgs: Collection[str], limit: int = 20) -> list[SecurityAlert]:
    """The newest alerts of these organisations, and of accounts that belong to none."""
    query = select(security_alert).where(security_alert.c.org.in_([*orgs, EVERYBODY]))
    rows = connection.execute(query.order_by(security_alert.c.created_at.desc()).limit(limit))
    return [SecurityAlert(*row) for row in rows]


def untold(
    connection: Connection, now: datetime, limit: int = 100, without: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Ids of alerts that no channel has taken, each with a channel that has no notice of it yet; all is asked for before the limit.

    An alert to `EVERYBODY` goes to every channel for security. Those whose ids are in `without` are passed over.
    """
    is_told = exists().where(
        notice.c.alert_id == security_alert.c.alert_id, notice.c.channel_id == channel.c.channel_id
    )
    whose = or_(
        channel.c.org == security_alert.c.org,
        and_(security_alert.c.org == EVERYBODY, channel.c.org.is_not(None)),
    )
    query = (
        select(security_alert.c.alert_id, channel.c.channel_id)
        .join(channel, and_(whose, channel.c.disabled.is_(False)))
        .where(security_alert.c.delivered_at.is_(None), ~is_told, concerns(security_alert.c.created_at, now))
        .where(security_alert.c.alert_id.not_in(without))
        .order_by(security_alert.c.created_at, security_alert.c.alert_id, channel.c.channel_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def get(connection: Connection, alert_id: str) -> SecurityAlert:
    """The alert with that id."""
    return SecurityAlert(*connection.execute(select(security_alert).where(security_alert.c.alert_id == alert_id)).one())


def mark_delivered(connection: Connection, alert_id: str, at: datetime) -> None:
    """A channel has taken it."""
    connection.execute(
        update(security_alert)
        .where(security_alert.c.alert_id == alert_id, security_alert.c.delivered_at.is_(None))
        .values(delivered_at=at)
    )
