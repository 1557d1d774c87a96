"""Which device sits on which port? Only harmless questions are asked: nothing is ever started.

Drivers whose instrument cannot be asked (it only talks when somebody measures) say so; they can be recognised by
elimination and by listening to one measurement, never by a probe.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from drivers.deadline import MonotonicDeadline
from drivers.errors import DeviceError, Unavailable
from drivers.model import DeviceIdentity
from drivers.ports import ByteStream, RegisterBlock, RegisterBus
from drivers.registry import complete_options, drivers
from drivers.spec import DriverSpec, Transport
from drivers.transport.modbus_bus import ModbusBus
from drivers.transport.serial_line import SerialLine

PROBE_S = 1.5
"""How long one driver may ask on one port."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What one driver learnt on one port: `identity` when its instrument answered, else `problem`."""

    port: str
    driver: str
    identity: DeviceIdentity | None
    problem: str = ""


class _Heard:
    """A stream that knows whether anything was received."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.any = False

    def read(self, size: int = 256) -> bytes:
        received = self._stream.read(size)
        self.any = self.any or bool(received)
        return received

    def write(self, data: bytes) -> None:
        self._stream.write(data)

    def discard_input(self) -> None:
        self._stream.discard_input()


class _ReadOnlyBus:
    """A bus on which a probe cannot write, whatever a profile says."""

    def __init__(self, bus: RegisterBus) -> None:
        self._bus = bus

    def read_registers(
        self, unit: int, address: int, count: int, *, function: int = 3, timeout_s: float = 0.5
    ) -> RegisterBlock:
        return self._bus.read_registers(unit, address, count, function=function, timeout_s=timeout_s)

    def write_register(self, unit: int, address: int, value: int, *, timeout_s: float = 0.5) -> None:
        raise PermissionError(f"a probe must not write register {address} of unit {unit}")


def discover(
    ports: Sequence[str],
    names: Sequence[str] = (),
    *,
    units: Sequence[int] = (1,),
    progress: Callable[[str, str], None] = lambda port, driver: None,
) -> Iterator[Probed]:
    """Ask on each port with each driver (all that can ask, or those of `names`) until one instrument has answered.

    A port that cannot be opened gives one result with the reason.
    """
    specs = [spec for name, spec in drivers().items() if not names or name in names]
    for port in ports:
        for spec in specs:
            if spec.transport is Transport.MANUAL or (spec.make_serial is None and not spec.measures):
                continue
            progress(port, spec.name)
            try:
                found = _probe(port, spec, units)
            except Unavailable as error:
                yield Probed(port, spec.name, None, str(error))
                break
            if found is not None:
                yield found
                if found.identity is not None:
                    break


def _probe(port: str, spec: DriverSpec, units: Sequence[int]) -> Probed | None:
    options, _ = complete_options(spec, {})
    if spec.make_serial is not None and not port.startswith("tcp://"):
        line = SerialLine(port, spec.line)
        try:
            heard = _Heard(line)
            identity = _asked(spec.make_serial(heard, options).identify)
        finally:
            line.close()
        return Probed(port, spec.name, identity) if identity is not None and heard.any else None
    if spec.make_modbus is not None:
        bus = ModbusBus(port, spec.line)
        try:
            for unit in units:
                identity = _asked(spec.make_modbus(_ReadOnlyBus(bus), unit, options).identify)
                if identity is not None:
                    return Probed(port, spec.name, identity)
        finally:
            bus.close()
    return None


def _asked(identify: Callable[[MonotonicDeadline], DeviceIdentity]) -> DeviceIdentity | None:
    """The identity, or None when nobody (or somebody else) answered."""
    try:
        return identify(MonotonicDeadline(PROBE_S))
    except Unavailable:
        raise
    except DeviceError:
        return None
