"""Dingo E-200 breathalyzer (Sentech Korea, "MAX40" protocol) and, as a dialect, Sentech EBS-010.

USB CDC 0483:5740, 4800 8N1 (nominal on CDC), ASCII lines ended by CR LF both ways, no checksum; see
docs/devices/dingo_e200.md. A line that is not in the table is reported and never taken for a result. `PASS`, `FAIL` and
`OVER` are words and stay words: no number is ever made of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from drivers.cutter import LineCutter
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, StaleReading
from drivers.findings import FaultSeen, Finding, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.listening import refuse_rivals
from drivers.model import Act, DeviceIdentity, Measures, Quantity, Reading, Value
from drivers.ports import ByteStream, Deadline, Progress, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import UNASKED, counts

_LONGEST = 120
_IDLE_S = 2.0
"""An idle instrument says `$END` unasked; one that keeps silent for so long is taken to be idle."""
_STOPPED_S = 5.0
_FIRST_WORD_S = 10.0
_STATE_S: Mapping[str, float] = {
    "started": _FIRST_WORD_S,
    "warming": 60.0,
    "waiting_for_breath": 60.0,
    "blowing": 30.0,
    "analysing": 30.0,
}
"""Longest stay in each state; the protocol publishes no time-outs, these are generous."""

_STATES: Mapping[bytes, str] = {
    b"$END": "ready",
    b"$WAIT": "warming",
    b"$STANBY": "waiting_for_breath",
    b"$TRIGGER": "blowing",
    b"$BREATH": "analysing",
    b"$CALIBRATION": "calibration_due",
}
_FAULTS: Mapping[bytes, tuple[str, str, Act]] = {
    b"$FLOW,ERR": ("flow", "the breath was too short or interrupted; blow again, longer", Act.WORKER),
    b"$TIME,OUT": ("time_out", "nobody blew in time; start again", Act.WORKER),
    b"$SENSOR,ERR": ("sensor", "the sensor is broken; replace the instrument", Act.SERVICE),
    b"$MODULE,ERR": ("module", "the measuring module is broken; replace the instrument", Act.SERVICE),
    b"$TEMP,ERR": ("temperature", "the instrument is too cold or too hot to measure", Act.SERVICE),
    b"$SYSTEM,ERR": ("system", "the instrument reports an inner fault", Act.SERVICE),
    b"$BAT,LOW": ("battery", "the battery is empty; charge the instrument", Act.SERVICE),
    b"$LIFETIMEOVER": ("lifetime", "the sensor has reached the end of its life; replace it", Act.SERVICE),
}
_RESULT = re.compile(rb"^\$R:(?:(?P<number>\d\.\d{3})|(?P<word>PASS|FAIL|OVER))(?:,[ -~]*)?$")
_FOUR_DIGITS = re.compile(rb"^\$R:\d{4}(?:,[ -~]*)?$")
_EBS_RESULT = re.compile(rb"^\$RESULT,(?P<number>\d\.\d{3})-(?P<verdict>OK|HIGH)$")
_EBS_SETTINGS = re.compile(rb"^\$U/(?P<unit>[MBG]),L/(?P<low>\d{3}),H/(?P<high>\d{3}),T/(?P<tests>\d{4})$")
_EBS_UNITS = {b"M": "mg/L", b"B": "%BAC", b"G": "g/L"}
_CLOCK = re.compile(rb"^#(\d{4}-\d\d-\d\d),(\d\d:\d\d:\d\d)$")
_IDENTIFICATION = re.compile(rb"^#i[ -~]+$")


@dataclass(frozen=True, slots=True)
class _Verbs:
    """What a dialect calls its commands."""

    precise: bytes
    fast: bytes
    stop: bytes
    who: bytes


_DIALECTS: Mapping[str, _Verbs] = {
    "e200": _Verbs(b"$STARTSENTECH", b"$FASTSENTECH", b"$STOPSENTECH", b"$i0000"),
    "ebs010": _Verbs(b"$START", b"$START", b"$RESET", b"$RECALL"),
}


class SentechCodec:
    """Lines of either dialect to findings. The unit is configured, unless the instrument itself has stated it."""

    def __init__(self, options: Options) -> None:
        self._lines = LineCutter(rb"\r\n", _LONGEST)
        self._ebs = options.get("dialect", "e200") == "ebs010"
        self._unit = options.get("unit", "mg/L")
        self._asked = counts(options)

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [line if isinstance(line, FrameBroken) else self._finding(line) for line in self._lines.feed(data)]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`; half a line is never a result."""
        rest = self._lines.close()
        return [FrameBroken(f"{len(rest)} bytes without CR LF")] if rest else []

    def _finding(self, line: bytes) -> Finding:
        if line in _STATES:
            return StateSeen(_STATES[line])
        if line in _FAULTS:
            return FaultSeen(*_FAULTS[line])
        found = _EBS_RESULT.match(line) if self._ebs else _RESULT.match(line)
        if found is not None:
            return self._result(line, found.groupdict())
        return self._told(line) or FrameBroken(f"unknown line {_shown(line)}")

    def _result(self, line: bytes, parts: Mapping[str, bytes | None]) -> Finding:
        if not self._asked:
            return Rejected(UNASKED)
        details: dict[str, Value] = {}
        if verdict := parts.get("verdict"):
            details["verdict"] = verdict.decode("ascii")
        values: dict[str, Value]
        number = parts["number"]
        if number is None:
            values = {Quantity.BREATH_TEST.value: (parts.get("word") or b"").decode("ascii").lower()}
        elif self._unit == "mg/L":
            values = {Quantity.BREATH_ALCOHOL.value: float(number)}
        else:
            values = {Quantity.BREATH_ALCOHOL_RAW.value: float(number), "unit": self._unit}
        return MeasurementFound(Reading(values, line + b"\r\n", details=details))

    def _told(self, line: bytes) -> Finding | None:
        """Answers that are no results: clock, settings, identification, forms that we refuse."""
        if found := _CLOCK.match(line):
            return StateSeen("device_clock", {"clock": f"{found[1].decode()}T{found[2].decode()}"})
        if _FOUR_DIGITS.match(line):
            return Rejected("a result in thousandths whose unit stands in an undocumented field")
        if self._ebs and (settings := _EBS_SETTINGS.match(line)):
            self._unit = _EBS_UNITS[settings["unit"]]
            return StateSeen("settings", {"unit": self._unit, "tests": int(settings["tests"])})
        if _IDENTIFICATION.match(line):
            return StateSeen("identification", {"text": line.decode("ascii")})
        return None


