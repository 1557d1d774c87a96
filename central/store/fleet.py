"""Read-only overview of the terminals for the service. Owns no table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from central.store.anomalies import anomaly
from central.store.exams import exam
from central.store.terminals import device, terminal

COUNTED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TerminalRow:
    """One terminal as the fleet page shows it. `status` is its last own report."""

    terminal_id: str
    name: str
    place: str
    state: str
    link: str
    last_seen: datetime | None
    status: dict[str, Any]
    devices: tuple[dict[str, Any], ...]
    last_exam: datetime | None
    exams: int
    failed: int
    """Exams of the last 30 days that ended for trouble with a device."""

    @property
    def failures_per_1000(self) -> float | None:
        """Exams stopped by a device, per thousand; None without exams."""
        return 1000 * self.failed / self.exams if self.exams else None

    @property
    def needs_somebody(self) -> bool:
        """Offline, or with a device that does not work."""
        return (self.state == "enrolled" and self.link != "online") or any(
            item["state"] in {"fault", "absent"} for item in self.devices
        )


def overview(connection: Connection, orgs: Sequence[str], now: datetime) -> list[TerminalRow]:
    """All terminals of these organisations; those that need somebody first."""
    counted = (
        select(
            exam.c.terminal_id,
            func.max(exam.c.finished_at).label("last"),
            func.count().label("exams"),
            func.count().filter(exam.c.end_reason == "device_trouble").label("failed"),
        )
        .where(exam.c.org.in_(orgs), exam.c.finished_at >= now - COUNTED)
        .group_by(exam.c.terminal_id)
    )
    numbers = {row.terminal_id: row for row in connection.execute(counted)}
    devices: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(select(device).order_by(device.c.terminal_id, device.c.device_id)).mappings():
        devices.setdefault(row["terminal_id"], []).append(dict(row))
    rows = []
    for item in connection.execute(select(terminal).where(terminal.c.org.in_(orgs)).order_by(terminal.c.name)):
        found = numbers.get(item.terminal_id)
        rows.append(
            TerminalRow(
                item.terminal_id,
                item.name,
                item.place,
                item.state,
                item.link,
                item.last_seen,
                item.status or {},
                tuple(devices.get(item.terminal_id, ())),
                found.last if found else None,
                found.exams if found else 0,
                found.failed if found else 0,
            )
        )
    return sorted(rows, key=lambda row: not row.needs_somebody)


def oddities(connection: Connection, terminal_ids: Sequence[str], limit: int = 50) -> list[Any]:
    """The newest things that came from these terminals and should not have."""
    query = select(anomaly).where(anomaly.c.terminal_id.in_(terminal_ids)).order_by(anomaly.c.last_at.desc())
    return list(connection.execute(query.limit(limit)))
