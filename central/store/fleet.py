"""Read-only overview of the terminals for the service. Owns no table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from central.store import health
from central.store.anomalies import anomaly
from central.store.exams import exam
from central.store.journal_lead import unindexed
from central.store.terminals import device, terminal
from sync.contract.health import DeviceHealth, HealthReport

COUNTED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TerminalRow:
    """One terminal as the fleet page shows it: its link and `status` of this minute, and its last signed `health`."""

    terminal_id: str
    name: str
    place: str
    state: str
    link: str
    last_seen: datetime | None
    status: dict[str, Any]
    devices: tuple[dict[str, Any], ...]
    health: HealthReport | None
    health_at: datetime | None
    """Time of the report by the terminal's clock."""
    exams: int
    failed: int
    """Exams of the last 30 days that ended for trouble with a device."""
    outages: int
    """How often a device has stopped working in the last 30 days, as the terminal reported it."""

    @property
    def outages_per_1000(self) -> float | None:
        """Calls for the service engineer: outages of devices per thousand exams; None without exams."""
        return 1000 * self.outages / self.exams if self.exams else None

    @property
    def last_exam(self) -> datetime | None:
        """When the terminal made its last record, by its own word."""
        return self.health.last_exam_at if self.health else None

    @property
    def faults(self) -> dict[str, DeviceHealth]:
        """By device: why and when it did not work the last time."""
        return {item.device_id: item for item in self.health.devices if item.last_fault} if self.health else {}

    @property
    def needs_somebody(self) -> bool:
        """Offline, or with a device that does not work."""
        return (self.state == "enrolled" and self.link != "online") or any(
            item["state"] in {"fault", "absent"} for item in self.devices
        )


def overview(connection: Connection, orgs: Sequence[str], now: datetime) -> list[TerminalRow]:
    """All terminals of these organisations; those that need somebody first."""
    exams = _exams_by_terminal(connection, orgs, now - COUNTED)
    failed = _failed_by_terminal(connection, orgs, now - COUNTED)
    devices: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(select(device).order_by(device.c.terminal_id, device.c.device_id)).mappings():
        devices.setdefault(row["terminal_id"], []).append(dict(row))
    enrolled = select(terminal.c.terminal_id).where(terminal.c.org.in_(orgs))
    ids = list(connection.execute(enrolled).scalars())
    reports = health.reports(connection, ids)
    broken = health.outages(connection, ids, now - COUNTED)
    rows = []
    for item in connection.execute(select(terminal).where(terminal.c.org.in_(orgs)).order_by(terminal.c.name)):
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
                *_health_of(reports.get(item.terminal_id)),
                exams.get(item.terminal_id, 0),
                failed.get(item.terminal_id, 0),
                broken.get(item.terminal_id, 0),
            )
        )
    return sorted(rows, key=lambda row: not row.needs_somebody)


def _exams_by_terminal(connection: Connection, orgs: Sequence[str], since: datetime) -> dict[str, int]:
    """Counted in the index by terminal alone, all exams of an organisation in one go."""
    ended = unindexed(exam.c.finished_at) if connection.dialect.name == "sqlite" else exam.c.finished_at
    found: dict[str, int] = {}
    for org in orgs:
        query = select(exam.c.terminal_id, func.count()).where(exam.c.org == org, ended >= since)
        found |= {name: count for name, count in connection.execute(query.group_by(exam.c.terminal_id))}
    return found


def _failed_by_terminal(connection: Connection, orgs: Sequence[str], since: datetime) -> dict[str, int]:
    """Exams without an outcome are few; those that a device has stopped are among them."""
    query = select(exam.c.terminal_id, func.count()).where(
        exam.c.org.in_(orgs),
        exam.c.outcome.is_(None),
        exam.c.finished_at >= since,
        exam.c.end_reason == "device_trouble",
    )
    return {name: count for name, count in connection.execute(query.group_by(exam.c.terminal_id))}


def _health_of(found: tuple[datetime, HealthReport] | None) -> tuple[HealthReport | None, datetime | None]:
    return (found[1], found[0]) if found else (None, None)


def oddities(connection: Connection, terminal_ids: Sequence[str], limit: int = 50) -> list[Any]:
    """The newest things that came from these terminals and should not have."""
    query = select(anomaly).where(anomaly.c.terminal_id.in_(terminal_ids)).order_by(anomaly.c.last_at.desc())
    return list(connection.execute(query.limit(limit)))
