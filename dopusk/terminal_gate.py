"""Builds the gate beside a kiosk from its configuration."""

from collections.abc import Callable

from drivers.relay_profile import relay_of
from drivers.relay_worker import RelayDone, RelayPlace, RelayState, RelayWorker
from drivers.transport.modbus_bus import ModbusBus
from terminal.core import Core
from terminal.exam.model import ExamState
from terminal.gate import GateOpenings


def open_gate(
    core: Core, post: Callable[[RelayDone | RelayState], None], on_screen: Callable[[], ExamState | None]
) -> GateOpenings | None:
    """The gate of `[gate]`; None without that section. Raises `ConfigError` for a board that nobody knows."""
    gate = core.config.gate
    if gate is None:
        return None
    profile = relay_of(gate.profile)
    place = RelayPlace(profile, gate.unit, gate.relay, gate.pulse_s)
    worker = RelayWorker(place, lambda: ModbusBus(gate.port, profile.line), post)
    return GateOpenings(core, worker, gate.within_s, on_screen)
