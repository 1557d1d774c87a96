"""Winsen ZE29A-C2H5OH breath alcohol module. TTL UART, 9600 8N1, polled. An industrial part, no medical instrument.

Source: Winsen ZE29A manual v1.0, as cited by three public implementations.
Request FF 01 cmd d1..d5 CS, reply FF cmd d.. CS, 9 bytes each; the sum of all bytes but the first is 0 modulo 256.
The document gives the result in mg per 100 ml of blood equivalent, one implementation reads the same number as µg per
litre of breath: so the number stays the device's own unless the configuration says what it is.
"""

from drivers.cutter import NEED_MORE, NO_FRAME, Cut, FrameCutter
from drivers.errors import DeviceError, DeviceFault, StaleReading
from drivers.findings import FaultSeen, Finding, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.listening import Listener
from drivers.model import Act, DeviceIdentity, Measures, Reading, Value
from drivers.option_values import number
from drivers.ports import ByteStream, Deadline, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import counts, result

_STATE, _RESULT, _START = 0x85, 0x86, 0x87
_REPLIES = (_STATE, _RESULT, _START, 0x88, 0x89, 0x90, 0x91, 0x92, 0x93)
_STATES = {
    0x31: "idle", 0x32: "warming", 0x33: "waiting_for_breath", 0x34: "blowing", 0x36: "analysing", 0x37: "result_ready",
}  # fmt: skip
_INTERRUPTED = 0x35
_LARGEST = 9999
_LEVELS = {0: range(20), 1: range(20, 80), 2: range(80, _LARGEST + 1)}
"""Numbers that each alarm level stands for, as the module leaves the factory: a second check beside the sum."""
_REPLY_S = 0.5
_POLL_S = 0.5
_CYCLE_S = 45.0
_SILENT_POLLS = 4
"""Polls in a row without an answer after which the module counts as gone."""


def request(command: int, argument: int = 0) -> bytes:
    """A request of 9 bytes with its checksum."""
    body = bytes([0x01, command, argument, 0, 0, 0, 0])
    return b"\xff" + body + bytes([-sum(body) & 0xFF])


def _recognise(buffer: bytes, at: int) -> Cut:
    frame = buffer[at : at + 9]
    if frame[0] != 0xFF or (len(frame) > 1 and frame[1] not in _REPLIES):
        return NO_FRAME
    if len(frame) < 9:
        return NEED_MORE
    return 9 if sum(frame[1:]) & 0xFF == 0 else "wrong checksum"


class Ze29aCodec:
    """Replies of the module; the result under the configured unit."""

    def __init__(self, options: Options) -> None:
        self._in_session = counts(options)
        self._unit = options["unit"]
        self._scale = number(options, "scale", 0.0001, 1000.0)
        self._checks_level = options["thresholds"] == "factory"
        self._cutter = FrameCutter(_recognise)

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [frame if isinstance(frame, FrameBroken) else self._reply(frame) for frame in self._cutter.feed(data)]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [frame if isinstance(frame, FrameBroken) else self._reply(frame) for frame in self._cutter.close()]

    def _reply(self, frame: bytes) -> Finding:
        command, first = frame[1], frame[2]
        if command == _RESULT:
            return self._result(frame)
        if command == _STATE:
            if first == _INTERRUPTED:
                return FaultSeen("35", "the breath was interrupted: blow longer, without a pause", Act.WORKER)
            state = _STATES.get(first)
            return StateSeen(state) if state else Rejected(f"undocumented state {first:02X}")
        if command == _START:
            if first == 0x01:
                return StateSeen("command_accepted")
            return FaultSeen("87", f"the module refuses the command (answer {first:02X})", Act.SERVICE)
        return StateSeen("settings")

    def _result(self, frame: bytes) -> Finding:
        own_number, level = frame[2] << 8 | frame[3], frame[7]
        if any(frame[4:7]) or own_number > _LARGEST:
            return FrameBroken("a result whose bytes contradict the document")
        if level not in _LEVELS or (self._checks_level and own_number not in _LEVELS[level]):
            return FrameBroken(f"alarm level {level} contradicts the number {own_number}; see the option `thresholds`")
        scaled = round(own_number * self._scale, 4)
        scaled = int(scaled) if scaled == int(scaled) else scaled
        values: dict[str, Value] = (
            {"breath_alcohol_mg_per_l": scaled}
            if self._unit == "mg/L"
            else {"breath_alcohol_raw": scaled, "unit": self._unit}
        )
        details: dict[str, Value] = {"own_number": own_number, "alarm_level": level, "scale": self._scale}
        return result(Reading(values, frame, details=details), in_session=self._in_session)


