"""Any Modbus instrument that a register profile describes (`drivers.profile`): Calex, PyroUSB, CT100 and a site's own.

Value and status come from one request; a value with a fatal status bit, a "missing" raw value or one outside of the
profile's range never becomes a reading.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from drivers.config import ConfigError
from drivers.errors import Cancelled, DeviceError, DeviceFault, FrameError, NoResponse, StaleReading, WrongDevice
from drivers.findings import Codec, FaultSeen, Finding, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.modbus_adu import Adu, AduReader, Answer, Refused, Written
from drivers.model import Act, DeviceIdentity, Number, Reading, Value
from drivers.ports import Deadline, Instrument, Progress, RegisterBlock, RegisterBus, Run
from drivers.profile import WORDS_OF, Block, Cycle, CycleState, Point, Profile, Settle, StatusBit
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import UNASKED, counts

_FORMATS = {"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "f32": ">f"}


@dataclass(frozen=True, slots=True)
class Registers:
    """A block of registers as read: unsigned words from `address` on."""

    address: int
    words: tuple[int, ...]

    @property
    def block(self) -> Block:
        return Block(address=self.address, count=len(self.words))

    def raw(self, point: Point) -> Number:
        """Raw number of a point before scaling."""
        start = point.at - self.address
        words = self.words[start : start + WORDS_OF[point.type]]
        if point.word_order == "little":
            words = words[::-1]
        packed = b"".join(word.to_bytes(2, "big") for word in words)
        number: Number = struct.unpack(_FORMATS[point.type], packed)[0]
        return number

    def is_set(self, bit: StatusBit) -> bool:
        return bool(self.words[bit.at - self.address] >> bit.bit & 1)


def judge(profile: Profile, registers: Registers, adu: bytes) -> MeasurementFound | FaultSeen | Rejected | None:
    """What a block of registers means; None when it holds no result of the profile."""
    covered = registers.block
    bits = [bit for bit in profile.status if covered.covers(bit.at)]
    for bit in bits:
        if bit.fatal and registers.is_set(bit):
            return FaultSeen(bit.code, bit.message, bit.act)
    values: dict[str, Value] = {}
    details: dict[str, Value] = {"profile": f"{profile.name}/{profile.version}"}
    for point in profile.point:
        if not covered.covers(point.at, WORDS_OF[point.type]):
            continue
        raw = registers.raw(point)
        if raw in point.missing:
            if point.result:
                return Rejected(f"{point.name}: the device says that it has no value ({raw})")
            continue
        value = round(raw * point.scale + point.offset, point.decimals)
        if not point.range[0] <= value <= point.range[1]:
            return Rejected(f"{point.name}: {value} {point.unit} is outside of {point.range[0]} to {point.range[1]}")
        (values if point.result else details)[point.name] = value
    if not values:
        return None
    details |= {bit.code: 1 for bit in bits if registers.is_set(bit)}
    if len(bits) < len(profile.status):
        details["status"] = "not read"
    return MeasurementFound(Reading(values, adu, device={"model": profile.model}, details=details))


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
            case Answer(_, _, words, raw):
                return self._answer(Registers(self._address, words), raw)

    def _answer(self, registers: Registers, adu: bytes) -> Finding:
        identity = self._profile.identity
        if identity is not None and registers.block.covers(identity.at):
            return _identity_finding(self._profile, registers)
        finding = judge(self._profile, registers, adu)
        if finding is None:
            words = " ".join(f"{word:04X}" for word in registers.words)
            return StateSeen("registers", {"address": registers.address, "words": words})
        if isinstance(finding, MeasurementFound) and not self._in_session:
            return Rejected(UNASKED)
        return finding


def _register(text: str, default: int) -> int:
    try:
        return int(text, 0) if text else default
    except ValueError as error:
        raise ConfigError("options", [f"block: {text!r} is no register such as 11 or 0x0B"]) from error


def _identity_finding(profile: Profile, registers: Registers) -> Finding:
    try:
        identity = identity_of(profile, registers)
    except WrongDevice as error:
        return FaultSeen(error.code, str(error), error.act)
    details: dict[str, Value] = {"model": identity.model}
    if identity.serial_number is not None:
        details["serial"] = identity.serial_number
    return StateSeen("identity", details)


def identity_of(profile: Profile, registers: Registers) -> DeviceIdentity:
    """Who answers, from the identity registers. Raises `WrongDevice`."""
    serial: str | None = None
    if profile.identity is not None:
        found = registers.words[profile.identity.at - registers.address]
        if found not in profile.identity.expected:
            expected = " or ".join(str(value) for value in profile.identity.expected)
            raise WrongDevice(
                f"register {profile.identity.at:#06x} reads {found} instead of {expected}: "
                f"this is no {profile.maker} {profile.model}; check unit and port"
            )
        first = profile.identity.serial_register
        if first is not None and registers.block.covers(first, profile.identity.serial_words):
            number = 0
            for word in registers.words[first - registers.address :][: profile.identity.serial_words]:
                number = number << 16 | word
            serial = str(number)
    source = "configuration" if serial is None else "device"
    return DeviceIdentity(profile.maker, profile.model, serial, source, medical_device=profile.medical_device)


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
            return _CycleRun(self, self._profile, self._profile.cycle, run).result()
        raise ConfigError(self._profile.name, ["neither settle nor cycle"])

    def _settle(self, run: Run, settle: Settle) -> Reading:
        """Poll until the value is in range and still; what was read last is the reading, nothing is averaged."""
        seen: list[Number] = []
        held = run.deadline.within(settle.hold_s)
        while not run.deadline.expired:
            if run.cancelled:
                raise Cancelled(f"{self._profile.model}: called off")
            reading = self.read_result(run.deadline)
            value = reading.values[settle.point]
            if isinstance(value, str) or not settle.low <= value <= settle.high:
                seen.clear()
                run.report(Progress(settle.waiting_state))
            elif not seen or max(*seen, value) - min(*seen, value) > settle.spread:
                seen, held = [value], run.deadline.within(settle.hold_s)
                run.report(Progress("measuring"))
            elif held.expired:
                return reading
            else:
                seen = [min(*seen, value), max(*seen, value)]
            run.pause(self._profile.link.poll_period_s)
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
        """Read a block; noise on the line is asked over, at most `link.tries` times and within the deadline."""
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
        raise problem

    def read_word(self, register: int, deadline: Deadline) -> int:
        return self._ask(Block(address=register, count=1), deadline).registers[0]

    def write_word(self, register: int, value: int) -> None:
        address = self._profile.pdu_address(register)
        self._bus.write_register(self._unit, address, value, timeout_s=self._profile.link.timeout_s)


class _CycleRun:
    """One started measurement: write, follow the state register, read the result in `done` only."""

    def __init__(self, instrument: ProfileInstrument, profile: Profile, cycle: Cycle, run: Run) -> None:
        self._instrument = instrument
        self._profile = profile
        self._cycle = cycle
        self._run = run

    def result(self) -> Reading:
        self._reset()
        started = False
        state = self._state()
        if state.state == "done":
            raise StaleReading(f"{self._profile.model}: still shows the result before; reset it", act=Act.SERVICE)
        self._instrument.write_word(self._cycle.start_register, self._cycle.start_value)
        allowed = self._run.deadline.within(state.timeout_s)
        before = state
        while not allowed.expired:
            if self._run.cancelled:
                self._reset()
                raise Cancelled(f"{self._profile.model}: called off")
            state = self._state()
            started = started or state.value != before.value
            if state.state == "error":
                raise self._error()
            if state.state == "done" and started:
                reading = self._instrument.read_result(self._run.deadline)
                self._reset()
                return reading
            if state.value != before.value:
                before, allowed = state, self._run.deadline.within(state.timeout_s)
            self._run.report(Progress(state.state))
            self._run.pause(self._profile.link.poll_period_s)
        self._reset()
        raise NoResponse(f"{self._profile.model}: stayed in state {before.state} too long", code="state_timeout")

    def _state(self) -> CycleState:
        value = self._instrument.read_word(self._cycle.state_register, self._run.deadline)
        for state in self._cycle.states:
            if state.value == value:
                return state
        raise WrongDevice(f"{self._profile.model}: state {value} is not in the profile")

    def _reset(self) -> None:
        if self._cycle.reset_register is not None:
            self._instrument.write_word(self._cycle.reset_register, self._cycle.reset_value)

    def _error(self) -> DeviceFault:
        if self._cycle.error_register is None:
            return DeviceFault(f"{self._profile.model}: reports an error")
        value = self._instrument.read_word(self._cycle.error_register, self._run.deadline)
        for text in self._cycle.errors:
            if text.value == value:
                return DeviceFault(f"{self._profile.model}: {text.message}", code=text.code, act=text.act)
        return DeviceFault(f"{self._profile.model}: unknown error {value}", code=f"error_{value}")


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
        line=LineSettings(profile.link.baudrate, 8, profile.link.parity, profile.link.stopbits),
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
