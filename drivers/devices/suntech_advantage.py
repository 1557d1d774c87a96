"""SunTech Advantage / Advantage A+ OEM blood pressure module. TTL or RS-232, 9600 8N1, started and polled by us.

Source: SunTech Advantage OEM protocol, as implemented by two independent public programs (one with test vectors).
Host frames start 3A, module frames 3E and their length; the sum of a whole frame is 0 modulo 256. The module shows the
cuff pressure while it works, says K when it is done, and hands out the result on request.
"""

from drivers.cutter import NEED_MORE, NO_FRAME, Cut, FrameCutter
from drivers.errors import DeviceError, DeviceFault
from drivers.findings import FaultSeen, Finding, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.listening import Listener
from drivers.model import Act, DeviceIdentity, Measures, Reading
from drivers.option_values import whole_number
from drivers.ports import ByteStream, Deadline, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import counts, pressure_values, result

_ANSWER, _PRESSURE, _RESULT, _LONGEST = 4, 5, 24, 64
_STATES = {ord("O"): "accepted", ord("K"): "done", ord("A"): "aborted", ord("B"): "busy", ord("S"): "asleep"}
_REFUSALS = {
    ord("E"): "the module reports an error",
    ord("N"): "the module does not know this command",
    ord("D"): "the module could not recognise the command",
    ord("T"): "the module ran into a time-out",
}
_ERRORS = {
    0x01: ("the signal is too weak: refit the cuff", Act.WORKER),
    0x02: ("movement disturbed the measurement: keep still and repeat", Act.WORKER),
    0x03: ("the result is out of range: repeat", Act.WORKER),
    0x04: ("the measurement took too long: keep still and repeat", Act.WORKER),
    0x55: ("the air way is blocked: check the hose for kinks", Act.WORKER),
    0x56: ("the measurement was stopped by hand", Act.WORKER),
    0x57: ("the cuff leaks or is loose: refit the cuff", Act.WORKER),
    0x58: ("the safety time is over: keep still and repeat", Act.WORKER),
    0x59: ("over-pressure in the cuff: keep the arm relaxed and repeat", Act.WORKER),
    0x5A: ("power or hardware failure of the module", Act.SERVICE),
    0x5B: ("the safety override or the autozero failed", Act.SERVICE),
    0x61: ("the pressure transducer is out of its range", Act.SERVICE),
    0x63: ("the calibration memory of the module is damaged", Act.SERVICE),
}
_INVALID_PRESSURE = -1
_START = {"adult": b"\x20", "paediatric": b"\x87", "neonatal": b"\x28"}
_ABORT, _GET_RESULT, _GET_PRESSURE = b"\x79\x01\x00", b"\x79\x03\x00", b"\x79\x05\x00"
_SET_TARGET = b"\x17"
_REPLY_S = 1.0
_COMMAND_GAP_S = 0.1
_POLL_S = 0.25
_CYCLE_S = 150.0
_ATTEMPTS = 3


def host_frame(content: bytes) -> bytes:
    """A command with start byte and checksum."""
    body = b"\x3a" + content
    return body + bytes([-sum(body) & 0xFF])


def _recognise(buffer: bytes, at: int) -> Cut:
    if buffer[at] != 0x3E:
        return NO_FRAME
    if len(buffer) < at + 2:
        return NEED_MORE
    length = buffer[at + 1]
    if not _ANSWER <= length <= _LONGEST:
        return NO_FRAME
    frame = buffer[at : at + length]
    if len(frame) < length:
        return NEED_MORE
    return length if sum(frame) & 0xFF == 0 else "wrong checksum"


class AdvantageCodec:
    """Answers, cuff pressures and results of the module."""

    def __init__(self, options: Options) -> None:
        self._in_session = counts(options)
        self._cutter = FrameCutter(_recognise)

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [frame if isinstance(frame, FrameBroken) else self._frame(frame) for frame in self._cutter.feed(data)]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [frame if isinstance(frame, FrameBroken) else self._frame(frame) for frame in self._cutter.close()]

    def _frame(self, frame: bytes) -> Finding:
        if len(frame) == _ANSWER:
            return _answer(frame[2])
        if len(frame) == _PRESSURE:
            cuff_mmhg = int.from_bytes(frame[2:4], "little", signed=True)
            return StateSeen("inflating", {} if cuff_mmhg == _INVALID_PRESSURE else {"cuff_mmhg": cuff_mmhg})
        if len(frame) == _RESULT:
            return self._result(frame)
        return StateSeen("module_information")

    def _result(self, frame: bytes) -> Finding:
        code = frame[20]
        if code:
            message, act = _ERRORS.get(code, (f"undocumented error {code:02X}", Act.SERVICE))
            return FaultSeen(f"{code:02X}", message, act)
        systolic, diastolic, pulse, mean = (int.from_bytes(frame[at : at + 2], "little") for at in (2, 4, 16, 18))
        if not systolic and not diastolic:
            return Rejected("empty: nothing was measured since the module was switched on")
        values = pressure_values(systolic, diastolic, mean, pulse)
        if values is None:
            return Rejected(f"implausible: {systolic}/{diastolic}, mean {mean}")
        return result(Reading(values, frame), in_session=self._in_session)


