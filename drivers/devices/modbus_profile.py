"""Any Modbus instrument that a register profile describes (`drivers.profile`): Calex, PyroUSB, CT100 and a site's own.

Value and status come from one request (`drivers.registers` judges them). One measures by polling until the value has
settled, or by a started cycle (`drivers.profile_cycle`), as the profile says.
"""

from collections.abc import Callable, Mapping
from functools import partial

from drivers.body import Impossible, impossible, is_fahrenheit, judged
from drivers.config import ConfigError
from drivers.errors import Cancelled, DeviceError, DeviceFault, FrameError, NoResponse, StaleReading
from drivers.findings import Codec, FaultSeen, Finding, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.modbus_adu import Adu, AduReader, Answer, Bits, Refused, Written
from drivers.modbus_refusal import ACCEPTED, is_passing
from drivers.model import Act, DeviceIdentity, Number, Reading, Value
from drivers.ports import Deadline, Instrument, Progress, RegisterBlock, RegisterBus, Run
from drivers.profile import Block, Profile, Settle
from drivers.profile_cycle import CycleRun
from drivers.registers import Registers, identity_finding, identity_of, judge
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import UNASKED, counts


class ProfileCodec:
    """Response ADUs (RTU, or TCP with an MBAP header) to findings; `block` is the register they answer for."""

    def __init__(self, profile: Profile, options: Options) -> None:
        self._profile = profile
        self._reader = AduReader()
        self._in_session = counts(options)
        self._address = _register(options.get("block", ""), profile.block.address)

    def feed(self, data: bytes) -> list[Finding]:
        return [self._finding(adu) for adu in self._reader.feed(data)]

    def close(self) -> list[Finding]:
        return [self._finding(adu) for adu in self._reader.close()]

    def _finding(self, adu: Adu | FrameBroken) -> Finding:
        match adu:
            case FrameBroken():
                return adu
            case Refused(unit, function, code):
                return FaultSeen(f"modbus_{code}", f"unit {unit} refuses function {function}: code {code}", Act.SERVICE)
            case Written(_, _, address, value):
                return StateSeen("written", {"register": address, "value": value})
            case Bits(_, _, data):
                return StateSeen("bits", {"bytes": data.hex(" ")})
            case Answer(_, _, words, raw):
                return self._answer(Registers(self._address, words), raw)

    def _answer(self, registers: Registers, adu: bytes) -> Finding:
        identity = self._profile.identity
        if identity is not None and registers.block.covers(identity.at):
            return identity_finding(self._profile, registers)
        finding = judge(self._profile, registers, adu)
        if finding is None:
            words = " ".join(f"{word:04X}" for word in registers.words)
            return StateSeen("registers", {"address": registers.address, "words": words})
        if isinstance(finding, MeasurementFound):
            if not self._in_session:
                return Rejected(UNASKED)
            return self._plausible(finding)
        return finding

    def _plausible(self, finding: MeasurementFound) -> Finding:
        """A value outside of the range in which one measures is what the instrument sees, and nobody's result."""
        settle = self._profile.settle
        value = finding.reading.values.get(settle.point) if settle is not None else None
        if settle is None or value is None or isinstance(value, str) or settle.low <= value <= settle.high:
            return finding
        if is_fahrenheit(settle.point, value):
            return judged(finding)
        return Rejected(f"{settle.point} {value} is not between {settle.low} and {settle.high}: {settle.waiting_state}")


def _register(text: str, default: int) -> int:
    try:
        return int(text, 0) if text else default
    except ValueError as error:
        raise ConfigError("options", [f"block: {text!r} is no register such as 11 or 0x0B"]) from error