class Ze29a:
    """The module on its line: start, poll its state, fetch the result, back to idle."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        Ze29aCodec(options)  # a wrong scale shows when the port is opened, not at the first breath

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """Ask for the state: harmless in every state."""
        listener = Listener(SPEC.model, self._stream, Ze29aCodec(self._options))
        if listener.answer(request(_STATE), deadline.within(2 * _REPLY_S)) is None:
            raise listener.explanation()
        return DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """One breath. The result counts only if the module was idle, took our start and was seen at work since."""
        self._stream.discard_input()
        listener = Listener(SPEC.model, self._stream, Ze29aCodec(self._options), run)
        self._come_to_rest(listener, run)
        started = self._ask(listener, request(_START, 0x32), run)
        if started != StateSeen("command_accepted"):
            raise DeviceFault(f"{SPEC.model}: does not accept the start", code="87")
        try:
            reading = self._cycle(listener, run)
        except DeviceError:
            self._stream.write(request(_START, 0x31))  # refused by the module unless idle or done: no harm either way
            raise
        self._stream.write(request(_START, 0x31))
        return reading

    def _come_to_rest(self, listener: Listener, run: Run) -> None:
        """A result that is still shown belongs to somebody else: clear it. A cycle under way is waited for."""
        deadline = run.deadline.within(_CYCLE_S)
        while (state := self._ask(listener, request(_STATE), run)) != StateSeen("idle"):
            if state == StateSeen("result_ready"):
                listener.answer(request(_START, 0x31), run.deadline.within(_REPLY_S))
            elif deadline.expired:
                raise DeviceFault(f"{SPEC.model}: never becomes idle; switch it off and on", code="busy")
            listener.pause(run.deadline.within(_POLL_S))

    def _cycle(self, listener: Listener, run: Run) -> Reading:
        deadline = run.deadline.within(_CYCLE_S)
        passed: set[str] = set()
        while not deadline.expired:
            finding = self._ask(listener, request(_STATE), run)
            listener.raise_failure(finding)
            if finding == StateSeen("result_ready"):
                if not passed:
                    raise StaleReading(f"{SPEC.model}: shows a result at once after the start: nobody blew")
                return self._fetch(listener, run)
            if finding == StateSeen("idle") and passed:
                raise DeviceFault(f"{SPEC.model}: nobody blew in time", code="no_breath", act=Act.WORKER)
            if isinstance(finding, StateSeen) and finding.state not in ("idle", "command_accepted"):
                passed.add(finding.state)
            listener.pause(deadline.within(_POLL_S))
        raise listener.explanation()

    def _fetch(self, listener: Listener, run: Run) -> Reading:
        for _ in range(_SILENT_POLLS):
            finding = self._ask(listener, request(_RESULT), run)
            if isinstance(finding, MeasurementFound):
                return listener.sole(finding.reading)
        raise listener.explanation()

    def _ask(self, listener: Listener, asked: bytes, run: Run) -> Finding:
        """The answer to a request, repeated a few times when only noise or nothing comes."""
        for _ in range(_SILENT_POLLS):
            finding = listener.answer(asked, run.deadline.within(_REPLY_S))
            if finding is not None:
                return finding
        raise listener.explanation()


SPEC = DriverSpec(
    name="winsen_ze29a",
    maker="Winsen",
    model="ZE29A-C2H5OH",
    measures=(Measures.BREATH,),
    transport=Transport.SERIAL,
    source="Winsen ZE29A manual v1.0",
    medical_device=False,
    make_codec=Ze29aCodec,
    make_serial=Ze29a,
    line=LineSettings(9600),
    options={
        "unit": Option(
            "mg/100mL",
            "what the scaled number is: blood equivalent in mg/100mL, breath in ug/L or in mg/L",
            ("mg/100mL", "ug/L", "mg/L"),
        ),
        "scale": Option("1", "factor on the device's own number; recorded with each result"),
        "thresholds": Option(
            "factory", "factory: alarm levels 20 and 80 must fit the number; any: they were changed", ("factory", "any")
        ),
    },
)
