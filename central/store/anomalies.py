"""The table of anomalies: everything that came and should not have, counted and shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, RowMapping, Table, Text, select, update

from central.store.metadata import UtcDateTime, metadata
from sync.contract.canonical import new_id

SAME_WITHIN = timedelta(hours=1)
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
    Index("ix_anomaly_last_at", "last_at"),
    Index("ix_anomaly_terminal_id_kind", "terminal_id", "kind"),
)


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something to be recorded. The same kind, topic and `message_id` within the hour are counted in one row.

    `message_id` is given where each case matters by itself; for floods it is left out.
    """

    kind: str
    topic: str
    detail: str
    terminal_id: str | None = None
    message_id: str | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    times: int = 1


def note(connection: Connection, oddity: Oddity, *, now: datetime) -> None:
    """Count or insert."""
    detail = oddity.detail.replace("\0", "\\0")[:_MAX_DETAIL]
    topic = oddity.topic.replace("\0", "\\0")[:_MAX_DETAIL]
    same = (
        anomaly.c.kind == oddity.kind,
        anomaly.c.topic == topic,
        anomaly.c.message_id.is_(None) if oddity.message_id is None else anomaly.c.message_id == oddity.message_id,
        anomaly.c.first_seq.is_(None) if oddity.first_seq is None else anomaly.c.first_seq == oddity.first_seq,
        anomaly.c.last_at > now - SAME_WITHIN,
    )
    counted = connection.execute(
        update(anomaly)
        .where(*same)
        .values(times=anomaly.c.times + oddity.times, last_at=now, detail=detail, last_seq=oddity.last_seq)
    )
    if counted.rowcount == 0:
        connection.execute(
            anomaly.insert().values(
                anomaly_id=new_id(),
                kind=oddity.kind,
                topic=topic,
                terminal_id=oddity.terminal_id,
                message_id=oddity.message_id,
                detail=detail,
                first_seq=oddity.first_seq,
                last_seq=oddity.last_seq,
                times=oddity.times,
                first_at=now,
                last_at=now,
            )
        )


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
