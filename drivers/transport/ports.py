"""Serial ports of this machine, by the names that survive renumbering."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

BY_ID = Path("/dev/serial/by-id")
BY_PATH = Path("/dev/serial/by-path")


@dataclass(frozen=True, slots=True)
class PresentPort:
    """A port as the system knows it; `url` is what to write into the configuration."""

    url: str
    device: str
    description: str
    usb_id: str | None
    serial_number: str | None


def present_ports() -> list[PresentPort]:
    """All serial ports, each by a name of its own that survives another order of plugging in.

    That is the link by id where the adapter has a serial number or is the only one of its kind. Two of a kind without
    serial numbers share one such link, which leads now to the one and now to the other: they are named by their socket.
    """
    found = sorted(list_ports.comports(), key=lambda port: port.device)
    kinds = Counter((port.vid, port.pid) for port in found if not port.serial_number)
    by_id, by_path = _links(BY_ID), _links(BY_PATH)
    ports: list[PresentPort] = []
    for port in found:
        alike = not port.serial_number and kinds[port.vid, port.pid] > 1
        by_name = by_path if alike else {**by_path, **by_id}
        ports.append(
            PresentPort(
                url=by_name.get(port.device, port.device),
                device=port.device,
                description=port.description,
                usb_id=None if port.vid is None or port.pid is None else f"{port.vid:04X}:{port.pid:04X}",
                serial_number=port.serial_number,
            )
        )
    return ports


def _links(folder: Path) -> dict[str, str]:
    """Device -> link, of those links that lead somewhere."""
    return {str(link.resolve()): str(link) for link in sorted(folder.glob("*"))} if folder.is_dir() else {}