def _shown(line: bytes) -> str:
    return repr(line[:40].decode("ascii", "backslashreplace"))


class Dingo:
    """A `drivers.ports.Instrument`: one breath per measurement."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._verbs = _DIALECTS[options.get("dialect", "e200")]

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """Ask for identification (`$i0000`, or `$RECALL` of the EBS-010); any known line proves who is there.

        The order of the fields is not published, so the serial number is believed only where the configured one stands
        in them. Raises `NoResponse`, or `FrameError` when nothing but unknown lines came.
        """
        codec = self._codec()
        self._stream.discard_input()
        self._send(self._verbs.who)
        texts: list[str] = []
        heard = garbage = False
        while not deadline.expired:
            for finding in codec.feed(self._stream.read()):
                garbage = garbage or isinstance(finding, FrameBroken)
                heard = heard or not isinstance(finding, FrameBroken)
                if isinstance(finding, StateSeen) and finding.state == "identification":
                    texts.append(str(finding.details["text"]))
                elif isinstance(finding, StateSeen) and finding.state in ("ready", "settings"):
                    return self._identity(texts)
        if heard:
            return self._identity(texts)
        if garbage or codec.close():
            raise FrameError("Dingo: only unknown lines came; is this its port?")
        raise NoResponse("Dingo: says nothing; is it switched on and plugged in?")

    def _identity(self, texts: list[str]) -> DeviceIdentity:
        identity = DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)
        if self._options.get("dialect") == "ebs010":
            identity = replace(identity, model="EBS-010")
        serial = self._options.get("serial_number", "")
        if serial and any(serial in re.split(r"[^0-9A-Za-z-]+", text) for text in texts):
            return replace(identity, serial_number=serial, serial_source="device")
        return identity

    def measure(self, run: Run) -> Reading:
        codec = self._codec()
        self._stream.discard_input()
        self._await_idle(codec, run)
        self._send(self._verbs.fast if run.options.get("test") == "fast" else self._verbs.precise)
        return self._follow(codec, run)

    def _codec(self) -> SentechCodec:
        return SentechCodec({**self._options, "session": "yes"})

    def _send(self, line: bytes) -> None:
        self._stream.write(line + b"\r\n")

    def _await_idle(self, codec: SentechCodec, run: Run) -> None:
        """Wait for `$END`. A cycle that is still going on belongs to somebody else: it is stopped first."""
        deadline = run.deadline.within(_IDLE_S)
        stopping = False
        while not deadline.expired:
            self._give_way(run)
            for finding in codec.feed(self._stream.read()):
                if isinstance(finding, StateSeen) and finding.state == "ready":
                    return
                if not isinstance(finding, FrameBroken) and not stopping:
                    stopping = True
                    self._send(self._verbs.stop)
                    deadline = run.deadline.within(_STOPPED_S)
        if stopping:
            raise DeviceFault("Dingo: does not end the test before this one; switch it off and on", code="busy")

    def _follow(self, codec: SentechCodec, run: Run) -> Reading:
        state = "started"
        allowed = run.deadline.within(_STATE_S[state])
        calibration_due = garbage = False
        while not allowed.expired:
            self._give_way(run)
            findings = codec.feed(self._stream.read())
            for number, finding in enumerate(findings, start=1):
                match finding:
                    case StateSeen("calibration_due"):
                        calibration_due = True
                        if self._options.get("calibration") == "refuse":
                            self._send(self._verbs.stop)
                            raise DeviceFault("Dingo: calibration is due; have it calibrated", code="calibration")
                    case StateSeen("ready") if state != "started":
                        # Ends a cycle, also after an error that got lost: nobody's result may come after it.
                        raise DeviceFault("Dingo: the test ended without a result", code="ended", act=Act.WORKER)
                    case StateSeen(name) if name in _STATE_S:
                        state = name
                        allowed = run.deadline.within(_STATE_S[state])
                        run.report(Progress(state))
                    case FaultSeen(code, message, act):
                        raise DeviceFault(f"Dingo: {message}", code=code, act=act)
                    case MeasurementFound(reading):
                        refuse_rivals("Dingo", reading, findings[number:])
                        return _checked(reading, state, calibration_due=calibration_due)
                    case FrameBroken():
                        garbage = True
                    case _:
                        continue
        self._send(self._verbs.stop)
        if state == "started" and (garbage or codec.close()):
            raise FrameError("Dingo: only unknown lines came; is this its port?")
        if state == "started":
            raise NoResponse("Dingo: does not answer the start; is it switched on and plugged in?")
        act = Act.WORKER if state == "waiting_for_breath" else Act.SERVICE
        raise NoResponse(f"Dingo: no result in time, it stayed in {state}", code=f"timeout_{state}", act=act)

    def _give_way(self, run: Run) -> None:
        if run.cancelled:
            self._send(self._verbs.stop)
            raise Cancelled("Dingo: called off")


def _checked(reading: Reading, state: str, *, calibration_due: bool) -> Reading:
    """A result counts only after this very cycle has seen a breath."""
    if state not in ("blowing", "analysing"):
        raise StaleReading("Dingo: gave a result although nobody blew; repeat the test", code="no_breath")
    if calibration_due:
        return replace(reading, details={**reading.details, "calibration_due": 1})
    return reading


SPEC = DriverSpec(
    name="dingo_e200",
    maker="Sentech Korea",
    model="Dingo E-200",
    measures=(Measures.BREATH,),
    transport=Transport.SERIAL,
    source="Sentech MAX40 line protocol of the Dingo E-200; Sentech EBS-010 protocol table",
    medical_device=True,
    make_codec=SentechCodec,
    make_serial=Dingo,
    line=LineSettings(baudrate=4800),
    options={
        "dialect": Option("e200", "command set of the instrument", ("e200", "ebs010")),
        "unit": Option("mg/L", "unit that the display is set to; the line does not tell", ("mg/L", "g/L", "%BAC")),
        "test": Option("precise", "precise: a number; fast: PASS or FAIL", ("precise", "fast")),
        "calibration": Option("warn", "what to do when the instrument says calibration is due", ("warn", "refuse")),
    },
)
