"""The states of a device that a step's screen may show. Drivers have more states than these."""

from collections.abc import Mapping

from drivers.model import Measures

SHOWN: Mapping[Measures, frozenset[str]] = {
    Measures.TEMPERATURE: frozenset({"waiting_for_forehead", "measuring"}),
    Measures.PRESSURE: frozenset({"waiting_for_start", "inflating", "measuring"}),
    Measures.BREATH: frozenset({"warming", "waiting_for_breath", "blowing", "analysing"}),
    Measures.OXIMETRY: frozenset({"searching", "finger_out", "measuring"}),
}
"""Each has words at the kiosk. `waiting_for_start`: the worker must press the button of the device itself."""


def is_shown(measures: Measures, state: str) -> bool:
    """Whether a worker is told of this state; the others are the protocol's own (`accepted`, `idle`)."""
    return state in SHOWN[measures]
