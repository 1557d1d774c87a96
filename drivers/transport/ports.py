"""Serial ports of this machine, by the names that survive renumbering."""

from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

_BY_ID = Path("/dev/serial/by-id")


@dataclass(frozen=True, slots=True)
class PresentPort:
    """A port as the system knows it; `url` is what to write into the configuration."""

    url: str
    device: str
    description: str
    usb_id: str | None
    serial_number: str | None


def present_ports() -> list[PresentPort]:
    """All serial ports, named by `/dev/serial/by-id` where such a link exists."""
    links = {str(link.resolve()): str(link) for link in sorted(_BY_ID.glob("*"))} if _BY_ID.is_dir() else {}
    return [
        PresentPort(
            url=links.get(port.device, port.device),
            device=port.device,
            description=port.description,
            usb_id=None if port.vid is None or port.pid is None else f"{port.vid:04X}:{port.pid:04X}",
            serial_number=port.serial_number,
        )
        for port in sorted(list_ports.comports(), key=lambda port: port.device)
    ]
