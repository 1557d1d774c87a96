"""Opens a gate for a moment by a relay board on a Modbus bus: made safe first, switched once, looked at afterwards.

A write counts when its exact copy came back: the copy of another address is a stranger's, and no success. What was sent may
have been done all the same, so the relay is switched off after every doubt, and nothing is ever sent a second time to open.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Literal, Protocol

from drivers.errors import DeviceError, DeviceFault
from drivers.ports import RegisterBlock
from drivers.relay_profile import RelayProfile

Outcome = Literal["opened", "unknown", "failed"]
"""`unknown`: it may have opened. `failed`: it did not."""
OFF_TRIES = 3
_POLL_S = 0.1
_SLACK_S = 0.6
"""So much later than its pulse should end a relay may be seen on."""


class RelayBus(Protocol):
    """The part of a Modbus bus that a relay needs. Raises as `drivers.ports.RegisterBus`."""

    def read_registers(
        self, unit: int, address: int, count: int, *, function: int = 3, timeout_s: float = 0.5
    ) -> RegisterBlock: ...
    def write_register(self, unit: int, address: int, value: int, *, timeout_s: float = 0.5) -> None: ...
    def read_bits(
        self, unit: int, address: int, count: int, *, function: int = 1, timeout_s: float = 0.5
    ) -> tuple[bool, ...]: ...
    def write_coil(self, unit: int, address: int, word: int, *, timeout_s: float = 0.5) -> None: ...


class GateRelay:
    """One relay of a board. Used by one thread; `wait(seconds)` pauses it."""

    def __init__(
        self, bus: RelayBus, profile: RelayProfile, unit: int, relay: int, wait: Callable[[float], object]
    ) -> None:
        """`relay` counts from 1, as on the board. Raises `ValueError` for one that the board has not."""
        if not 1 <= relay <= profile.coils.count:
            raise ValueError(f"{profile.model} has relays 1 to {profile.coils.count}, not {relay}")
        self._bus, self._profile, self._unit, self._place, self._wait = bus, profile, unit, relay - 1, wait

    def make_safe(self) -> None:
        """Switch off, and bring the board's settings to what the profile demands. Raises `DeviceError`."""
        # A question that the board alone can answer, be it with "I do not know this": a line that gives back what is sent shows
        # itself before anything is written.
        with suppress(DeviceFault):
            self._is_on()
        self.switch_off()
        for setting in self._profile.setting:
            address = setting.register_ + (self._place if setting.per_relay else 0)
            if self._register(address) == setting.value:
                continue
            self._bus.write_register(self._unit, address, setting.value, timeout_s=self._profile.timeout_s)
            if self._register(address) != setting.value:
                raise DeviceFault(
                    f"{self._profile.model}: register {address} does not keep {setting.value} ({setting.why})",
                    code="unsafe_board",
                )
        self.look()

    def look(self) -> bool:
        """Ask how the relay stands; this is also what a board with a safe state waits for. Raises `DeviceError`.

        A relay that nobody has switched on, and that is on, is switched off. Returns whether that was so.
        """
        if not self._profile.coils.readable:
            self._off()
            return False
        if not self._is_on():
            return False
        self.switch_off()
        return True

    def open_once(self, pulse_s: float) -> Outcome:
        """Let one person in. Nothing is repeated: after a doubt the relay is switched off, and the answer is `unknown`."""
        try:
            self._switch_on(pulse_s)
        except DeviceFault:
            # The board says that it did not do it.
            self._forced_off()
            return "failed"
        except DeviceError:
            self._forced_off()
            return "unknown"
        try:
            return self._watched(pulse_s)
        except DeviceError:
            return "unknown"

    def switch_off(self) -> None:
        """Off, whatever it takes. Raises `DeviceError` where the board does not confirm it."""
        for left in reversed(range(OFF_TRIES)):
            try:
                self._off()
                if not self._profile.coils.readable or not self._is_on():
                    return
                if not left:
                    raise DeviceFault(f"{self._profile.model}: the relay stays on", code="stays_on")
            except DeviceError:
                if not left:
                    raise

    def _switch_on(self, pulse_s: float) -> None:
        pulse, coils = self._profile.pulse, self._profile.coils
        if pulse is None:
            self._write(coils.first + self._place, coils.on_word)
            return
        steps = max(1, min(round(1000 * pulse_s / pulse.unit_ms), pulse.longest))
        self._write(pulse.first + self._place, steps)

    def _watched(self, pulse_s: float) -> Outcome:
        """See it on, and see it off again."""
        readable = self._profile.coils.readable
        was_on = not readable or self._is_on()
        left_s = pulse_s
        while left_s > 0:
            self._wait(min(_POLL_S, left_s))
            left_s -= _POLL_S
            was_on = was_on or self._is_on()
        if self._profile.pulse is None:
            self.switch_off()
        else:
            self._seen_off()
        return "opened" if was_on else "unknown"

    def _seen_off(self) -> None:
        left_s = _SLACK_S
        while self._is_on():
            if left_s <= 0:
                self.switch_off()
                return
            self._wait(_POLL_S)
            left_s -= _POLL_S

    def _forced_off(self) -> None:
        try:
            self.switch_off()
        except DeviceError:
            # Looked at again as soon as the line is there; a board with a pulse or a safe state ends it by itself.
            return

    def _off(self) -> None:
        self._write(self._profile.coils.first + self._place, self._profile.coils.off_word)

    def _is_on(self) -> bool:
        coils = self._profile.coils
        (is_on,) = self._bus.read_bits(self._unit, coils.first + self._place, 1, timeout_s=self._profile.timeout_s)
        return is_on

    def _register(self, address: int) -> int:
        block = self._bus.read_registers(self._unit, address, 1, timeout_s=self._profile.timeout_s)
        return block.registers[0]

    def _write(self, address: int, word: int) -> None:
        self._bus.write_coil(self._unit, address, word, timeout_s=self._profile.timeout_s)
