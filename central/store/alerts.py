"""The table of alerts to employers: signs of intoxication, and that there were none after all. Without medical detail."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Select, Table, Text, and_, case, exists, select, update

from central.store.accounts import account
from central.store.exams import exam
from central.store.metadata import UtcDateTime, metadata
from central.store.notices import channel, concerns, notice
from central.store.registry import worker
from sync.contract.canonical import new_id

alert = Table(
    "alert",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("employer_id", Text, nullable=False),
    Column("exam_id", Text, nullable=False, index=True),
    Column("decision_id", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="intoxication, taken_back, no_title, passed_corrected"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("seen_at", UtcDateTime),
    Column("seen_by", Text),
    Index("ix_alert_employer_id_created_at", "employer_id", "created_at"),
)


def add(
    connection: Connection, *, kind: str, org: str, employer_id: str, exam_id: str, decision_id: str, at: datetime
) -> str:
    """Record that the employer has to be told at once; returns the alert's id. Part of the caller's transaction.

    `kind`: `intoxication`, `taken_back` when a correction says that there were no signs of it, `no_title` when a waybill
    waits for an admission that was refused, or `passed_corrected` when a gate has opened by an admission that was corrected.
    """
    alert_id = new_id()
    connection.execute(
        alert.insert().values(
            alert_id=alert_id,
            org=org,
            employer_id=employer_id,
            exam_id=exam_id,
            decision_id=decision_id,
            kind=kind,
            created_at=at,
        )
    )
    return alert_id


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert with the worker it is about."""

    alert_id: str
    employer_id: str
    exam_id: str
    kind: str
    created_at: datetime
    delivered_at: datetime | None
    seen_at: datetime | None
    personnel_number: str | None
    full_name: str | None
    seen_by: str | None = None
    """Login name of who acknowledged it."""
    is_void: bool = False
    """A later correction has taken it back."""


def of_employers(connection: Connection, employer_ids: Collection[str], limit: int = 100) -> list[Alert]:
    """These employers' alerts, newest first."""
    query = _listing().where(alert.c.employer_id.in_(employer_ids)).order_by(alert.c.created_at.desc()).limit(limit)
    return [Alert(*row) for row in connection.execute(query)]


def unseen(connection: Connection, employer_ids: Collection[str], limit: int = 200) -> list[Alert]:
    """Those of these employers that still hold and that nobody there has acknowledged, newest first."""
    query = _listing().where(alert.c.employer_id.in_(employer_ids), alert.c.seen_at.is_(None), ~_is_void)
    return [Alert(*row) for row in connection.execute(query.order_by(alert.c.created_at.desc()).limit(limit))]


def of_exam(connection: Connection, exam_id: str, kind: str) -> list[str]:
    """Ids of the alerts of a kind that an exam has made."""
    query = select(alert.c.alert_id).where(alert.c.exam_id == exam_id, alert.c.kind == kind)
    return list(connection.execute(query).scalars())


def untold(
    connection: Connection, now: datetime, limit: int = 100, without: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Ids of alerts that still hold and that no channel has taken, each with a channel of its employer without a notice of it.

    Everything is asked for before the limit: neither alerts without a channel nor those told already take its places, nor
    those whose ids are in `without`.
    """
    is_told = exists().where(notice.c.alert_id == alert.c.alert_id, notice.c.channel_id == channel.c.channel_id)
    query = (
        select(alert.c.alert_id, channel.c.channel_id)
        .join(channel, and_(channel.c.employer_id == alert.c.employer_id, channel.c.disabled.is_(False)))
        .where(alert.c.delivered_at.is_(None), ~_is_void, ~is_told, concerns(alert.c.created_at, now))
        .where(alert.c.alert_id.not_in(without))
        .order_by(alert.c.created_at, alert.c.alert_id, channel.c.channel_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def get(connection: Connection, alert_id: str) -> Alert:
    """The alert with that id."""
    return Alert(*connection.execute(_listing().where(alert.c.alert_id == alert_id)).one())


def mark_delivered(connection: Connection, alert_id: str, at: datetime) -> None:
    """A channel has confirmed it."""
    connection.execute(
        update(alert).where(alert.c.alert_id == alert_id, alert.c.delivered_at.is_(None)).values(delivered_at=at)
    )


def mark_seen(
    connection: Connection, alert_id: str, employer_ids: Collection[str], account_id: str, at: datetime
) -> bool:
    """Somebody at the employer has read it; False when it is not theirs."""
    done = connection.execute(
        update(alert)
        .where(alert.c.alert_id == alert_id, alert.c.employer_id.in_(employer_ids), alert.c.seen_at.is_(None))
        .values(seen_at=at, seen_by=account_id)
    )
    return done.rowcount == 1


_later = alert.alias("later")
_is_void = exists().where(
    alert.c.kind == "intoxication",
    _later.c.exam_id == alert.c.exam_id,
    _later.c.kind == "taken_back",
    _later.c.created_at >= alert.c.created_at,
)


def _listing() -> Select[Any]:
    return (
        select(
            alert.c.alert_id,
            alert.c.employer_id,
            alert.c.exam_id,
            alert.c.kind,
            alert.c.created_at,
            alert.c.delivered_at,
            alert.c.seen_at,
            worker.c.personnel_number,
            worker.c.full_name,
            case((account.c.erased_at.is_not(None), account.c.full_name), else_=account.c.username).label("username"),
            _is_void,
        )
        .outerjoin(account, account.c.account_id == alert.c.seen_by)
        .outerjoin(exam, exam.c.exam_id == alert.c.exam_id)
        .outerjoin(worker, worker.c.worker_id == exam.c.worker_id)
    )
