"""Steps whose instrument has no cable: typed values are judged and then taken as a reading marked as typed."""

from collections.abc import Mapping, Sequence

from drivers.devices.manual_entry import SPEC, typed_values
from terminal.config import TerminalConfig

TYPED_FIELDS: Mapping[str, Sequence[str]] = {
    "temperature": ("temperature_celsius",),
    "pressure": ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm"),
    "breath": ("breath_alcohol_mg_per_l",),
}
"""What is asked for, in this order."""
MAY_STAY_EMPTY = frozenset({"pulse_bpm"})


def typed_steps(config: TerminalConfig) -> frozenset[str]:
    """The steps whose values are typed."""
    return frozenset(
        step for step in TYPED_FIELDS if (device := config.device_for(step)) and device.driver == SPEC.name
    )


def fault_of(step: str, typed: Mapping[str, str]) -> str:
    """What is wrong with typed values; empty when a device could have shown them. One table judges them and every reading."""
    if not set(typed) <= set(TYPED_FIELDS.get(step, ())):
        return "other values than this step asks for"
    try:
        typed_values(typed)
    except ValueError as error:
        return str(error)
    return ""
