"""The health report on this terminal and its devices: sent to the centre at the start, at a change and periodically.

A report travels as every record does, signed, chained and receipted. The next one is made only when the centre has receipted
the one before: a terminal that is cut off for a week leaves one report and not a thousand, and the newest goes out at once
when the link is back.
"""

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from drivers.messages import DeviceStatus
from drivers.model import DeviceState
from sync.contract.health import HEALTH_SCHEMA, DeviceHealth, HealthReport
from sync.contract.topics import Up
from sync.transactions import STORE_TROUBLE
from terminal.clock import Clock
from terminal.exam.model import Stamp
from terminal.face.capture import CameraChanged
from terminal.snapshot import TerminalSnapshot
from terminal.store.store import TerminalStore

log = logging.getLogger(__name__)

Cause = Literal["start", "change", "interval"]

SETTLE_S = 20.0
"""After the start, devices get so long to be found: a line that is only being opened is no fault."""
CHANGE_EVERY_S = 60.0
"""Changes that follow each other quicker are told together: a loose cable must not fill the disk."""
_LOOK_EVERY_S = 1.0
_BROKEN = (DeviceState.FAULT, DeviceState.ABSENT)
_TELL_FREE_BYTES = (1_000_000_000, 300_000_000)
"""Falling below one of these is a change."""


@dataclass(frozen=True, slots=True)
class Program:
    """What does not change while the program runs."""

    software_version: str
    config_version: str
    has_camera: bool
    every_s: float
    """The longest time between two reports, in seconds."""


class HealthReporter:
    """Makes the reports. Only the core thread uses it."""

    def __init__(self, store: TerminalStore, folder: Path, clock: Clock, program: Program) -> None:
        """`folder`: on the disk whose free space is told."""
        self._store, self._folder, self._clock, self._program = store, folder, clock, program
        self._started = clock.now()
        self._faults: dict[str, tuple[str, datetime]] = {}
        self._told: tuple[object, ...] | None = None
        self._told_s = 0.0
        self._look_s = 0.0

    def look(self, snapshot: TerminalSnapshot, camera: CameraChanged) -> None:
        """Note faults, and queue a report if one is due."""
        now = self._clock.now()
        if now.monotonic_s < self._look_s:
            return
        self._look_s = now.monotonic_s + _LOOK_EVERY_S
        settled = now.monotonic_s - self._started.monotonic_s >= SETTLE_S
        if settled:
            self._note_faults(snapshot.devices, now)
        elif not snapshot.devices or any(one.state in _BROKEN for one in snapshot.devices.values()):
            return  # a device that is there at once need not be waited for
        free_bytes = self._free_bytes()
        key = self._key(snapshot, camera, free_bytes)
        cause = self._cause(key, now)
        if cause is None or self._store.outbox.has_queued(Up.HEALTH):
            return
        payload = self._report(cause, snapshot, camera, free_bytes, now).model_dump(mode="json")
        try:
            # Not by `commit`: the reserve of the disk is for exams.
            with self._store.transaction():
                self._store.queue(Up.HEALTH, HEALTH_SCHEMA, payload, subject=self._store.address.terminal, stamp=now)
        except STORE_TROUBLE as error:
            log.error("the health report waits, the store cannot be written now: %s", error)
            self.wait()
            return
        self._told, self._told_s = key, now.monotonic_s

    def wait(self) -> None:
        """Something is wrong with the report itself: try again after a while."""
        self._look_s = self._clock.now().monotonic_s + CHANGE_EVERY_S

    def _cause(self, key: tuple[object, ...], now: Stamp) -> Cause | None:
        if self._told is None:
            return "start"
        since_s = now.monotonic_s - self._told_s
        if key != self._told and since_s >= CHANGE_EVERY_S:
            return "change"
        return "interval" if since_s >= self._program.every_s else None

    def _note_faults(self, devices: Mapping[str, DeviceStatus], now: Stamp) -> None:
        for name, status in devices.items():
            known = self._faults.get(name)
            if status.state in _BROKEN and (known is None or known[0] != _reason(status)):
                self._faults[name] = (_reason(status), now.at)

    def _key(self, snapshot: TerminalSnapshot, camera: CameraChanged, free_bytes: int | None) -> tuple[object, ...]:
        """What counts as a change. A device that measures is as well as one that waits."""
        devices = tuple(
            (name, one.state in _BROKEN, one.reason if one.state in _BROKEN else "", one.identity)
            for name, one in sorted(snapshot.devices.items())
        )
        low = tuple(free_bytes is not None and free_bytes < mark for mark in _TELL_FREE_BYTES)
        return (*devices, camera.state, snapshot.now.trusted, snapshot.link.parked > 0, low, snapshot.notice)

    def _free_bytes(self) -> int | None:
        try:
            return shutil.disk_usage(self._folder).free
        except OSError:
            return None  # a disk that does not even say how full it is

    def _report(
        self, cause: Cause, snapshot: TerminalSnapshot, camera: CameraChanged, free_bytes: int | None, now: Stamp
    ) -> HealthReport:
        backlog = self._store.outbox.backlog()
        oldest = None if backlog.oldest_at is None else datetime.fromisoformat(backlog.oldest_at)
        last_exam = self._store.outbox.last_created(Up.EXAM)
        roster = self._store.roster.held()
        return HealthReport(
            cause=cause,
            software_version=self._program.software_version,
            config_version=self._program.config_version,
            boot_id=now.boot_id,
            started_at=self._started.at,
            uptime_s=round(now.monotonic_s - self._started.monotonic_s, 1),
            queued=backlog.queued,
            parked=backlog.parked,
            # A clock that was put back makes a record of the future, not a negative age.
            oldest_unreceipted_s=None if oldest is None else max(0.0, (now.at - oldest).total_seconds()),
            free_disk_bytes=free_bytes,
            clock_trusted=now.trusted,
            camera="ready" if camera.state == "ready" else "absent" if self._program.has_camera else "none",
            camera_reason=camera.reason[:200],
            roster_version=roster.version,
            roster_sha256=roster.sha256,
            stores_set_aside=len(self._store.set_aside),
            last_exam_at=None if last_exam is None else datetime.fromisoformat(last_exam),
            devices=tuple(
                device_health(one, snapshot.verified_until, self._faults.get(name))
                for name, one in sorted(snapshot.devices.items())
            ),
        )


def device_health(
    status: DeviceStatus, verified_until: Mapping[str, str], fault: tuple[str, datetime] | None = None
) -> DeviceHealth:
    """One device as the centre sees it; `fault`: why and when it did not work the last time."""
    identity = status.identity
    return DeviceHealth(
        device_id=status.device_id,
        measures=status.measures.value,
        state=status.state.value,
        reason=status.reason[:200],
        maker=identity.maker if identity else "",
        model=identity.model if identity else "",
        serial=identity.serial_number if identity else None,
        verified_until=verified_until.get(status.device_id),
        last_fault=fault[0] if fault else "",
        last_fault_at=fault[1] if fault else None,
    )


def _reason(status: DeviceStatus) -> str:
    return (status.reason or status.state.value)[:200]
