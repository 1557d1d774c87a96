"""Explains an exception answer of a Modbus unit, and who must act. Pure. Source: Modbus Application Protocol V1.1b3, 7."""

from drivers.errors import DeviceError, DeviceFault, NoResponse
from drivers.model import Act

_TEXTS = {
    1: "illegal function",
    2: "no such register",
    3: "illegal value",
    4: "device failure",
    5: "acknowledged, still busy",
    6: "device busy",
    10: "gateway path unavailable",
    11: "gateway target did not respond",
}
_BUSY = (5, 6)
_NOBODY = (10, 11)
"""A gateway says that its unit is silent: the same as silence."""
ACCEPTED = "modbus_5"
"""A write that was answered so is being worked on, and must not be sent again."""
_PASSING = frozenset(f"modbus_{code}" for code in (*_BUSY, *_NOBODY))


def refusal(place: str, unit: int, code: int) -> DeviceError:
    """10 and 11 are silence, 5 and 6 pass by themselves, all others are a fault of unit or configuration."""
    text = f"{place} unit {unit}: exception {code}, {_TEXTS.get(code, 'unknown exception')}"
    if code in _NOBODY:
        return NoResponse(text, code=f"modbus_{code}")
    return DeviceFault(text, code=f"modbus_{code}", act=Act.WORKER if code in _BUSY else Act.SERVICE)


def is_passing(error: DeviceError) -> bool:
    """Whether the same question may be answered a moment later."""
    return error.code in _PASSING
