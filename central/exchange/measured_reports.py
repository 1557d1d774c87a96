"""Keeps what terminals answer to prepared measurements beside their orders, where the page of the medical room takes it from."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from central.exchange.checks import Accepted
from central.store import room_orders
from central.store.anomalies import NewAnomaly
from sync.contract.order import MeasuredReport
from sync.contract.topics import Up


def note_measured(connection: Connection, fresh: Sequence[Accepted], *, now: datetime) -> list[NewAnomaly]:
    """Keep the answers of a batch. One that nobody asked that terminal for belongs to nobody, and is noted as an anomaly."""
    noted = []
    for item in fresh:
        if not isinstance(item.body, MeasuredReport):
            continue
        terminal_id = item.address.terminal
        if not room_orders.note_report(connection, terminal_id, item.body, now=now):
            detail = f"answers order {item.body.order_id}, which this terminal was not given or has answered"
            topic = item.address.up(Up.MEASURED)
            noted.append(NewAnomaly("unasked_answer", topic, detail, terminal_id, item.envelope.message_id))
    return noted
