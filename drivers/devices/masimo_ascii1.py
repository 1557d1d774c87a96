"""Masimo Rad-8 / Radical-7 with serial output ASCII 1: one text line a second. 9600 8N1, no handshake, no checksum.

Source: Masimo Rad-8 and Radical-7 operator's manuals, section on serial output.
03/19/16 13:37:12 SN=0000093112 SPO2=097% BPM=072 DESAT=-- PIDELTA=+-- ALARM=0000 EXC=000000; the Radical-7 adds PI=,
SPCO=, SPMET=, PVI=, and wider ALARM= and EXC=. Dashes stand for "none", in a serial number too: the monitor was given none.
Tokens are read by name, not by column; a token that is not of the printed form makes the whole line broken.
"""

import re
from collections.abc import Iterator

from drivers.cutter import LineCutter
from drivers.findings import FaultSeen, Finding, FrameBroken
from drivers.listening import Listener
from drivers.model import Act, DeviceIdentity, Measures, Reading, Value
from drivers.option_values import whole_number
from drivers.ports import ByteStream, Deadline, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import counts, device_clock, not_live, oximeter_values, result

_LONGEST_LINE = 512
_LINE = re.compile(
    rb"(?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d\d) (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
    rb"(?P<tokens>(?: +[A-Z][A-Z0-9]*=[!-<>-~]+)+) *$"
)
_FORMS = {
    "SN": re.compile(r"\d{1,12}|-+"),
    "SPO2": re.compile(r"\d{1,3}%|-+%?"),
    "BPM": re.compile(r"\d{1,3}%?|-+%?"),
    "PI": re.compile(r"\d{1,2}\.\d{1,2}%?|-+(?:\.-+)?%?"),
    "ALARM": re.compile(r"[0-9A-F]{1,8}|-+"),
    "EXC": re.compile(r"[0-9A-F]{1,8}"),
}
_REQUIRED = ("SPO2", "BPM", "EXC")
_FAULTS = {
    0x002: ("the sensor is defective: replace it", Act.SERVICE),
    0x001: ("no sensor is plugged in", Act.SERVICE),
    0x080: ("the sensor is not recognised: plug in one that fits", Act.SERVICE),
}
_LOW_PERFUSION, _SEARCHING, _INTERFERENCE = 0x004, 0x008, 0x010
_SENSOR_OFF, _AMBIENT_LIGHT, _LOW_QUALITY = 0x020, 0x040, 0x400
_ALARMS = {0x20: "muted", 0x10: "active", 0x08: "pulse_low", 0x04: "pulse_high", 0x02: "spo2_low", 0x01: "spo2_high"}


class MasimoCodec:
    """Lines of ASCII 1, made to findings."""

    def __init__(self, options: Options) -> None:
        self._in_session = counts(options)
        self._lines = LineCutter(rb"[\r\n]", _LONGEST_LINE)

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        found: list[Finding] = []
        for line in self._lines.feed(data):
            found += [line] if isinstance(line, FrameBroken) else self._line(line)
        return found

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        rest = self._lines.close()
        return [FrameBroken(f"{len(rest)} bytes: the line fell silent before the end of a line")] if rest else []

    def _line(self, line: bytes) -> Iterator[Finding]:
        if not line:
            return  # between CR and LF
        shape = _LINE.search(line)
        if shape is None:
            yield FrameBroken(f"{len(line)} bytes: no line of ASCII 1; choose AS1 in menu level 3 of the monitor")
            return
        if shape.start():
            yield FrameBroken(f"{shape.start()} bytes: no frame begins here")
        yield self._finding(shape)

    def _finding(self, shape: re.Match[bytes]) -> Finding:
        tokens: dict[str, str] = {}
        for token in shape["tokens"].decode("ascii").split():
            name, _, text = token.partition("=")
            if name in tokens or (name in _FORMS and not _FORMS[name].fullmatch(text)):
                return FrameBroken(f"token {name} is doubled or malformed")
            tokens[name] = text
        missing = [name for name in _REQUIRED if name not in tokens]
        if missing:
            return FrameBroken(f"line without {', '.join(missing)}")
        exceptions = int(tokens["EXC"], 16)
        for bit, (message, act) in _FAULTS.items():
            if exceptions & bit:
                return FaultSeen(f"EXC{bit:03X}", message, act)
        values = oximeter_values(_whole(tokens["SPO2"]), _whole(tokens["BPM"]))
        if values is None:
            return FrameBroken("impossible values")
        disturbed = exceptions & (_SEARCHING | _INTERFERENCE | _AMBIENT_LIGHT)
        dead = not_live(values, finger_out=bool(exceptions & _SENSOR_OFF), searching=bool(disturbed))
        if dead:
            return dead
        perfusion = tokens.get("PI", "-").rstrip("%")
        if not perfusion.startswith("-"):
            values["perfusion_index_percent"] = float(perfusion)
        clock = device_clock(
            2000 + int(shape["year"]), *(int(shape[name]) for name in ("month", "day", "hour", "minute", "second"))
        )
        device = {"serial": tokens["SN"]} if tokens.get("SN", "-")[0] != "-" else {}
        return result(
            Reading(values, shape[0], device, clock, _details(exceptions, _alarms(tokens.get("ALARM", "-")))),
            in_session=self._in_session,
        )


def _whole(text: str) -> int | None:
    digits = text.rstrip("%")
    return int(digits) if digits.isdecimal() else None


def _alarms(text: str) -> int:
    return 0 if text.startswith("-") else int(text, 16)


def _details(exceptions: int, alarms: int) -> dict[str, Value]:
    details: dict[str, Value] = {}
    if exceptions & _LOW_PERFUSION:
        details["low_perfusion"] = 1
    if exceptions & _LOW_QUALITY:
        details["artefact"] = 1
    return details | {f"alarm_{name}": 1 for bit, name in _ALARMS.items() if alarms & bit}


class MasimoAscii1:
    """The monitor on its line: it sends by itself."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._frames = whole_number(options, "steady_frames", 1, 600)

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """From the manual: the monitor cannot be asked; its serial number comes with each reading."""
        return DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """The last of some lines in a row that agree. The line under way when we begin is not whole and drops out."""
        self._stream.discard_input()
        listener = Listener(SPEC.model, self._stream, MasimoCodec(self._options), run)
        return listener.await_steady(self._frames, run.deadline)


SPEC = DriverSpec(
    name="masimo_ascii1",
    maker="Masimo",
    model="Rad-8 / Radical-7",
    measures=(Measures.OXIMETRY,),
    transport=Transport.SERIAL,
    source="Masimo Rad-8 and Radical-7 operator's manuals, serial output ASCII 1",
    medical_device=True,
    make_codec=MasimoCodec,
    make_serial=MasimoAscii1,
    line=LineSettings(9600),
    options={"steady_frames": Option("4", "lines in a row that must agree, one a second")},
)
