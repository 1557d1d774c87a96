"""Omron HBP-9030/9031C automatic cuff: listens to USB output format 5, or to the line of the HBP-9020.

Source: OMRON manual 2873643-0F, page 20 (second-hand, as restated by two public implementations); the HBP-9020 line
after two public implementations. The monitor knows no commands and sends no checksum, so the form of a record is
checked to the letter: a field that is one character off makes the whole record broken.

Format 5 (53 bytes, CR LF): YYYY,MM,DD,hh,mm,<subject 20>,<error>,SYS,DIA,PUL,<movements>
HBP-9020 (CR, or CR LF): bp,<subject 20>,yyyy/mm/dd,hh:mm,SYS,MAP,DIA,PUL,<last>
HBP-9020, older layout: STX sp yymmdd sp hhmm sp SYS sp DIA sp PUL ETX
"""

import re
from collections.abc import Iterator

from drivers.cutter import LineCutter
from drivers.findings import FaultSeen, Finding, FrameBroken, Rejected
from drivers.listening import Listener
from drivers.model import Act, DeviceIdentity, Measures, Reading
from drivers.ports import ByteStream, Deadline, Progress, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import WRONG_FORMAT, counts, device_clock, pressure_values, result

_FORMAT_5 = re.compile(
    rb"(?P<year>\d{4}),(?P<month>\d\d),(?P<day>\d\d),(?P<hour>\d\d),(?P<minute>\d\d),(?P<subject>[ -~]{20}),"
    rb"(?P<error>[!-~]),(?P<systolic>\d{3}|   ),(?P<diastolic>\d{3}|   ),(?P<pulse>\d{3}|   ),(?P<movements>\d)$"
)
_BP_LINE = re.compile(
    rb"bp,(?P<subject>[ -~]{0,20}),(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d),(?P<hour>\d\d):(?P<minute>\d\d),"
    rb"(?P<systolic>\d{3}|   ),(?P<mean>\d{3}|   ),(?P<diastolic>\d{3}|   ),(?P<pulse>\d{3}|   ),(?P<last>[!-~])$"
)
_STX_LINE = re.compile(
    rb"\x02 (?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d) (?P<hour>\d\d)(?P<minute>\d\d) "
    rb"(?P<systolic>\d{3}) (?P<diastolic>\d{3}) (?P<pulse>\d{3})$"
)
_OTHER_FORMATS = (
    ("HBP-9030 format 1", re.compile(rb"MMBP203N")),
    ("HBP-9030 format 2 or 3", re.compile(rb"ID[ -~]{8}B\d\d/\d\d/")),
    ("HBP-9020 line (bp,)", re.compile(rb"bp,")),
    ("HBP-9020 line (STX)", re.compile(rb"\x02 \d{6} \d{4} ")),
    ("HBP-9030 format 5", re.compile(rb"\d{4},\d\d,\d\d,\d\d,\d\d,")),
)
_LONGEST_LINE = 512
_RANGES = {"systolic": (60, 260), "diastolic": (30, 215), "pulse": (40, 180)}  # manual, specifications


