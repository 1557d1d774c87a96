"""Read-only overview of the terminals for the service, a page of them at a time. Owns no table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from central.core.name_folding import fold_name
from central.store import anomalies, health
from central.store.exams import exam
from central.store.journal_lead import unindexed
from central.store.terminals import ROOMS, device, kiosk_stands, terminal
from sync.contract.health import DeviceHealth, HealthReport

COUNTED = timedelta(days=30)
VERIFIED_FOR = timedelta(days=30)
"""A verification that ends sooner is to be seen to: the device has to travel to the laboratory."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What is read of every terminal, however many there are: enough to count, to choose and to put them in order."""

    terminal_id: str
    name: str
    place: str
    needs_somebody: bool
    """Enrolled and offline, or with a device that does not work."""
    is_silent: bool
    """Enrolled and not online."""
    verification_ends: bool
    """A device of it is not verified any more in a month."""
    is_new: bool
    """Not enrolled yet."""
    state: str = ""
    link: str = ""
    last_seen: datetime | None = None
    backlog: int | None = None
    """Messages that wait on the terminal, by its own word."""
    parked: int | None = None


SHOWN: dict[str, Callable[[Brief], bool]] = {
    "all": lambda _brief: True,
    "attention": lambda brief: brief.needs_somebody,
    "silent": lambda brief: brief.is_silent,
    "verification": lambda brief: brief.verification_ends,
    "new": lambda brief: brief.is_new,
}
"""What the page can be narrowed to."""


@dataclass(frozen=True, slots=True)
class FleetFilter:
    """Part of the terminals. `search` is looked for in name, place and identifier, in any case."""

    search: str = ""
    show: str = "all"
    """A key of `SHOWN`."""

    def fits(self, brief: Brief) -> bool:
        """Whether this terminal is wanted."""
        text = f"{brief.name}\n{brief.place}\n{brief.terminal_id}"
        return SHOWN[self.show](brief) and fold_name(self.search) in fold_name(text)


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
    arrived_exam_at: datetime | None
    """When the newest exam of the last 30 days that the centre has was made."""
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
        """When the terminal made its last record: by its own word, or what has arrived since it said so."""
        said = self.health.last_exam_at if self.health else None
        return max((at for at in (said, self.arrived_exam_at) if at is not None), default=None)

    @property
    def program(self) -> str:
        """Version of the terminal's software, by its last health report or by its status."""
        return self.health.software_version if self.health else str(self.status.get("software_version") or "")

    @property
    def faults(self) -> dict[str, DeviceHealth]:
        """By device: why and when it did not work the last time."""
        return {item.device_id: item for item in self.health.devices if item.last_fault} if self.health else {}


def briefs(connection: Connection, orgs: Sequence[str], today: date) -> list[Brief]:
    """Every terminal of these organisations, by name; those that need somebody first. Revoked ones come last."""
    ours = select(terminal.c.terminal_id).where(terminal.c.org.in_(orgs))
    devices = select(device.c.terminal_id).where(device.c.terminal_id.in_(ours)).distinct()
    broken = set(connection.execute(devices.where(device.c.state.in_(health.BROKEN))).scalars())
    soon = (today + VERIFIED_FOR).isoformat()
    ending = set(connection.execute(devices.where(device.c.verified_until < soon)).scalars())
    c = terminal.c
    query = (
        select(c.terminal_id, c.name, c.place, c.state, c.link, kiosk_stands(), c.last_seen, c.status)
        .where(c.org.in_(orgs), c.state.not_in(ROOMS))
        .order_by(c.name, c.terminal_id)
    )
    found = []
    for terminal_id, name, place, state, link, stands, last_seen, status in connection.execute(query):
        is_silent = state == "enrolled" and (link != "online" or bool(stands))
        at_work = state != "revoked"
        brief = Brief(
            terminal_id,
            name,
            place,
            needs_somebody=is_silent or (at_work and terminal_id in broken),
            is_silent=is_silent,
            verification_ends=at_work and terminal_id in ending,
            is_new=state == "new",
            state=state,
            link=link,
            last_seen=last_seen,
            backlog=_count(status, "backlog"),
            parked=_count(status, "parked"),
        )
        found.append((not brief.needs_somebody, not at_work, brief))
    return [brief for _calm, _gone, brief in sorted(found, key=lambda item: item[:2])]


