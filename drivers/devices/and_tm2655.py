"""A&D TM-2655P, TM-2655, TM-2657P walk-in blood pressure monitors. RS-232, 2400 8N1, no flow control.

Source: TM-2657 series external I/O unit manual (1WMPD4003318), "RB format"; see docs/devices/and_tm2655.md.
Host frame: SYN SYN SOH a a STX command ETX BCC; the BCC is the XOR of SOH to ETX. Answer: SYN SYN SOH a a ACK|NAK.
Result: SYN SYN SOH a a STX model RS time RS RB|AB RS M RS Enn RS S… RS M… RS D… RS P… RS I… RS L… ETX BCC.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial, reduce
from operator import xor

from drivers.cutter import NEED_MORE, NO_FRAME, Cut, FrameCutter
from drivers.errors import Cancelled, DeviceError, DeviceFault, FrameError, NoResponse, WrongDevice
from drivers.findings import FaultSeen, Finding, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.listening import ALONE_S, refuse_rivals
from drivers.model import Act, DeviceIdentity, Measures, Reading, Value
from drivers.ports import ByteStream, Deadline, Progress, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import UNASKED, counts, device_clock, pressure_values

_ETX, _STX, _ACK, _NAK, _RS = 0x03, 0x02, 0x06, 0x15, 0x1E
_HEADER = b"\x16\x16\x01"
_LONGEST = 128
"""A result has 63 bytes; whatever is twice as long is no frame."""
_ACKNOWLEDGE_S = 1.0
_RESULT_S = 120.0
"""The monitor may inflate a second time."""
_NUMBER = re.compile(r"^(?:([SMDPL])(?=[ \d]{3}$)|(I)(?=[ \d]{2}$)) *(\d+)$")
"""Right-aligned in three places (the cuff setting in two): a lost or doubled digit changes the width."""
_TIME = re.compile(r"^\d{10}$")
_ERROR = re.compile(r"^E(\d\d)$")
_DETAILS = {"I": "cuff_setting", "L": "largest_amplitude"}

ERRORS: Mapping[str, tuple[str, Act]] = {
    "11": ("no pressure at the start; check the air hose and the cuff", Act.SERVICE),
    "12": ("the pressure was not reached in time; put the arm in again", Act.WORKER),
    "13": ("the cuff inflates too fast; check for a kinked hose", Act.SERVICE),
    "15": ("no pressure at the start; check the air hose and the cuff", Act.SERVICE),
    "21": ("the cuff deflates too slowly; check the valve", Act.SERVICE),
    "22": ("the cuff deflates too fast; check the cuff for a leak", Act.SERVICE),
    "23": ("over-pressure in the cuff; keep the arm relaxed and repeat", Act.WORKER),
    "24": ("the measurement took too long; keep still and repeat", Act.WORKER),
    "42": ("not enough pressure; put the arm in again", Act.WORKER),
    "43": ("no pulse was found; put the arm in again", Act.WORKER),
    "44": ("movement; keep still and repeat", Act.WORKER),
    "45": ("the diastolic pressure could not be determined; keep still and repeat", Act.WORKER),
    "46": ("the mean pressure could not be determined; keep still and repeat", Act.WORKER),
    "48": ("the systolic pressure could not be determined; keep still and repeat", Act.WORKER),
    "61": ("the pulse could not be determined; keep still and repeat", Act.WORKER),
    "63": ("the result is out of the range of the instrument; repeat", Act.WORKER),
}


def command(name: bytes, address: bytes = b"00") -> bytes:
    """A host frame, for instance `ST` (start) or `SP` (stop)."""
    body = b"\x01" + address + b"\x02" + name + b"\x03"
    return b"\x16\x16" + body + bytes([_bcc(body)])


def _bcc(body: bytes) -> int:
    return reduce(xor, body)


def _recognise(buffer: bytes, at: int, *, strict: bool) -> Cut:
    """See `drivers.cutter.FrameCutter`. In a record exactly one byte follows ETX: the BCC may be 03, 16 or 1E itself."""
    head = buffer[at : at + 6]
    if not _HEADER.startswith(head[:3]):
        return NO_FRAME
    if len(head) < 6:
        return NEED_MORE
    if head[5] in (_ACK, _NAK):
        return 6
    if head[5] != _STX:
        return f"byte {head[5]:#04x} where ACK, NAK or STX belongs"
    record = buffer[at : at + _LONGEST]
    for place in range(6, len(record)):
        if record[place] == _ETX:
            return _whole_record(record[: place + 2], place + 2, strict=strict)
        if record[place] != _RS and not 0x20 <= record[place] <= 0x7E:
            return f"byte {record[place]:#04x} inside of a record"
    return NEED_MORE if len(record) < _LONGEST else "record without an end"


def _whole_record(record: bytes, size: int, *, strict: bool) -> Cut:
    if len(record) < size:
        return NEED_MORE
    bcc = _bcc(record[2:-1])
    return size if record[-1] == bcc or not strict else f"BCC {record[-1]:02X} instead of {bcc:02X}"


class TmCodec:
    """Answers and results of the monitor. A result that the monitor sent by itself counts in mode `listen` only."""

    def __init__(self, options: Options) -> None:
        self._cutter = FrameCutter(partial(_recognise, strict=options.get("bcc", "strict") == "strict"))
        self._in_session = counts(options)
        self._listen = options.get("mode", "start") == "listen"
        self._model_prefix = options.get("model_prefix", "TM265")

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [self._finding(frame) for frame in self._cutter.feed(data)]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [self._finding(frame) for frame in self._cutter.close()]

    def _finding(self, frame: bytes | FrameBroken) -> Finding:
        if isinstance(frame, FrameBroken):
            return frame
        if frame[5] == _ACK:
            return StateSeen("acknowledged")
        return StateSeen("refused") if frame[5] == _NAK else self._record(frame)

    def _record(self, frame: bytes) -> Finding:
        fields = frame[6:-2].decode("ascii").split("\x1e")
        record = _Record.parse(fields[1:])
        if record is None:
            return FrameBroken("record with fields that are not those of a result")
        model = fields[0].strip()
        if not model.startswith(self._model_prefix):
            message = f"the record names the model {model!r}, expected {self._model_prefix}…; check the port"
            return FaultSeen(WrongDevice.code, message, Act.SERVICE)
        if record.origin == "AB" and not self._listen:
            return Rejected("a result that the monitor sent by itself answers no start of ours")
        if not self._in_session:
            return Rejected(UNASKED)
        if record.error != "00":
            message, act = ERRORS.get(record.error, ("unknown error", Act.SERVICE))
            return FaultSeen(f"E{record.error}", message, act)
        numbers = record.numbers
        values = pressure_values(*(numbers.get(letter, 0) for letter in "SDMP"))
        if values is None:
            return Rejected("a result without plausible systolic and diastolic pressure")
        details: dict[str, Value] = {name: numbers[letter] for letter, name in _DETAILS.items() if letter in numbers}
        if frame[-1] != _bcc(frame[2:-1]):
            details["bcc"] = "wrong"
        return MeasurementFound(Reading(values, frame, {"model": model}, record.clock, details))


@dataclass(frozen=True, slots=True)
class _Record:
    """Fields of a result, found by their letter: InBody uses the same framing in another order."""

    clock: str | None
    origin: str
    error: str
    numbers: Mapping[str, int]

    @staticmethod
    def parse(fields: list[str]) -> "_Record | None":
        clock: str | None = None
        origin = error = ""
        numbers: dict[str, int] = {}
        for text in fields:
            if (found := _NUMBER.match(text)) and (letter := found[1] or found[2]) not in numbers:
                numbers[letter] = int(found[3])
            elif (found := _ERROR.match(text)) and not error:
                error = found[1]
            elif _TIME.match(text) and clock is None:
                year, *rest = (int(text[at : at + 2]) for at in range(0, 10, 2))
                clock = device_clock(2000 + year, *rest)
            elif text in ("RB", "AB") and not origin:
                origin = text
            elif text != "M" and not (text[:1] in "SMDPIL" and (error != "00" or not text[1:].strip(" -*"))):
                # What stands in the numbers of a failed measurement is not published: it is not looked at.
                return None
        return _Record(clock, origin, error, numbers) if origin and error else None


class Tm2655:
    """A `drivers.ports.Instrument`: starts the cuff and waits for the result."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._heard_garbage = False
        self._ahead: list[Finding] = []
        """What came in one read with the acknowledgement: a quick result must not be lost with it."""
        self._may_be_running = True
        """Whether a measurement of somebody before us may still go on: we have just been plugged in or started."""

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """The monitor has no harmless question: it is known from the configuration until its first record."""
        return DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        codec = TmCodec(self._options)
        self._heard_garbage = False
        self._ahead = []
        self._stream.discard_input()
        if self._options.get("mode", "start") == "start":
            self._end_what_runs(codec, run)
            self._start(codec, run)
        self._may_be_running = True
        reading = self._wait(codec, run)
        self._may_be_running = False
        return reading

    def _end_what_runs(self, codec: TmCodec, run: Run) -> None:
        """After a power cut the cuff may still hold the arm of the one before: the answer would be taken for ours."""
        if self._may_be_running:
            self._stop()
            self._answer(codec, run, run.deadline.within(_ACKNOWLEDGE_S))
            self._stream.discard_input()
            self._ahead = []

    def _start(self, codec: TmCodec, run: Run) -> None:
        for _ in range(2):
            self._stream.write(command(b"ST"))
            deadline = run.deadline.within(_ACKNOWLEDGE_S)
            answer = self._answer(codec, run, deadline)
            if answer == "acknowledged":
                return
            if answer is None:
                break
        self._stop()
        if answer is None:
            raise self._silence("does not acknowledge the start")
        raise DeviceFault("TM-2655: refuses to start; look at its display", code="refused")

    def _answer(self, codec: TmCodec, run: Run, deadline: Deadline) -> str | None:
        """The next acknowledgement; a record before it is somebody else's and is dropped."""
        while not deadline.expired:
            self._give_way(run)
            findings = codec.feed(self._stream.read())
            for number, finding in enumerate(findings, start=1):
                self._heard_garbage = self._heard_garbage or isinstance(finding, FrameBroken)
                if isinstance(finding, StateSeen):
                    self._ahead = findings[number:]
                    return finding.state
        self._heard_garbage = self._heard_garbage or bool(codec.close())
        return None

    def _wait(self, codec: TmCodec, run: Run) -> Reading:
        deadline = run.deadline.within(_RESULT_S)
        total_s = deadline.left_s
        while not deadline.expired:
            self._give_way(run)
            run.report(Progress("measuring", {"elapsed_s": int(total_s - deadline.left_s)}))
            findings, self._ahead = self._ahead or codec.feed(self._stream.read()), []
            for number, finding in enumerate(findings, start=1):
                match finding:
                    case MeasurementFound(reading):
                        return self._alone(reading, findings[number:], codec, run)
                    case FaultSeen(WrongDevice.code, message, _):
                        raise WrongDevice(f"TM-2655: {message}")
                    case FaultSeen(code, message, act):
                        raise DeviceFault(f"TM-2655: {message}", code=code, act=act)
                    case FrameBroken():
                        self._heard_garbage = True
                    case _:
                        continue
        self._stop()
        raise self._silence("gave no result in time")

    def _alone(self, reading: Reading, behind: list[Finding], codec: TmCodec, run: Run) -> Reading:
        """Several results are stored ones, and nobody's. Where the worker starts the cuff, more may come a moment later."""
        deadline = run.deadline.within(ALONE_S)
        while self._options.get("mode") == "listen" and not deadline.expired:
            self._give_way(run)
            behind = [*behind, *codec.feed(self._stream.read())]
        return refuse_rivals("TM-2655", reading, behind)

    def _silence(self, what: str) -> DeviceError:
        if self._heard_garbage:
            return FrameError(f"TM-2655: {what}, only garbage came; check cable, baud rate and parity")
        return NoResponse(f"TM-2655: {what}; check cable and baud rate")

    def _give_way(self, run: Run) -> None:
        if run.cancelled:
            self._stop()
            raise Cancelled("TM-2655: called off, the cuff deflates")

    def _stop(self) -> None:
        self._stream.write(command(b"SP"))


SPEC = DriverSpec(
    name="and_tm2655",
    maker="A&D",
    model="TM-2655P",
    measures=(Measures.PRESSURE,),
    transport=Transport.SERIAL,
    source="A&D TM-2657 series external I/O unit manual 1WMPD4003318, RB format",
    medical_device=True,
    make_codec=TmCodec,
    make_serial=Tm2655,
    line=LineSettings(baudrate=2400),
    options={
        "mode": Option("start", "start: we start the cuff; listen: the worker presses the button", ("start", "listen")),
        "bcc": Option("strict", "warn: take a result with a wrong BCC and say so in its details", ("strict", "warn")),
        "model_prefix": Option("TM265", "what the model in a record must begin with"),
    },
)
