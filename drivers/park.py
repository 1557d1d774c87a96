"""All configured devices of one terminal: one worker thread per port or bus, no device waits for another.

This is the face that the terminal sees; `worker` runs a line, `transport` opens it, `registry` knows the drivers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from drivers.config import DeviceConfig
from drivers.messages import DeviceMessage, DeviceStatus


class Park(Protocol):
    """What the exam core needs of the devices; tests hand in their own."""

    def start(self) -> None:
        """Start the workers. Returns at once; states arrive as `DeviceStatusChanged`."""
        ...

    def measure(self, request_id: str, device_id: str, options: Mapping[str, str], timeout_s: float) -> None:
        """Order one measurement. Exactly one `MeasurementTaken` or `MeasurementFailed` with this id follows."""
        ...

    def cancel(self, request_id: str) -> None:
        """Call a measurement off; it ends as `MeasurementFailed` of kind `Cancelled` (or as taken, if it just was)."""
        ...

    def statuses(self) -> Mapping[str, DeviceStatus]: ...

    def close(self) -> None:
        """Stop all workers and close all ports; waits for the threads."""
        ...


Post = Callable[[DeviceMessage], None]


def open_park(devices: Sequence[DeviceConfig], post: Post) -> Park:
    """Make the park for these devices; workers post their messages through `post`, from their own threads."""
    raise NotImplementedError
