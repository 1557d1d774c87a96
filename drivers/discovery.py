"""Finds which device is on which port. It asks only harmless questions and never starts anything.

An instrument that streams by itself is recognised by listening. One that only talks when somebody measures cannot be
recognised by a probe: it is left after the others have been found.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from drivers.deadline import MonotonicDeadline
from drivers.errors import DeviceError, Unavailable
from drivers.findings import Finding, FrameBroken
from drivers.model import DeviceIdentity
from drivers.ports import ByteStream, RegisterBlock, RegisterBus
from drivers.registry import complete_options, drivers
from drivers.spec import DriverSpec, Options, Transport
from drivers.transport.modbus_bus import ModbusBus
from drivers.transport.serial_line import SerialLine

PROBE_S = 1.5
"""How long one driver may ask on one port."""
_FEW_FRAMES, _ENOUGH_FRAMES = 2, 100


@dataclass(frozen=True, slots=True)
class Probed:
    """What one driver learnt on one port: `identity` when its instrument answered, else `problem`."""

    port: str
    driver: str
    identity: DeviceIdentity | None
    problem: str = ""
    heard_only: bool = False
    """It was not asked but recognised by what it sends of itself; another device may send the like."""


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


class ReadOnlyBus:
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
                if not found.heard_only:
                    break


def _probe(port: str, spec: DriverSpec, units: Sequence[int]) -> Probed | None:
    options, _ = complete_options(spec, {})
    if spec.make_serial is not None and not port.startswith("tcp://"):
        line = SerialLine(port, spec.line)
        try:
            heard = _Heard(line)
            identity = _asked(spec.make_serial(heard, options).identify)
            listened = identity is not None and not heard.any and _talks(line, spec, options)
        finally:
            line.close()
        return Probed(port, spec.name, identity, heard_only=listened) if (heard.any and identity) or listened else None
    if spec.make_modbus is not None:
        bus = ModbusBus(port, spec.line)
        try:
            for unit in units:
                identity = _asked(spec.make_modbus(ReadOnlyBus(bus), unit, options).identify)
                if identity is not None:
                    return Probed(port, spec.name, identity)
        finally:
            bus.close()
    return None


def _talks(line: ByteStream, spec: DriverSpec, options: Options) -> bool:
    """Whether what comes unasked are this driver's frames: several of them, and next to nothing else."""
    codec = spec.make_codec({**options, "session": "no"})
    findings: list[Finding] = []
    deadline = MonotonicDeadline(PROBE_S)
    while not deadline.expired and len(findings) < _ENOUGH_FRAMES:
        findings += codec.feed(line.read())
    broken = sum(isinstance(finding, FrameBroken) for finding in findings)
    return len(findings) - broken >= _FEW_FRAMES and broken <= 1


def _asked(identify: Callable[[MonotonicDeadline], DeviceIdentity]) -> DeviceIdentity | None:
    """The identity, or None when nobody (or somebody else) answered."""
    try:
        return identify(MonotonicDeadline(PROBE_S))
    except Unavailable:
        raise
    except DeviceError:
        return None
