"""Names of serial ports: those that survive, and none that two adapters share."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.transport import ports
from drivers.transport.ports import present_ports


@dataclass
class Adapter:
    device: str
    serial_number: str | None
    vid: int | None = 0x1A86
    pid: int | None = 0x7523
    description: str = "USB Serial"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three adapters: one with a serial number, two of a kind without, which share one link by id."""
    for name in ("ttyUSB0", "ttyUSB1", "ttyUSB2"):
        (tmp_path / name).touch()
    for folder, links in {
        "by-id": {"usb-FTDI_A1": "ttyUSB0", "usb-1a86_USB_Serial": "ttyUSB2"},
        "by-path": {"usb-1": "ttyUSB0", "usb-2": "ttyUSB1", "usb-3": "ttyUSB2"},
    }.items():
        (tmp_path / folder).mkdir()
        for link, target in links.items():
            (tmp_path / folder / link).symlink_to(tmp_path / target)
    monkeypatch.setattr(ports, "BY_ID", tmp_path / "by-id")
    monkeypatch.setattr(ports, "BY_PATH", tmp_path / "by-path")
    return tmp_path


def plugged(monkeypatch: pytest.MonkeyPatch, *adapters: Adapter) -> list[str]:
    monkeypatch.setattr(ports.list_ports, "comports", lambda: list(adapters))
    return [port.url for port in present_ports()]


def test_two_of_a_kind_are_named_by_their_socket(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = plugged(
        monkeypatch,
        Adapter(str(machine / "ttyUSB0"), "A1", 0x0403, 0x6001),
        Adapter(str(machine / "ttyUSB1"), None),
        Adapter(str(machine / "ttyUSB2"), None),
    )
    assert names == [str(machine / "by-id/usb-FTDI_A1"), str(machine / "by-path/usb-2"), str(machine / "by-path/usb-3")]


def test_one_of_a_kind_keeps_its_name_in_any_socket(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plugged(monkeypatch, Adapter(str(machine / "ttyUSB2"), None)) == [str(machine / "by-id/usb-1a86_USB_Serial")]


def test_a_port_without_any_link_is_named_as_it_is(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plugged(monkeypatch, Adapter("/dev/ttyS0", None, None, None)) == ["/dev/ttyS0"]