class HbpCodec:
    """Records of the configured dialect; other known formats are recognised and refused by name.

    `taken_before` is the `raw` of the reading before this one, `clock_before` its time by the monitor's clock: the
    monitor may send it, and older ones, again from its memory.
    """

    def __init__(self, options: Options, taken_before: bytes = b"", clock_before: str = "") -> None:
        self._taken_before = taken_before
        self._clock_before = clock_before
        self._in_session = counts(options)
        self._nine_thousand_twenty = options["dialect"] == "hbp9020"
        self._last_is_error = options["last_field"] == "error"
        # The HBP-9020 was seen with CR alone; the LF after it, if any, then stands alone and is empty.
        self._lines = LineCutter(rb"[\r\n\x03]" if self._nine_thousand_twenty else rb"\r\n", _LONGEST_LINE)

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        found: list[Finding] = []
        for line in self._lines.feed(data):
            found += [line] if isinstance(line, FrameBroken) else self._line(line)
        return found

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`; formats without CR LF of their own are recognised here."""
        rest = self._lines.close()
        other = self._other_format(rest)
        if other:
            return [other]
        return [FrameBroken(f"{len(rest)} bytes: the line fell silent before the end of a record")] if rest else []

    def _line(self, line: bytes) -> Iterator[Finding]:
        if not line and self._nine_thousand_twenty:
            return
        patterns = (_BP_LINE, _STX_LINE) if self._nine_thousand_twenty else (_FORMAT_5,)
        record = next((record for pattern in patterns if (record := pattern.search(line))), None)
        if record is None:
            yield self._other_format(line) or FrameBroken(f"{len(line)} bytes: no record of this dialect")
            return
        if record.start():
            yield FrameBroken(f"{record.start()} bytes: no frame begins here")
        yield self._record(record)

    def _other_format(self, line: bytes) -> Finding | None:
        for name, start in _OTHER_FORMATS:
            expected = name.startswith("HBP-9020" if self._nine_thousand_twenty else "HBP-9030 format 5")
            if start.match(line) and not expected:
                wanted = "the HBP-9020 line" if self._nine_thousand_twenty else "format 5 (function item 32)"
                return Rejected(f"{WRONG_FORMAT}: it sends {name}, set it to {wanted}")
        return None

    def _record(self, record: re.Match[bytes]) -> Finding:
        fields = record.groupdict()
        code = fields.get("error") or (fields.get("last") if self._last_is_error else None) or b"0"
        if code != b"0":
            return FaultSeen(
                f"E{code.decode('ascii')}", "the cuff could not measure: refit it, sit still, repeat", Act.WORKER
            )
        year = int(fields["year"]) + (2000 if len(fields["year"]) == 2 else 0)
        clock = device_clock(year, *(int(fields[name]) for name in ("month", "day", "hour", "minute")))
        if clock is None:
            return FrameBroken("record with an impossible date")
        if not all(fields.get(name, b"000").isdigit() for name in (*_RANGES, "mean")):
            return FrameBroken("record without error code and without values")
        for name, (lowest, highest) in _RANGES.items():
            if not lowest <= int(fields[name]) <= highest:
                return FrameBroken(f"record with a {name} value outside {lowest}-{highest}")
        mean = int(fields.get("mean", b"0"))
        values = pressure_values(int(fields["systolic"]), int(fields["diastolic"]), mean, int(fields["pulse"]))
        if values is None:
            return FrameBroken("record whose pressures contradict each other")
        movements = fields.get("movements") or (fields.get("last") if not self._last_is_error else None)
        if movements is not None and movements.isdigit():
            values["movement_count"] = int(movements)
        reading = Reading(values, _without_subject(record), device_clock=clock)
        if reading.raw == self._taken_before:
            return Rejected("stored: the monitor sent the record again that was taken before")
        if clock <= self._clock_before:
            return Rejected(
                f"stored: the record is of {clock}, the one taken before of {self._clock_before}; if the monitor's clock "
                "was set back, start the terminal anew"
            )
        return result(reading, in_session=self._in_session)


def _without_subject(record: re.Match[bytes]) -> bytes:
    """The record with the subject ID blanked out: it is personal."""
    if "subject" not in record.re.groupindex:
        return record[0]
    start, end = (place - record.start() for place in record.span("subject"))
    return record[0][:start] + b" " * (end - start) + record[0][end:]


def cover_subjects(capture: bytes) -> bytes:
    """See `DriverSpec.blank`. A record that is not whole may show a part of an ID anywhere, so all of it is covered."""
    pieces = re.split(rb"(\r\n|\r|\x03)", capture)
    return b"".join(piece if len(piece) <= 2 and not piece.strip() else _covered(piece) for piece in pieces)


def _covered(piece: bytes) -> bytes:
    for form in (_FORMAT_5, _BP_LINE, _STX_LINE):
        if record := form.search(piece):
            return piece[: record.start()] + _without_subject(record)
    return piece if piece == b"\x03" else b" " * len(piece)


class Hbp9030:
    """The monitor on its line. The person presses the button; the driver listens."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._last: Reading | None = None

    def resume(self, last: Reading) -> None:
        """See `drivers.ports.Remembering`: records are often sent again after the cable was out."""
        self._last = last

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """From the manual: the monitor cannot be asked."""
        return DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """Wait for the record of the measurement that the person starts; a record sent again is refused."""
        self._stream.discard_input()
        run.report(Progress("waiting_for_start"))
        last = self._last
        codec = HbpCodec(self._options, last.raw if last else b"", (last.device_clock or "") if last else "")
        self._last = Listener(SPEC.model, self._stream, codec, run).await_reading(run.deadline)
        return self._last


SPEC = DriverSpec(
    name="omron_hbp9030",
    maker="Omron",
    model="HBP-9030",
    measures=(Measures.PRESSURE,),
    transport=Transport.SERIAL,
    source="OMRON manual 2873643-0F, p. 20 (USB output format 5)",
    medical_device=True,
    make_codec=HbpCodec,
    make_serial=Hbp9030,
    blank=cover_subjects,
    line=LineSettings(9600),
    options={
        "dialect": Option(
            "hbp9030", "hbp9030: format 5; hbp9020: the bp, line (2400 baud by default)", ("hbp9030", "hbp9020")
        ),
        "last_field": Option(
            "error",
            "what the last field of the HBP-9020 line is: sources disagree; as error, a code refuses the numbers",
            ("error", "movements"),
        ),
    },
)
