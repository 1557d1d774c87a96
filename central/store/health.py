"""Tables of the terminals' state: the newest signed report of each, and the times when a device did not work.

Both are made from `up/health`. A report that is older by its place in the chain and by its clock changes nothing. One of the
two is not enough: a terminal whose store was set aside counts from 1 again, and clocks jump.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.outgoing import IS_OPEN, centre_outbox
from central.store.terminals import device, terminal
from sync.contract.canonical import new_id
from sync.contract.health import DeviceHealth, HealthReport

BROKEN = ("fault", "absent")
"""States in which a device needs somebody."""

terminal_health = Table(
    "terminal_health",
    metadata,
    Column("terminal_id", ForeignKey("terminal.terminal_id"), primary_key=True),
    Column("seq", BigInteger, nullable=False, comment="of the report; an older one changes nothing"),
    Column("made_at", UtcDateTime, nullable=False, comment="the terminal's clock"),
    Column("received_at", UtcDateTime, nullable=False),
    Column("roster_version", Integer, nullable=False, comment="of the list in force there; 0 = it has none"),
    Column("report", JSON, nullable=False, comment="sync.contract.health.HealthReport"),
)
"""The newest signed health report of each terminal."""

outage = Table(
    "outage",
    metadata,
    Column("outage_id", Text, primary_key=True),
    Column("terminal_id", ForeignKey("terminal.terminal_id"), nullable=False),
    Column("device_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("began_at", UtcDateTime, nullable=False, comment="the terminal's clock"),
    Column("ended_at", UtcDateTime, comment="when a report said that it works again"),
    Index("ix_outage_terminal_id_began_at", "terminal_id", "began_at"),
)
"""From when until when a device did not work."""


def take(
    connection: Connection, terminal_id: str, seq: int, report: HealthReport, *, made_at: datetime, now: datetime
) -> bool:
    """Take a report; False when a newer one is there. Call with the terminal's row taken for the transaction."""
    values = {
        "seq": seq,
        "made_at": made_at,
        "received_at": now,
        "roster_version": report.roster_version,
        "report": report.model_dump(mode="json"),
    }
    insert = insert_for(connection, terminal_health).values(terminal_id=terminal_id, **values)
    taken = connection.execute(
        insert.on_conflict_do_update(
            index_elements=["terminal_id"],
            set_=values,
            where=or_(terminal_health.c.seq < seq, terminal_health.c.made_at < made_at),
        ).returning(terminal_health.c.terminal_id)
    ).first()
    if taken is None:
        return False
    _put_devices(connection, terminal_id, report.devices, now)
    for item in report.devices:
        _note_outage(connection, terminal_id, item, made_at)
    return True


def reports(connection: Connection, terminal_ids: Sequence[str]) -> dict[str, tuple[datetime, HealthReport]]:
    """The newest report of each terminal that has sent one, with its time by the terminal's clock."""
    query = select(terminal_health).where(terminal_health.c.terminal_id.in_(terminal_ids))
    return {
        row.terminal_id: (row.made_at, HealthReport.model_validate(row.report)) for row in connection.execute(query)
    }


def behind(connection: Connection) -> list[tuple[str, str]]:
    """Terminal and organisation of those that have lost a roster which they had acknowledged: their store was set aside.

    The report must be younger than their last acknowledgement, and nothing newer on its way.
    """
    c = centre_outbox.c
    rosters = select(c.message_id).where(c.terminal_id == terminal.c.terminal_id, c.kind == "roster")
    query = (
        select(terminal.c.terminal_id, terminal.c.org)
        .join_from(terminal, terminal_health, terminal.c.terminal_id == terminal_health.c.terminal_id)
        .where(
            terminal.c.state == "enrolled",
            terminal_health.c.roster_version < terminal.c.roster_version,
            ~exists(rosters.where(IS_OPEN)),
            ~exists(rosters.where(c.state == "refused", c.resent_as.is_(None))),
            ~exists(rosters.where(c.acked_at >= terminal_health.c.received_at)),
        )
    )
    return [(row[0], row[1]) for row in connection.execute(query.order_by(terminal.c.terminal_id))]


def outages(connection: Connection, terminal_ids: Sequence[str], since: datetime) -> dict[str, int]:
    """How often a device of each terminal has stopped working since then."""
    query = select(outage.c.terminal_id, func.count()).where(
        outage.c.terminal_id.in_(terminal_ids), outage.c.began_at >= since
    )
    return {row[0]: row[1] for row in connection.execute(query.group_by(outage.c.terminal_id))}


def _put_devices(connection: Connection, terminal_id: str, items: Sequence[DeviceHealth], now: datetime) -> None:
    """The terminal's devices are those that it reports; one that was taken out of its configuration goes."""
    ids = [item.device_id for item in items]
    connection.execute(delete(device).where(device.c.terminal_id == terminal_id, device.c.device_id.not_in(ids)))
    for item in items:
        names = ("measures", "maker", "model", "serial", "state", "reason", "verified_until")
        values: dict[str, Any] = {name: getattr(item, name) for name in names} | {"last_seen": now}
        insert = insert_for(connection, device).values(terminal_id=terminal_id, device_id=item.device_id, **values)
        connection.execute(insert.on_conflict_do_update(index_elements=["terminal_id", "device_id"], set_=values))


def _note_outage(connection: Connection, terminal_id: str, item: DeviceHealth, at: datetime) -> None:
    ours = (outage.c.terminal_id == terminal_id, outage.c.device_id == item.device_id, outage.c.ended_at.is_(None))
    is_open = connection.execute(select(outage.c.outage_id).where(*ours)).first() is not None
    if item.state in BROKEN and not is_open:
        connection.execute(
            outage.insert().values(
                outage_id=new_id(),
                terminal_id=terminal_id,
                device_id=item.device_id,
                reason=item.reason,
                began_at=item.last_fault_at or at,
            )
        )
    elif item.state not in BROKEN and is_open:
        connection.execute(update(outage).where(*ours).values(ended_at=at))
