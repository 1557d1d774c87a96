"""The health report: at the start, at a change, now and then; never a second one before the first has its receipt."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.messages import DeviceStatus
from drivers.model import DeviceIdentity, DeviceState, Measures
from sync.contract.envelope import read_unverified
from sync.contract.health import HealthReport
from sync.contract.topics import TerminalAddress
from terminal.exam.model import Stamp
from terminal.face.capture import CameraChanged
from terminal.health import CHANGE_EVERY_S, SETTLE_S, HealthReporter, Program
from terminal.snapshot import LinkState, TerminalPlace, TerminalSnapshot
from terminal.store.database import KeyFile
from terminal.store.store import TerminalStore
from terminal.store.tidy import tidy
from terminal.store.verify import verify_store
from terminal.store.verify_report import Expected
from tests.unit.terminal.store.scene import receipt

BEGAN = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
EVERY_S = 3600.0


@dataclass
class PlayedClock:
    """Seconds since the start of the program."""

    passed_s: float = 0.0

    def now(self) -> Stamp:
        at = BEGAN + timedelta(seconds=self.passed_s)
        return Stamp(at=at, monotonic_s=100 + self.passed_s, boot_id="boot-1", trusted=True)


@dataclass
class Reporting:
    """A desk, and a snapshot that the test changes."""

    store: TerminalStore
    key: Ed25519PrivateKey
    clock: PlayedClock
    desk: HealthReporter
    snapshot: TerminalSnapshot
    camera: CameraChanged = CameraChanged("ready")  # noqa: RUF009 - frozen

    def look(self, passed_s: float) -> None:
        self.clock.passed_s = passed_s
        self.desk.look(replace(self.snapshot, now=self.clock.now()), self.camera)

    def set_device(self, name: str, state: DeviceState, reason: str = "") -> None:
        identity = DeviceIdentity("Acme", "One", "7") if state is not DeviceState.ABSENT else None
        status = DeviceStatus(name, Measures.TEMPERATURE, state, reason, identity=identity)
        self.snapshot = replace(self.snapshot, devices={**self.snapshot.devices, name: status})

    def reports(self) -> list[HealthReport]:
        rows = self.store.db.execute("SELECT wire FROM outbox WHERE kind = 'health' ORDER BY seq").fetchall()
        return [HealthReport.model_validate(read_unverified(wire)[0].payload) for (wire,) in rows]

    def receipt_all(self) -> None:
        ids = [row.message_id for row in self.store.outbox.next_queued(100)]
        self.store.outbox.close([receipt(name) for name in ids], b"proof")


@pytest.fixture
def reporting(tmp_path: Path) -> Iterator[Reporting]:
    key, clock = Ed25519PrivateKey.generate(), PlayedClock()
    address = TerminalAddress("zarya", "kiosk-1")
    keys = KeyFile(tmp_path / "master.key")
    store = TerminalStore(tmp_path / "terminal.db", tmp_path / "media", keys, key, address, "test")
    place = TerminalPlace("kiosk-1", "Заря", "Проходная", "1", "Кабинет", "test", "1.0")
    desk = HealthReporter(store, tmp_path, clock, Program("1.0", "c-1", True, EVERY_S))
    snapshot = TerminalSnapshot(place, clock.now(), BEGAN, verified_until={"thermometer": "2027-06-30"})
    made = Reporting(store, key, clock, desk, snapshot)
    made.set_device("thermometer", DeviceState.READY)
    yield made
    store.close()


def test_the_first_report_goes_at_once_when_every_device_is_there(reporting: Reporting) -> None:
    reporting.look(1)
    (report,) = reporting.reports()
    assert (report.cause, report.software_version, report.config_version, report.boot_id) == (
        "start",
        "1.0",
        "c-1",
        "boot-1",
    )
    assert (report.uptime_s, report.started_at, report.camera) == (1.0, BEGAN, "ready")
    (device,) = report.devices
    assert (device.serial, device.verified_until, device.last_fault) == ("7", "2027-06-30", "")
    assert report.free_disk_bytes


def test_a_device_that_is_only_being_opened_is_no_fault(reporting: Reporting) -> None:
    reporting.set_device("tonometer", DeviceState.ABSENT)
    reporting.look(5)
    assert reporting.reports() == []
    reporting.set_device("tonometer", DeviceState.READY)
    reporting.look(8)
    (report,) = reporting.reports()
    assert [device.last_fault for device in report.devices] == ["", ""]


def test_a_device_that_stays_away_is_told_after_a_while(reporting: Reporting) -> None:
    reporting.set_device("tonometer", DeviceState.ABSENT, "no such port")
    reporting.look(SETTLE_S + 1)
    (report,) = reporting.reports()
    away = report.devices[1]
    assert (away.state, away.last_fault, away.last_fault_at) == (
        "absent",
        "no such port",
        BEGAN + timedelta(seconds=SETTLE_S + 1),
    )


def test_a_change_is_told_and_a_measuring_device_is_none(reporting: Reporting) -> None:
    reporting.look(30)
    reporting.receipt_all()
    reporting.set_device("thermometer", DeviceState.BUSY)
    reporting.look(30 + 2 * CHANGE_EVERY_S)
    assert len(reporting.reports()) == 1
    reporting.set_device("thermometer", DeviceState.FAULT, "no answer")
    reporting.look(31 + 2 * CHANGE_EVERY_S + 1)
    assert [report.cause for report in reporting.reports()] == ["start", "change"]
    assert reporting.reports()[-1].devices[0].state == "fault"


def test_a_loose_cable_does_not_fill_the_disk(reporting: Reporting) -> None:
    """Faults by the second for an hour, with every report receipted at once."""
    for second in range(0, int(EVERY_S), 5):
        state = DeviceState.READY if second % 10 == 0 else DeviceState.FAULT
        reporting.set_device("thermometer", state, "" if state is DeviceState.READY else "cable")
        reporting.look(second + 1)
        reporting.receipt_all()
    assert len(reporting.reports()) <= EVERY_S / CHANGE_EVERY_S + 1


def test_while_the_link_is_down_one_report_waits_and_no_more(reporting: Reporting) -> None:
    reporting.look(1)
    for hour in range(1, 200):
        reporting.look(hour * EVERY_S)
    assert len(reporting.reports()) == 1
    reporting.receipt_all()
    reporting.look(200 * EVERY_S)
    assert [report.cause for report in reporting.reports()] == ["start", "interval"]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: replace(s, link=LinkState(True, 0, 1, "")),
        lambda s: replace(s, notice="store_set_aside"),
        lambda s: replace(s, devices={}),
    ],
    ids=["parked", "set aside", "device gone"],
)
def test_what_counts_as_a_change(reporting: Reporting, change: Any) -> None:
    reporting.look(1)
    reporting.receipt_all()
    reporting.snapshot = change(reporting.snapshot)
    reporting.look(CHANGE_EVERY_S + 2)
    assert [report.cause for report in reporting.reports()] == ["start", "change"]


def test_a_camera_that_dies_is_told(reporting: Reporting) -> None:
    reporting.look(1)
    reporting.receipt_all()
    reporting.camera = CameraChanged("absent", "unplugged")
    reporting.look(CHANGE_EVERY_S + 2)
    assert (reporting.reports()[-1].camera, reporting.reports()[-1].camera_reason) == ("absent", "unplugged")


def test_receipted_reports_are_emptied_and_the_store_verifies(reporting: Reporting) -> None:
    reporting.look(1)
    expected = Expected(reporting.key.public_key(), None, reporting.store.media)
    assert verify_store(reporting.store.db, expected).faults == []
    tidied = tidy(reporting.store.db, reporting.store.media, BEGAN, clock_trusted=True, media_days=30)
    assert tidied.chunks == 0  # it has no receipt yet
    assert len(reporting.reports()) == 1
    reporting.receipt_all()
    tidied = tidy(reporting.store.db, reporting.store.media, BEGAN, clock_trusted=True, media_days=30)
    assert tidied.chunks == 1


def test_a_store_that_cannot_be_written_stops_nothing(
    reporting: Reporting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reporting.store.db.execute("PRAGMA query_only = ON")
    reporting.look(1)
    assert "health report waits" in caplog.text
    reporting.store.db.execute("PRAGMA query_only = OFF")
    reporting.look(2 + CHANGE_EVERY_S)
    assert len(reporting.reports()) == 1