class ProfileInstrument:
    """A `drivers.ports.Instrument` on a unit of a bus."""

    def __init__(self, profile: Profile, bus: RegisterBus, unit: int, options: Options) -> None:
        self._profile = profile
        self._bus = bus
        self._unit = unit

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """Read the identity registers; without such, the measuring block proves that somebody answers."""
        block = self._profile.identity.block if self._profile.identity is not None else self._profile.block
        return identity_of(self._profile, self._read(block, deadline))

    def self_test(self, deadline: Deadline) -> Mapping[str, Value]:
        """State of the status bits: a fatal one that only the service can clear raises `DeviceFault`."""
        registers = self._read(self._profile.block, deadline)
        raised = [bit for bit in self._profile.status if registers.is_set(bit)]
        for bit in raised:
            if bit.fatal and bit.act is Act.SERVICE:
                raise DeviceFault(f"{self._profile.model}: {bit.message}", code=bit.code)
        return {bit.code: 1 for bit in raised}

    def measure(self, run: Run) -> Reading:
        self.identify(run.deadline)
        if self._profile.settle is not None:
            return self._settle(run, self._profile.settle)
        if self._profile.cycle is not None:
            return CycleRun(self, self._profile, self._profile.cycle, run).result()
        raise ConfigError(self._profile.name, ["neither settle nor cycle"])

    def _settle(self, run: Run, settle: Settle) -> Reading:
        """Poll until the value is in range and still; what was read last is the reading, nothing is averaged."""
        seen: list[Number] = []
        held = run.deadline.within(settle.hold_s)
        last: Impossible | None = None
        while not run.deadline.expired:
            if run.cancelled:
                raise Cancelled(f"{self._profile.model}: called off")
            reading = self.read_result(run.deadline)
            value = reading.values[settle.point]
            if isinstance(value, str) or not settle.low <= value <= settle.high:
                seen.clear()
                last = impossible({settle.point: value}) if is_fahrenheit(settle.point, value) else None
                run.report(Progress(settle.waiting_state))
            elif not seen or max(*seen, value) - min(*seen, value) > settle.spread:
                seen, held = [value], run.deadline.within(settle.hold_s)
                run.report(Progress("measuring"))
            elif held.expired:
                return reading
            else:
                seen = [min(*seen, value), max(*seen, value)]
            run.pause(self._profile.link.poll_period_s)
        if last is not None:
            raise DeviceFault(f"{self._profile.model}: {last.reason}", code=last.code, act=last.act)
        if seen:
            raise NoResponse(f"{self._profile.model}: the value never kept still", code="unsteady", act=Act.WORKER)
        raise NoResponse(f"{self._profile.model}: nobody came in front of it in time", code="timeout", act=Act.WORKER)

    def read_result(self, deadline: Deadline) -> Reading:
        """One request for value and status. Raises `DeviceFault` or `StaleReading` when it must not count."""
        block = self._ask(self._profile.block, deadline)
        registers = Registers(self._profile.block.address, block.registers)
        match judge(self._profile, registers, block.reply):
            case MeasurementFound(reading):
                return reading
            case FaultSeen(code, message, act):
                raise DeviceFault(f"{self._profile.model}: {message}", code=code, act=act)
            case Rejected(reason):
                raise StaleReading(f"{self._profile.model}: {reason}", code="no_value")
            case None:
                raise ConfigError(self._profile.name, ["the block holds no result"])

    def _read(self, block: Block, deadline: Deadline) -> Registers:
        return Registers(block.address, self._ask(block, deadline).registers)

    def _ask(self, block: Block, deadline: Deadline) -> RegisterBlock:
        """Read a block; noise and what passes by itself are asked over, at most `link.tries` times within the deadline."""
        link = self._profile.link
        problem: DeviceError = NoResponse(f"{self._profile.model}: no time left to ask")
        for _ in range(link.tries):
            if deadline.expired:
                break
            try:
                return self._bus.read_registers(
                    self._unit,
                    self._profile.pdu_address(block.address),
                    block.count,
                    function=link.function,
                    timeout_s=min(link.timeout_s, max(deadline.left_s, 0.01)),
                )
            except (FrameError, NoResponse) as error:
                problem = error
            except DeviceFault as error:
                if not is_passing(error):
                    raise
                problem = error
        raise problem

    def read_word(self, register: int, deadline: Deadline) -> int:
        return self._ask(Block(address=register, count=1), deadline).registers[0]

    def write_word(self, register: int, value: int) -> None:
        """Write a register; a busy unit is asked over, one that has begun to work on it is not."""
        link = self._profile.link
        address = self._profile.pdu_address(register)
        for tries_left in reversed(range(link.tries)):
            try:
                self._bus.write_register(self._unit, address, value, timeout_s=link.timeout_s)
                break
            except DeviceError as error:
                if not tries_left or not is_passing(error) or error.code == ACCEPTED:
                    raise


def spec_of(profile: Profile) -> DriverSpec:
    """The driver that a profile makes."""
    return DriverSpec(
        name=profile.name,
        maker=profile.maker,
        model=profile.model,
        measures=profile.measures,
        transport=Transport.MODBUS,
        source=profile.source,
        medical_device=profile.medical_device,
        make_codec=_codec_of(profile),
        make_modbus=partial(ProfileInstrument, profile),
        line=LineSettings(profile.link.baudrate, 8, profile.link.parity, profile.link.stopbits, profile.link.echo),
        options={
            "block": Option("", f"register that a captured answer begins with (default {profile.block.address:#06x})"),
            "profile": Option("", "the file that the profile came from"),
        },
    )


def _codec_of(profile: Profile) -> Callable[[Options], Codec]:
    return partial(ProfileCodec, profile)


def _without_profile(*_: object) -> Instrument:
    raise ConfigError("modbus_profile", ["options.profile: say which profile file describes the instrument"])


def _codec_without_profile(_: Options) -> Codec:
    raise ConfigError("modbus_profile", ["options.profile: say which profile file describes the instrument"])


SPEC = DriverSpec(
    name="modbus_profile",
    maker="any",
    model="as its profile says",
    measures=(),
    transport=Transport.MODBUS,
    source="a register profile given with the option profile=PATH",
    medical_device=False,
    make_codec=_codec_without_profile,
    make_modbus=_without_profile,
    options={"profile": Option("", "path of the register profile (TOML)"), "block": Option("", "see the profile")},
)
