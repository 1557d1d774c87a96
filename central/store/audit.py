"""The table of the audit log: who read or changed what, when and from where. Carries ids, never names or values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import JSON, Column, Connection, Index, Table, Text, and_, func, or_, select

from central.store.metadata import UtcDateTime, metadata
from sync.contract.canonical import new_id

audit = Table(
    "audit",
    metadata,
    Column("audit_id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("account_id", Text, comment="empty before login"),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="id of the exam, worker, account …"),
    Column("org", Text),
    Column("detail", JSON, nullable=False),
    Index("ix_audit_at", "at"),
    Index("ix_audit_account_id_at", "account_id", "at"),
    Index("ix_audit_action_at", "action", "at"),
    Index("ix_audit_subject_at", "subject", "at"),
)


COMMAND_LINE = "command line"
"""Address of what was done by somebody with a shell on the centre's machine: such an entry has no account."""
OF_ITSELF = "centre"
"""Address of what the centre did by a term of its configuration: such an entry has no account either."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log."""

    audit_id: str
    at: datetime
    account_id: str | None
    address: str
    action: str
    subject: str
    org: str | None
    detail: dict[str, Any]


def write(
    connection: Connection,
    *,
    at: datetime,
    account_id: str | None,
    address: str,
    action: str,
    subject: str = "",
    org: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add one line, in the caller's transaction: what is not logged did not happen, and the other way round."""
    connection.execute(
        audit.insert().values(
            audit_id=new_id(),
            at=at,
            account_id=account_id,
            address=address,
            action=action,
            subject=subject,
            org=org,
            detail=detail or {},
        )
    )


Place = tuple[datetime, str]


def search(
    connection: Connection,
    *,
    orgs: Sequence[str],
    accounts: Sequence[str],
    after: Place | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    account_id: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    limit: int = 200,
    oldest_first: bool = False,
) -> list[Entry]:
    """Newest lines, or the oldest, that match everything given.

    Of these organisations, of these accounts, and of nobody (refused logins).

    `after`: only those that stand after that one.
    """
    c = audit.c
    order = (c.at, c.audit_id) if oldest_first else (c.at.desc(), c.audit_id.desc())
    query = select(audit).order_by(*order).limit(limit)
    of_nobody = and_(audit.c.org.is_(None), audit.c.account_id.is_(None))
    query = query.where(or_(audit.c.org.in_(orgs), audit.c.account_id.in_(accounts), of_nobody))
    if after is not None:
        # The first condition alone lets the index find the place.
        at, audit_id = after
        if oldest_first:
            query = query.where(c.at >= at, or_(c.at > at, c.audit_id > audit_id))
        else:
            query = query.where(c.at <= at, or_(c.at < at, c.audit_id < audit_id))
    for column, value in ((audit.c.account_id, account_id), (audit.c.action, action), (audit.c.subject, subject)):
        if value:
            query = query.where(column == value)
    if since is not None:
        query = query.where(audit.c.at >= since)
    if until is not None:
        query = query.where(audit.c.at < until)
    return [Entry(*row) for row in connection.execute(query)]


def of_actions(connection: Connection, since: datetime, names: Sequence[str]) -> list[Entry]:
    """Every line of these actions since then, oldest first."""
    query = select(audit).where(audit.c.at >= since, audit.c.action.in_(names))
    return [Entry(*row) for row in connection.execute(query.order_by(audit.c.at, audit.c.audit_id))]


def ids_of_actions(connection: Connection, since: datetime, names: Sequence[str]) -> list[str]:
    """As `of_actions`, the ids alone: for a log in which one line cannot be read."""
    query = select(audit.c.audit_id).where(audit.c.at >= since, audit.c.action.in_(names))
    return list(connection.execute(query.order_by(audit.c.at, audit.c.audit_id)).scalars())


def first_at_since(connection: Connection, action: str, subject: str, since: datetime) -> datetime | None:
    """When this was written first about this subject after that moment."""
    query = select(func.min(audit.c.at)).where(audit.c.subject == subject, audit.c.action == action, audit.c.at > since)
    at: datetime | None = connection.execute(query).scalar_one()
    return at


def of_subject(connection: Connection, action: str, subject: str) -> list[Entry]:
    """Every line of this action about this subject."""
    query = select(audit).where(audit.c.subject == subject, audit.c.action == action)
    return [Entry(*row) for row in connection.execute(query)]


def ids_of_subjects(connection: Connection, subjects: Sequence[str]) -> list[str]:
    """Ids of all entries about these, the oldest first."""
    query = select(audit.c.audit_id).where(audit.c.subject.in_(subjects)).order_by(audit.c.audit_id)
    return list(connection.execute(query).scalars())


def days_of_use(connection: Connection, until: datetime) -> Iterator[date]:
    """The days (UTC) on which somebody with an account did something, from that moment back, each once."""
    before = until
    while True:
        query = select(audit.c.at).where(audit.c.at < before, audit.c.account_id.is_not(None))
        at = connection.execute(query.order_by(audit.c.at.desc()).limit(1)).scalar_one_or_none()
        if at is None:
            return
        yield at.date()
        before = datetime.combine(at.date(), time.min, UTC)


def get(connection: Connection, audit_id: str) -> Entry:
    """The line with that id."""
    return Entry(*connection.execute(select(audit).where(audit.c.audit_id == audit_id)).one())


def actions(connection: Connection) -> list[str]:
    """Every action that occurs in the log, from one to the next in their index: the log is long, the actions are few."""
    found: list[str] = []
    while True:
        query = select(func.min(audit.c.action))
        if found:
            query = query.where(audit.c.action > found[-1])
        following = connection.execute(query).scalar_one()
        if following is None:
            return found
        found.append(following)
