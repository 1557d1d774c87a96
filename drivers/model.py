"""Values of a device: quantities with their units, readings, identities and states.

Values travel under the names of `Quantity`; the unit is part of the name, so that no number is ever without one.
Codes for export (MDC, LOINC) are the wire's business and stand in `sync.contract.codes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Number = int | float
Value = int | float | str


class Quantity(StrEnum):
    """Name of a measured quantity; the suffix is the unit."""

    SYSTOLIC = "systolic_mmhg"
    DIASTOLIC = "diastolic_mmhg"
    MEAN_PRESSURE = "mean_mmhg"
    PULSE = "pulse_bpm"
    SPO2 = "spo2_percent"
    PERFUSION_INDEX = "perfusion_index_percent"
    BREATH_ALCOHOL = "breath_alcohol_mg_per_l"
    BREATH_ALCOHOL_RAW = "breath_alcohol_raw"
    """The device's own number when its unit is not mg/L; the unit stands beside it under `unit`."""
    BREATH_TEST = "breath_test"
    """Qualitative: `pass`, `fail` or `over`. Never turned into a number."""
    TEMPERATURE = "temperature_celsius"
    MOVEMENT_COUNT = "movement_count"


class Measures(StrEnum):
    """What an instrument is for: one exam step each (pulse comes along with pressure or from an oximeter)."""

    PRESSURE = "pressure"
    OXIMETRY = "oximetry"
    BREATH = "breath"
    TEMPERATURE = "temperature"


class Generation(StrEnum):
    """Where a value comes from (BICEPS GenerationMode). A demo value never becomes a real journal entry."""

    REAL = "real"
    DEMO = "demo"
    TEST = "test"


class Derivation(StrEnum):
    """How a value came in (BICEPS DerivationMethod)."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class Act(StrEnum):
    """The person who must act when something goes wrong."""

    WORKER = "worker"
    SERVICE = "service"
    MEDIC = "medic"


class DeviceState(StrEnum):
    """State of a configured device as the kiosk shows it."""

    READY = "ready"
    WARMING = "warming"
    BUSY = "busy"
    FAULT = "fault"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """The device that measured. `serial_source` tells whether the device said its number or the configuration did."""

    maker: str
    model: str
    serial_number: str | None = None
    serial_source: str = "configuration"
    firmware: str | None = None
    medical_device: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One result that a device gave in answer to our start.

    `values` maps names of `Quantity` (and `unit` beside a raw number) to numbers or qualitative words; what the device
    did not say is absent. `raw` is the frame or register block without personal fields. `device_clock` is what the
    device thought the time was: recorded, never trusted.
    """

    values: Mapping[str, Value]
    raw: bytes
    device: Mapping[str, str] = field(default_factory=dict)
    """What the frame itself says of the device: `model`, `serial`, `firmware`, where present."""
    device_clock: str | None = None
    details: Mapping[str, Value] = field(default_factory=dict)
    """Further facts of the frame that are no quantities (cuff setting, mode, movement, profile version)."""
    derivation: Derivation = Derivation.AUTOMATIC
