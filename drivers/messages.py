"""Messages of line workers to the terminal. Plain frozen values, posted through the callback given to the park."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.model import DeviceIdentity, DeviceState, Measures, Reading, Value


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """State of one configured device, with the reason and since when (seconds of the monotonic clock)."""

    device_id: str
    measures: Measures
    state: DeviceState
    reason: str = ""
    since_monotonic_s: float = 0.0
    identity: DeviceIdentity | None = None


@dataclass(frozen=True, slots=True)
class DeviceStatusChanged:
    status: DeviceStatus


@dataclass(frozen=True, slots=True)
class MeasurementProgress:
    """Live facts for the screen; never a result."""

    request_id: str
    device_id: str
    state: str
    details: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeasurementTaken:
    """A result that answers `request_id`, with the identity of the device that gave it."""

    request_id: str
    device_id: str
    reading: Reading
    identity: DeviceIdentity


@dataclass(frozen=True, slots=True)
class MeasurementFailed:
    """No result. `kind` is the error's class name, `act` who must act, `code` for the engineer."""

    request_id: str
    device_id: str
    kind: str
    code: str
    message: str
    act: str


DeviceMessage = DeviceStatusChanged | MeasurementProgress | MeasurementTaken | MeasurementFailed
