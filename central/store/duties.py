"""Tables of the duty roster: which medic is on duty from when until when, and how a duty was handed over.

Rows are added and never changed. What ends a duty before its time is a row of its own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, ForeignKey, Index, RowMapping, Select, Table, Text, select
from sqlalchemy.exc import IntegrityError

from central.store.engine import hold
from central.store.metadata import UtcDateTime, metadata

duty = Table(
    "duty",
    metadata,
    Column("duty_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("account_id", Text, nullable=False, comment="the medic's"),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", Text, nullable=False, comment="account"),
    Index("ix_duty_org_ends_at", "org", "ends_at"),
)
"""Duties as they were planned."""

duty_end = Table(
    "duty_end",
    metadata,
    Column("duty_id", ForeignKey("duty.duty_id"), primary_key=True),
    Column("org", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="cancelled, handed_over"),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("ended_by", Text, nullable=False, comment="account"),
)
"""Duties that ended before their time."""

duty_handover = Table(
    "duty_handover",
    metadata,
    Column("handover_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("duty_id", ForeignKey("duty.duty_id"), nullable=False),
    Column("account_id", Text, nullable=False, comment="who leaves"),
    Column("waiting", JSON, nullable=False, comment="exams that stood in the queue: id, terminal, since when"),
    Column("words", Text, nullable=False, comment="to whoever comes next"),
    Column("confirmed_at", UtcDateTime, nullable=False),
    Index("ix_duty_handover_org_handover_id", "org", "handover_id"),
)
"""Duties that were handed over by who left."""

duty_acceptance = Table(
    "duty_acceptance",
    metadata,
    Column("handover_id", ForeignKey("duty_handover.handover_id"), primary_key=True),
    Column("org", Text, nullable=False),
    Column("account_id", Text, nullable=False, comment="who came"),
    Column("accepted_at", UtcDateTime, nullable=False),
)
"""Handovers that were accepted by who came next."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty as it was planned, and its earlier end; None: it lasts as planned."""

    duty_id: str
    org: str
    account_id: str
    starts_at: datetime
    ends_at: datetime
    made_at: datetime
    made_by: str
    ended_at: datetime | None = None
    end_kind: str = ""

    @property
    def until(self) -> datetime:
        """When it is over."""
        return self.ends_at if self.ended_at is None else min(self.ends_at, self.ended_at)

    def holds(self, at: datetime) -> bool:
        """Whether the medic is on duty at that moment."""
        return self.starts_at <= at < self.until


@dataclass(frozen=True, slots=True)
class Handover:
    """One handover, and by whom it was accepted when."""

    handover_id: str
    org: str
    duty_id: str
    account_id: str
    waiting: list[dict[str, Any]]
    words: str
    confirmed_at: datetime
    accepted_by: str | None = None
    accepted_at: datetime | None = None


class DoneAlready(Exception):
    """Somebody else has ended that duty or accepted that handover."""


def wait_for_roster(connection: Connection, org: str) -> None:
    """One transaction at a time changes an organisation's roster."""
    hold(connection, f"duties of {org}")


def add(connection: Connection, item: Duty) -> None:
    """Insert a duty."""
    connection.execute(duty.insert().values(**{column.name: getattr(item, column.name) for column in duty.c}))


def end(connection: Connection, item: Duty, kind: str, at: datetime, by: str) -> None:
    """End it now. Raises `DoneAlready`; the transaction must then be rolled back."""
    values = {"duty_id": item.duty_id, "org": item.org, "kind": kind, "ended_at": at, "ended_by": by}
    try:
        connection.execute(duty_end.insert().values(**values))
    except IntegrityError as error:
        raise DoneAlready(item.duty_id) from error


def find(connection: Connection, duty_id: str) -> Duty | None:
    """One duty."""
    row = connection.execute(_duties().where(duty.c.duty_id == duty_id)).mappings().one_or_none()
    return None if row is None else _duty(row)


def between(connection: Connection, orgs: Sequence[str], since: datetime, until: datetime) -> list[Duty]:
    """Duties of these organisations that were planned to touch that span, those that were ended too, in their order."""
    query = _duties().where(duty.c.org.in_(orgs), duty.c.ends_at > since, duty.c.starts_at < until)
    rows = connection.execute(query.order_by(duty.c.starts_at, duty.c.duty_id)).mappings()
    return [_duty(row) for row in rows]


def of_all(connection: Connection, at: datetime) -> list[Duty]:
    """Duties of every organisation that hold at that moment, in the order in which they began."""
    query = _duties().where(duty.c.starts_at <= at, duty.c.ends_at > at)
    rows = connection.execute(query.order_by(duty.c.starts_at, duty.c.duty_id)).mappings()
    return [found for row in rows if (found := _duty(row)).holds(at)]


def add_handover(connection: Connection, item: Handover) -> None:
    """Insert a handover."""
    names = [one.name for one in fields(Handover) if one.name not in {"accepted_by", "accepted_at"}]
    connection.execute(duty_handover.insert().values(**{name: getattr(item, name) for name in names}))


def accept(connection: Connection, item: Handover, account_id: str, at: datetime) -> None:
    """Note who has taken over. Raises `DoneAlready`; the transaction must then be rolled back."""
    values = {"handover_id": item.handover_id, "org": item.org, "account_id": account_id, "accepted_at": at}
    try:
        connection.execute(duty_acceptance.insert().values(**values))
    except IntegrityError as error:
        raise DoneAlready(item.handover_id) from error


def handovers(
    connection: Connection, orgs: Sequence[str], limit: int, ids: Collection[str] | None = None
) -> list[Handover]:
    """Handovers of these organisations, of these ids or of all, the newest first."""
    query = (
        select(
            duty_handover,
            duty_acceptance.c.account_id.label("accepted_by"),
            duty_acceptance.c.accepted_at,
        )
        .outerjoin(duty_acceptance, duty_acceptance.c.handover_id == duty_handover.c.handover_id)
        .where(duty_handover.c.org.in_(orgs))
    )
    if ids is not None:
        query = query.where(duty_handover.c.handover_id.in_(ids))
    rows = connection.execute(query.order_by(duty_handover.c.handover_id.desc()).limit(limit)).mappings()
    return [Handover(**row) for row in rows]


def _duties() -> Select[Any]:
    return select(duty, duty_end.c.ended_at, duty_end.c.kind.label("end_kind")).outerjoin(
        duty_end, duty_end.c.duty_id == duty.c.duty_id
    )


def _duty(row: RowMapping) -> Duty:
    return Duty(**dict(row) | {"end_kind": row["end_kind"] or ""})
