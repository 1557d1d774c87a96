"""The table of anomalies: refused and unexpected messages, counted and shown.

A sender is counted by kind within the hour: a flood, on however many topics, fills a row and not the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    RowMapping,
    Table,
    Text,
    func,
    or_,
    select,
    update,
)

from central.core.ordering import AS_IT_COMES, Order
from central.store.metadata import UtcDateTime, metadata
from central.store.ordering import order_by
from central.store.registry import organisation
from central.store.terminals import terminal
from sync.contract.canonical import new_id
from sync.contract.topics import ROOT

SAME_WITHIN = timedelta(hours=1)
MOST_CASES = 20
"""Of one kind and sender within the hour that get a row each, where each matters by itself; more are counted in one."""
_MAX_DETAIL = 500

anomaly = Table(
    "anomaly",
    metadata,
    Column("anomaly_id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="oversized, malformed, wrong_signature, gap, broken_chain, replay …"),
    Column("topic", Text, nullable=False),
    Column("terminal_id", Text, comment="whom the topic names; not necessarily who sent it"),
    Column("message_id", Text),
    Column("detail", Text, nullable=False),
    Column("first_seq", BigInteger, comment="of a gap: the first missing one"),
    Column("last_seq", BigInteger),
    Column("times", Integer, nullable=False, comment="how often the same came within the hour"),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime, comment="of a gap: when the missing ones had come"),
    Column("org", Text, comment="whose it is; empty: of nobody that we know"),
    Index("ix_anomaly_org_last_at", "org", "last_at"),
    Index("ix_anomaly_last_at", "last_at"),
    Index("ix_anomaly_terminal_id_kind", "terminal_id", "kind"),
)


@dataclass(frozen=True, slots=True)
class NewAnomaly:
    """Something to be recorded. The same kind of the same sender within the hour is counted in one row, whatever the topic.

    `message_id` is given where each case matters by itself; for floods it is left out. `terminal_id`: whom the topic names,
    read from it where nobody says.
    """

    kind: str
    topic: str
    detail: str
    terminal_id: str | None = None
    message_id: str | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    times: int = 1


def note(connection: Connection, found: NewAnomaly, *, now: datetime) -> None:
    """Count or insert."""
    detail = found.detail.replace("\0", "\\0")[:_MAX_DETAIL]
    topic = found.topic.replace("\0", "\\0")[:_MAX_DETAIL]
    sender = found.terminal_id or _sender_in(topic)
    # Without any sender the topic tells one from another.
    same: list[ColumnElement[bool]] = [
        anomaly.c.kind == found.kind,
        anomaly.c.topic == topic if sender is None else anomaly.c.terminal_id == sender,
        anomaly.c.last_at > now - SAME_WITHIN,
    ]
    message_id, first_seq, last_seq = found.message_id, found.first_seq, found.last_seq
    if (message_id or first_seq) and not _is_counted(connection, same, message_id, first_seq):
        cases = connection.execute(select(func.count()).select_from(anomaly).where(*same)).scalar_one()
        if cases >= MOST_CASES:
            message_id = first_seq = last_seq = None
    counted = connection.execute(
        update(anomaly)
        .where(*same, _is(anomaly.c.message_id, message_id), _is(anomaly.c.first_seq, first_seq))
        .values(times=anomaly.c.times + found.times, last_at=now, detail=detail, topic=topic, last_seq=last_seq)
    )
    if counted.rowcount == 0:
        connection.execute(
            anomaly.insert().values(
                anomaly_id=new_id(),
                kind=found.kind,
                topic=topic,
                terminal_id=sender,
                message_id=message_id,
                detail=detail,
                first_seq=first_seq,
                last_seq=last_seq,
                times=found.times,
                first_at=now,
                last_at=now,
                org=_org_of(connection, sender, topic),
            )
        )


def _is_counted(
    connection: Connection, same: Sequence[ColumnElement[bool]], message_id: str | None, first_seq: int | None
) -> bool:
    query = select(anomaly.c.anomaly_id).where(
        *same, _is(anomaly.c.message_id, message_id), _is(anomaly.c.first_seq, first_seq)
    )
    return connection.execute(query.limit(1)).first() is not None


def _is(column: Column[Any], value: object) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def _sender_in(topic: str) -> str | None:
    """The sender that a topic names, of the contract's form or not: `dopusk/1/<org>/<terminal>/...`."""
    parts = topic.removeprefix(f"{ROOT}/").split("/")
    return parts[1] if topic.startswith(f"{ROOT}/") and len(parts) > 1 and parts[1] else None


def _org_of(connection: Connection, sender: str | None, topic: str) -> str | None:
    """Whose business it is: the organisation that the sender is registered with, else the one that the topic names, if it is
    one of ours."""
    if sender is not None:
        own = connection.execute(select(terminal.c.org).where(terminal.c.terminal_id == sender)).scalar_one_or_none()
        if own is not None:
            return str(own)
    named = topic.removeprefix(f"{ROOT}/").split("/")[0] if topic.startswith(f"{ROOT}/") else ""
    return connection.execute(select(organisation.c.org).where(organisation.c.org == named)).scalar_one_or_none()


def open_gaps(connection: Connection, terminal_id: str) -> Sequence[RowMapping]:
    """Gaps of a terminal that are not filled yet."""
    query = select(anomaly).where(
        anomaly.c.terminal_id == terminal_id, anomaly.c.kind == "gap", anomaly.c.resolved_at.is_(None)
    )
    return connection.execute(query.order_by(anomaly.c.first_seq)).mappings().all()


def resolve(connection: Connection, anomaly_id: str, *, now: datetime) -> None:
    """What was missing has come."""
    connection.execute(update(anomaly).where(anomaly.c.anomaly_id == anomaly_id).values(resolved_at=now))


def newest(connection: Connection, limit: int, terminal_id: str | None = None) -> Sequence[RowMapping]:
    """The latest anomalies, of one terminal or of all."""
    query = select(anomaly).order_by(anomaly.c.last_at.desc()).limit(limit)
    if terminal_id is not None:
        query = query.where(anomaly.c.terminal_id == terminal_id)
    return connection.execute(query).mappings().all()


ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    name: (anomaly.c[name],) for name in ("last_at", "terminal_id", "kind", "times", "topic")
}
"""What a page of anomalies may be sorted by."""


def page(
    connection: Connection,
    orgs: Sequence[str],
    *,
    is_resolved: bool,
    limit: int,
    offset: int = 0,
    order: Order = AS_IT_COMES,
) -> tuple[list[RowMapping], int]:
    """Anomalies of these organisations and of nobody that we know, the newest first: a page of them, and how many there are.

    What a stranger does on a topic of nobody's is everybody's business, and names nobody's records. `is_resolved`: gaps that
    have been filled stand apart.
    """
    c = anomaly.c
    ours = (
        or_(c.org.in_(orgs), c.org.is_(None)),
        c.resolved_at.is_not(None) if is_resolved else c.resolved_at.is_(None),
    )
    count = connection.execute(select(func.count()).select_from(anomaly).where(*ours)).scalar_one()
    query = (
        select(anomaly)
        .where(*ours)
        .order_by(*order_by(order, ORDERS, (c.last_at.desc(), c.anomaly_id)))
        .limit(limit)
        .offset(offset)
    )
    return list(connection.execute(query).mappings()), int(count)
