"""The one table of values that a body and its instruments can give, and the function that judges every reading by it.

A number outside of it is a slip, a lamp in front of the sensor, a wrong unit or a damaged frame, and nobody's result,
whoever gave it: a driver, a register profile, or a medic who typed it. Whether a value is healthy is no business here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from drivers.errors import DeviceError, DeviceFault
from drivers.findings import Codec, Finding, MeasurementFound, Rejected
from drivers.model import Act, Measures, Quantity, Reading, Value

LIMITS: Mapping[str, tuple[float, float]] = {
    Quantity.SYSTOLIC: (30, 300),
    Quantity.DIASTOLIC: (15, 250),
    Quantity.MEAN_PRESSURE: (20, 280),
    Quantity.PULSE: (20, 300),
    Quantity.SPO2: (1, 100),
    Quantity.PERFUSION_INDEX: (0, 30),
    Quantity.BREATH_ALCOHOL: (0, 5),
    Quantity.BREATH_ALCOHOL_RAW: (0, 1000),
    Quantity.TEMPERATURE: (25, 45),
    Quantity.MOVEMENT_COUNT: (0, 99),
}
"""°C, mmHg, %, mg/L, 1/min; ends are inside. The raw number of a breath test may be in µg/L, mg/100 mL or per mille."""
WORDS = ("pass", "fail", "over")
"""What a qualitative breath test can say."""
FAHRENHEIT = (90.0, 110.0)
"""A temperature of a body as an instrument shows it that is set to Fahrenheit."""
REQUIRED: Mapping[Measures, tuple[tuple[Quantity, ...], ...]] = {
    Measures.PRESSURE: ((Quantity.SYSTOLIC, Quantity.DIASTOLIC),),
    Measures.OXIMETRY: ((Quantity.SPO2,),),
    Measures.BREATH: ((Quantity.BREATH_ALCOHOL,), (Quantity.BREATH_ALCOHOL_RAW,), (Quantity.BREATH_TEST,)),
    Measures.TEMPERATURE: ((Quantity.TEMPERATURE,),),
}
"""What a result of each kind consists of at least; alternatives."""
_FALLING = (Quantity.SYSTOLIC, Quantity.MEAN_PRESSURE, Quantity.DIASTOLIC)
_UNIT = "unit"
_LONGEST_TEXT = 200
_LONGEST_RAW = 2000


@dataclass(frozen=True, slots=True)
class Impossible:
    """Why values belong to no body, and who must act."""

    code: str
    reason: str
    act: Act


def is_fahrenheit(name: str, value: Value) -> bool:
    """Whether this would be a body temperature in Fahrenheit."""
    return name == Quantity.TEMPERATURE and not isinstance(value, str) and FAHRENHEIT[0] <= value <= FAHRENHEIT[1]


def impossible(values: Mapping[str, Value]) -> Impossible | None:
    """What is impossible about these values; None when they can be."""
    for name, value in values.items():
        if is_fahrenheit(name, value):
            reason = f"{value:g} is no body temperature; is the instrument set to Fahrenheit?"
            return Impossible("fahrenheit", reason, Act.SERVICE)
        if why := _out_of_table(name, value):
            return Impossible("impossible_value", f"{name}: {why}", Act.WORKER)
    pressures = [values[name] for name in _FALLING if name in values]
    shown = [float(value) for value in pressures]
    if any(higher < lower for higher, lower in pairwise(shown)) or (len(shown) > 1 and shown[0] == shown[-1]):
        told = "systolic_mmhg must be above diastolic_mmhg, and mean_mmhg between them"
        return Impossible("impossible_value", told, Act.WORKER)
    return None


def _out_of_table(name: str, value: Value) -> str:
    if name == Quantity.BREATH_TEST:
        return "" if value in WORDS else f"{value!r} is none of {', '.join(WORDS)}"
    if name == _UNIT:
        return "" if isinstance(value, str) else f"{value!r} is no unit"
    if name not in LIMITS:
        return "there is no such quantity"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{value!r} is no number"
    low, high = LIMITS[name]
    return "" if low <= value <= high else f"{value:g} is not between {low:g} and {high:g}"


def judge_reading(reading: Reading, measures: Measures) -> None:
    """Let a reading pass that can be a result of this kind. Raises `DeviceFault`.

    Also what stands beside the values must be fit to be kept: whatever a device sends, the exam goes on.
    """
    found = impossible(reading.values)
    if found is None and not any(set(names) <= reading.values.keys() for names in REQUIRED[measures]):
        found = Impossible("incomplete", f"no complete result of {measures}: {', '.join(reading.values)}", Act.WORKER)
    if found is None and (why := _unkeepable(reading)):
        found = Impossible("unusable_reading", why, Act.SERVICE)
    if found is not None:
        raise _refusal(found)


def _refusal(found: Impossible) -> DeviceError:
    return DeviceFault(found.reason[:_LONGEST_TEXT], code=found.code, act=found.act)


def _unkeepable(reading: Reading) -> str:
    if not 1 <= len(reading.raw) <= _LONGEST_RAW:
        return f"a result with {len(reading.raw)} raw bytes"
    texts = [*reading.device.values(), reading.device_clock or "", *reading.values, *reading.details]
    texts += [value for value in (*reading.values.values(), *reading.details.values()) if isinstance(value, str)]
    if any(len(text) > _LONGEST_TEXT or (text and not text.isprintable()) for text in texts):
        return "a result with a text that is too long or not printable"
    if any(isinstance(value, float) and not math.isfinite(value) for value in reading.details.values()):
        return "a result with a number that is none"
    return ""


def judged(finding: Finding) -> Finding:
    """The finding, or its refusal when no body can give it."""
    if isinstance(finding, MeasurementFound) and (found := impossible(finding.reading.values)):
        return Rejected(found.reason)
    return finding


class JudgedCodec:
    """A codec whose measurements are judged: what captures are decoded with."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [judged(finding) for finding in self._codec.feed(data)]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [judged(finding) for finding in self._codec.close()]