def _answer(letter: int) -> Finding:
    if letter in _STATES:
        return StateSeen(_STATES[letter])
    if letter in _REFUSALS:
        return FaultSeen(chr(letter), _REFUSALS[letter], Act.SERVICE)
    return Rejected(f"undocumented answer {letter:02X}")


class Advantage:
    """The module on its line: start, watch the cuff, fetch the result; stop the cuff whatever goes wrong."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._first_target_mmhg = whole_number(options, "first_target_mmhg", 0, 280)

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """Ask for the cuff pressure: harmless, and no other device answers so."""
        listener = Listener(SPEC.model, self._stream, AdvantageCodec(self._options))
        if listener.answer(host_frame(_GET_PRESSURE), deadline.within(_REPLY_S)) is None:
            raise listener.explanation()
        return DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """One measurement, at most 150 s. The result is asked for only after this cycle was done."""
        self._stream.discard_input()
        listener = Listener(SPEC.model, self._stream, AdvantageCodec(self._options), run)
        try:
            if self._first_target_mmhg:
                self._order(listener, _SET_TARGET + self._first_target_mmhg.to_bytes(2, "little"), run)
            self._order(listener, _START[self._options["patient"]], run)
            self._watch(listener, run)
            return self._fetch(listener, run)
        except DeviceError:
            self._stream.write(host_frame(_ABORT))
            raise

    def _order(self, listener: Listener, command: bytes, run: Run) -> None:
        """Send a command that must be accepted.

        A sleeping module wakes up by the first one and is told again; one that is still busy with a measurement that
        nobody waits for any more (its cable was pulled) is stopped first.
        """
        for _ in range(_ATTEMPTS):
            answer = listener.answer(host_frame(command), run.deadline.within(_REPLY_S))
            if answer is None:
                raise listener.explanation()
            listener.raise_failure(answer)
            listener.pause(run.deadline.within(_COMMAND_GAP_S))
            if answer == StateSeen("accepted"):
                return
            if answer == StateSeen("busy"):
                listener.answer(host_frame(_ABORT), run.deadline.within(_REPLY_S))
                listener.pause(run.deadline.within(_COMMAND_GAP_S))
                self._stream.discard_input()
            elif answer != StateSeen("asleep"):
                break
        raise DeviceFault(f"{SPEC.model}: does not accept the start ({answer})", code="not_accepted")

    def _watch(self, listener: Listener, run: Run) -> None:
        """Poll the cuff pressure until the module says that it is done."""
        deadline, silent_polls = run.deadline.within(_CYCLE_S), 0
        while not deadline.expired:
            self._stream.write(host_frame(_GET_PRESSURE))
            poll, answered = deadline.within(_POLL_S), False
            while (finding := listener.next(poll)) is not None:
                answered = answered or not isinstance(finding, FrameBroken)
                if finding == StateSeen("done"):
                    return
                if finding == StateSeen("aborted"):
                    raise DeviceFault(f"{SPEC.model}: the measurement was stopped", code="aborted", act=Act.WORKER)
                if isinstance(finding, FaultSeen) and finding.code not in ("N", "D"):
                    listener.raise_failure(finding)  # N and D answer a poll that noise has changed
            silent_polls = 0 if answered else silent_polls + 1
            if silent_polls * _POLL_S >= 4 * _REPLY_S:
                raise listener.explanation()
        raise DeviceFault(f"{SPEC.model}: the measurement never ended", code="no_result", act=Act.WORKER)

    def _fetch(self, listener: Listener, run: Run) -> Reading:
        for _ in range(_ATTEMPTS):
            listener.pause(run.deadline.within(_COMMAND_GAP_S))
            self._stream.write(host_frame(_GET_RESULT))
            answer = run.deadline.within(_REPLY_S)
            while (finding := listener.next(answer)) is not None:
                if isinstance(finding, MeasurementFound):
                    return listener.sole(finding.reading)
                listener.raise_failure(finding)
        raise listener.explanation()


SPEC = DriverSpec(
    name="suntech_advantage",
    maker="SunTech",
    model="Advantage OEM",
    measures=(Measures.PRESSURE,),
    transport=Transport.SERIAL,
    source="SunTech Advantage OEM protocol, after two public implementations",
    medical_device=True,
    make_codec=AdvantageCodec,
    make_serial=Advantage,
    line=LineSettings(9600),
    options={
        "patient": Option("adult", "whom the inflation is meant for", ("adult", "paediatric", "neonatal")),
        "first_target_mmhg": Option("0", "first inflation target in mmHg; 0 leaves it to the module"),
    },
)
