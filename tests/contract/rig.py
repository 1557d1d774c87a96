"""One registered driver, its simulated instrument and a line between them in virtual time; the same for all of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from drivers.errors import DeviceFault, FrameError, NoResponse
from drivers.findings import Finding
from drivers.modbus_adu import AduReader, Answer, Refused, Written, crc16
from drivers.model import DeviceIdentity, Reading
from drivers.ports import Instrument, RegisterBlock
from drivers.registry import complete_options, driver, drivers
from drivers.spec import DriverSpec, Options, Transport
from simulators.catalogue import catalogue
from simulators.lines import Wire
from simulators.model import DeviceModel, apply_scenario
from tests.unit.drivers.virtual_line import ModelLine, VirtualDeadline, VirtualRun

SIMULATED = [name for name, spec in drivers().items() if spec.transport is not Transport.MANUAL and spec.measures]
"""Every registered driver that talks to an instrument."""

WITHOUT_CHECKSUM = {
    "and_ua767pc", "contec_legacy", "contec_v7", "dingo_e200", "masimo_ascii1", "nonin", "omron_hbp9030", "optris_ct",
}  # fmt: skip
"""Their protocols (Nonin: data format 8, its default here) carry no checksum over a result."""

SHOWN_AS: Mapping[str, Mapping[str, str]] = {
    "calex_pyrominibus": {"temperature_celsius": "forehead_celsius"},
    "calex_pyrousb": {"temperature_celsius": "forehead_celsius"},
    "ct100": {"temperature_celsius": "forehead_celsius"},
    "dingo_e200": {"breath_alcohol_mg_per_l": "alcohol"},
}
"""Fields of a model that are called otherwise than the value that they end up in."""

_STEP_S = 0.05
TIMEOUT_S = 200.0


@dataclass
class VirtualBus:
    """A `drivers.ports.RegisterBus` to a simulated Modbus instrument, byte for byte and in virtual time."""

    line: ModelLine
    asked: int = 0
    written: list[int] = field(default_factory=list)

    def read_registers(
        self, unit: int, address: int, count: int, *, function: int = 3, timeout_s: float = 0.5
    ) -> RegisterBlock:
        request = bytes([unit, function]) + address.to_bytes(2, "big") + count.to_bytes(2, "big")
        match self._ask(request + crc16(request), timeout_s):
            case Answer(_, _, words, adu) if len(words) == count:
                return RegisterBlock(address, words, request, adu)
            case Refused(_, _, code):
                raise DeviceFault(f"exception {code}", code=f"modbus_{code}")
            case _:
                raise FrameError("something else came")

    def write_register(self, unit: int, address: int, value: int, *, timeout_s: float = 0.5) -> None:
        self.written.append(address)
        request = bytes([unit, 6]) + address.to_bytes(2, "big") + value.to_bytes(2, "big")
        if isinstance(self._ask(request + crc16(request), timeout_s), Refused):
            raise DeviceFault("exception", code="modbus_2")

    def _ask(self, request: bytes, timeout_s: float) -> Answer | Written | Refused:
        self.asked += 1
        self.line.discard_input()
        self.line.write(request)
        reader = AduReader()
        deadline = self.line.clock.now_s + timeout_s
        garbage = False
        while self.line.clock.now_s < deadline:
            received = self.line.read()
            garbage = garbage or bool(received)
            for adu in reader.feed(received):
                if isinstance(adu, Answer | Written | Refused):
                    return adu
        if garbage:
            raise FrameError("only garbage came")
        raise NoResponse("no answer in time")


@dataclass
class Rig:
    """A driver at work on a simulated instrument."""

    spec: DriverSpec
    options: Options
    model: DeviceModel
    line: ModelLine
    instrument: Instrument

    def identify(self, timeout_s: float = 5.0) -> DeviceIdentity:
        return self.instrument.identify(self._deadline(timeout_s))

    def measure(self, cancel_at: str = "", timeout_s: float = TIMEOUT_S) -> Reading:
        return self.instrument.measure(self.run(cancel_at, timeout_s))

    def run(self, cancel_at: str = "", timeout_s: float = TIMEOUT_S) -> VirtualRun:
        return VirtualRun(self._deadline(timeout_s), self.options, cancel_at)

    def truth(self) -> dict[str, object]:
        """Fields of the model under the names of the values that they must end up in."""
        shown_as = SHOWN_AS.get(self.spec.name, {})
        names = {key: key for key in vars(self.model)} | dict(shown_as)
        return {value: getattr(self.model, shown) for value, shown in names.items()}

    def _deadline(self, seconds: float) -> VirtualDeadline:
        return VirtualDeadline(self.line.clock, self.line.clock.now_s + seconds)


def rig(name: str, scenario: str = "normal", *, wire: Wire | None = None, chunk: int = 256) -> Rig:
    """A driver with its default options on its simulated instrument in this scenario."""
    spec = driver(name)
    options, _ = complete_options(spec, {})
    model = catalogue()[name]()
    apply_scenario(model, scenario)
    carried = wire or Wire()
    line = ModelLine(model, chunk=chunk, spoil=lambda data: carried.carry(data, _STEP_S))
    if spec.make_serial is not None:
        return Rig(spec, options, model, line, spec.make_serial(line, options))
    if spec.make_modbus is None:
        raise AssertionError(f"{name} talks over no line")
    return Rig(spec, options, model, line, spec.make_modbus(VirtualBus(line), 1, options))


def decoded(name: str, data: bytes, sizes: Iterator[int] | None = None, **chosen: str) -> list[Finding]:
    """All findings in these bytes, fed in pieces of these sizes (default: at once)."""
    options, faults = complete_options(driver(name), chosen)
    assert not faults
    codec = driver(name).make_codec(options)
    found: list[Finding] = []
    at = 0
    while at < len(data):
        size = len(data) if sizes is None else next(sizes)
        found += codec.feed(data[at : at + size])
        at += size
    return found + codec.close()


@contextmanager
def gone_after(line: ModelLine, received_bytes: int) -> Iterator[None]:
    """The cable is out after so many received bytes, and back in at the end of the block."""
    line.unplug_after_bytes = received_bytes
    try:
        yield
    finally:
        line.unplug_after_bytes = None
        line.waiting = b""