def _count(status: Any, name: str) -> int | None:
    found = (status or {}).get(name)
    return found if isinstance(found, int) else None


def overview(
    connection: Connection, orgs: Sequence[str], terminal_ids: Sequence[str], now: datetime
) -> list[TerminalRow]:
    """These terminals of these organisations with all that is known of them, in the order given."""
    exams = _exams_by_terminal(connection, orgs, terminal_ids, now - COUNTED)
    failed = _failed_by_terminal(connection, orgs, terminal_ids, now - COUNTED)
    devices: dict[str, list[dict[str, Any]]] = {}
    of_page = select(device).where(device.c.terminal_id.in_(terminal_ids))
    for row in connection.execute(of_page.order_by(device.c.terminal_id, device.c.device_id)).mappings():
        devices.setdefault(row["terminal_id"], []).append(dict(row))
    reports = health.reports(connection, terminal_ids)
    broken = health.outages(connection, terminal_ids, now - COUNTED)
    rows = {}
    for item in connection.execute(
        select(terminal).where(terminal.c.org.in_(orgs), terminal.c.terminal_id.in_(terminal_ids))
    ):
        rows[item.terminal_id] = TerminalRow(
            item.terminal_id,
            item.name,
            item.place,
            item.state,
            item.link,
            item.last_seen,
            item.status or {},
            tuple(devices.get(item.terminal_id, ())),
            *_health_of(reports.get(item.terminal_id)),
            *exams.get(item.terminal_id, (0, None)),
            failed.get(item.terminal_id, 0),
            broken.get(item.terminal_id, 0),
        )
    return [rows[terminal_id] for terminal_id in terminal_ids if terminal_id in rows]


def _exams_by_terminal(
    connection: Connection, orgs: Sequence[str], terminal_ids: Sequence[str], since: datetime
) -> dict[str, tuple[int, datetime | None]]:
    """How many and when the newest: read in the index by terminal alone, which begins with the organisation."""
    query = select(exam.c.terminal_id, func.count(), func.max(exam.c.finished_at)).where(
        exam.c.org.in_(orgs), exam.c.terminal_id.in_(terminal_ids), exam.c.finished_at >= since
    )
    return {name: (count, last) for name, count, last in connection.execute(query.group_by(exam.c.terminal_id))}


def _failed_by_terminal(
    connection: Connection, orgs: Sequence[str], terminal_ids: Sequence[str], since: datetime
) -> dict[str, int]:
    """Exams that a device has stopped. Such a one has no outcome; those without are few, and an index finds them."""
    named = unindexed(exam.c.terminal_id) if connection.dialect.name == "sqlite" else exam.c.terminal_id
    query = select(exam.c.terminal_id, func.count()).where(
        exam.c.org.in_(orgs),
        exam.c.outcome.is_(None),
        exam.c.finished_at >= since,
        named.in_(terminal_ids),
        exam.c.end_reason == "device_trouble",
    )
    return {name: count for name, count in connection.execute(query.group_by(exam.c.terminal_id))}


def _health_of(found: tuple[datetime, HealthReport] | None) -> tuple[HealthReport | None, datetime | None]:
    return (found[1], found[0]) if found else (None, None)


def oddities(connection: Connection, orgs: Sequence[str], limit: int = 50) -> list[RowMapping]:
    """The newest refused and unexpected messages, from terminals of these organisations and from unknown senders."""
    return anomalies.page(connection, orgs, is_resolved=False, limit=limit)[0]
