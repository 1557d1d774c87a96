"""SELVAS (ACCUNIQ) BP-500 with protocol "EP1:PC [P3]", and the BP-210/250. Polled for stored results.

Source: protocol "EP1:PC [P3]" as implemented by one public kiosk, the record also by an independent parser.
Frame: STX text ETX SUM; SUM is the low byte of the sum of STX to ETX. ENQ shows the stored result, ACK takes it and
deletes it in the device. BP-500 9600 8N1, BP-210/250 4800 8N2. The monitor is started by its own button.
BP-500 record: R1,<subject 9>,YYMMDD,HHMMSS,SYS,MAP,DIA,PUL,<4>,<4>,<5>,<3>; all zeros: nothing stored.
BP-250 record: <subject 4>,YY/MM/DD,HH/MM,SYS,MAP,DIA,PUL,…, and then a frame with EOT.
"""

import re

from drivers.cutter import NEED_MORE, NO_FRAME, Cut, FrameCutter
from drivers.errors import DeviceFault, NoResponse
from drivers.findings import Finding, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.listening import Listener
from drivers.model import Act, DeviceIdentity, Measures, Reading
from drivers.ports import ByteStream, Deadline, Progress, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import WRONG_FORMAT, counts, device_clock, pressure_values, result

_STX, _ETX = 0x02, 0x03
_LONGEST = 160
_TEXT = re.compile(rb"\x02[ -~]*")
_CONTROLS = {b"\x04": "end_of_record", b"\x05": "", b"\x06": ""}
_BP500 = re.compile(
    rb"R1,(?P<subject>[ -~]{9}),(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d),(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d),"
    rb"(?P<systolic>\d{3}),(?P<mean>\d{3}),(?P<diastolic>\d{3}),(?P<pulse>\d{3}),\d{4},\d{4},\d{5},\d{3}"
)
_BP250 = re.compile(
    rb"(?P<subject>[ -~]{4}),(?P<year>\d\d)/(?P<month>\d\d)/(?P<day>\d\d),(?P<hour>\d\d)/(?P<minute>\d\d),"
    rb"(?P<systolic>\d{3}),(?P<mean>\d{3}),(?P<diastolic>\d{3}),(?P<pulse>\d{3})(?:,[ -~]*)?"
)
_SUBJECT = re.compile(rb"\x02(?:R1,)?([ -~]{9}|[ -~]{4}),(?:[ -~]*\x03[\x00-\xff])?")
_ENQ, _ACK, _VERSION = b"\x02\x05\x03\x0a", b"\x02\x06\x03\x0b", b"\x02\x56\x03\x5b"
_NOTHING_STORED = StateSeen("nothing_stored")
_USELESS = Rejected("a record without plausible pressures")
_REPLY_S = 1.0
_POLL_S = 1.0
_MOST_STORED = 50
"""More stored results than any of these monitors keeps: one that shows more does not obey ACK."""


def _recognise(buffer: bytes, at: int) -> Cut:
    if buffer[at] != _STX:
        return NO_FRAME
    found = _TEXT.match(buffer, at, at + _LONGEST)
    end = found.end() if found else at + 1
    if end == at + 1 and buffer[end : end + 1] in _CONTROLS:
        end += 1
    if end >= at + _LONGEST:
        return f"no ETX within {_LONGEST} bytes"
    if end == len(buffer):
        return NEED_MORE
    if buffer[end] != _ETX:
        return NO_FRAME
    if end + 1 == len(buffer):
        return NEED_MORE
    # Exactly one byte after ETX is the sum, whatever its value.
    return end + 2 - at if sum(buffer[at : end + 1]) & 0xFF == buffer[end + 1] else "wrong checksum"


class AccuniqCodec:
    """Records of the configured dialect and the short answers."""

    def __init__(self, options: Options) -> None:
        self._in_session = counts(options)
        self._dialect = options["dialect"]
        self._cutter = FrameCutter(_recognise)

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [frame if isinstance(frame, FrameBroken) else self._frame(frame) for frame in self._cutter.feed(data)]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [frame if isinstance(frame, FrameBroken) else self._frame(frame) for frame in self._cutter.close()]

    def _frame(self, frame: bytes) -> Finding:
        text = frame[1:-2]
        if text in _CONTROLS:
            return StateSeen(_CONTROLS[text]) if _CONTROLS[text] else Rejected("echo: a command of the host came back")
        records = {"bp500": _BP500.fullmatch(text), "bp250": _BP250.fullmatch(text)}
        record = records.pop(self._dialect)
        if record is not None:
            return self._record(frame, record)
        if any(records.values()):
            return Rejected(f"{WRONG_FORMAT}: it sends the record of {next(iter(records))}, set `dialect` to it")
        if text.startswith(b"V"):
            return StateSeen("version")
        return FrameBroken(f"frame of {len(frame)} bytes that is no record")

    def _record(self, frame: bytes, record: re.Match[bytes]) -> Finding:
        numbers = {name: int(field) for name, field in record.groupdict(b"0").items() if name != "subject"}
        if not any(numbers.values()):
            return _NOTHING_STORED
        values = pressure_values(numbers["systolic"], numbers["diastolic"], numbers["mean"], numbers["pulse"])
        if values is None:
            return _USELESS
        clock = device_clock(
            2000 + numbers["year"], numbers["month"], numbers["day"],
            numbers["hour"], numbers["minute"], numbers.get("second", 0),
        )  # fmt: skip
        start, end = (1 + place for place in record.span("subject"))
        raw = frame[:start] + b" " * (end - start) + frame[end:]
        return result(Reading(values, raw, device_clock=clock), in_session=self._in_session)


def cover_subjects(capture: bytes) -> bytes:
    """See `DriverSpec.blank`; the sum of a covered record is set anew, so that a recording stays readable."""

    def cover(record: re.Match[bytes]) -> bytes:
        start, end = (place - record.start() for place in record.span(1))
        covered = record[0][:start] + b" " * (end - start) + record[0][end:]
        return covered[:-1] + bytes([sum(covered[:-1]) & 0xFF]) if covered[-2] == _ETX else covered

    return _SUBJECT.sub(cover, capture)


class AccuniqBp500:
    """The monitor on its line: stored results are dropped first, then it is polled until the person has measured."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._has_end_frame = options["dialect"] == "bp250"
        self._may_be_silent = self._has_end_frame or options["silent_when_idle"] == "yes"
        self._last_raw = b""

    def resume(self, last: Reading) -> None:
        """See `drivers.ports.Remembering`."""
        self._last_raw = last.raw

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """Ask what is stored: that deletes nothing. A BP-250 is asked for its version, which it always answers."""
        listener = self._listener(None)
        asked = _VERSION if self._has_end_frame else _ENQ
        if listener.answer(asked, deadline.within(_REPLY_S)) is None:
            error = listener.explanation()
            if not (isinstance(error, NoResponse) and self._may_be_silent):
                raise error
        return DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """Drop what is stored, wait for the result of the person's own start, take it."""
        self._stream.discard_input()
        listener = self._listener(run)
        self._drop_stored(listener, run)
        run.report(Progress("waiting_for_start"))
        silent_polls = 0
        while not run.deadline.expired:
            reading = self._stored(listener, run)
            if isinstance(reading, Reading):
                sent_again = reading.raw == self._last_raw  # our ACK was lost
                self._take(listener, reading, run)
                if not sent_again:
                    return reading
            silent_polls = silent_polls + 1 if reading is None else 0
            if silent_polls >= 3 and not self._may_be_silent:
                raise listener.explanation()
            listener.pause(run.deadline.within(_POLL_S))
        raise DeviceFault(f"{SPEC.model}: nobody measured in time", code="no_result", act=Act.WORKER)

    def _drop_stored(self, listener: Listener, run: Run) -> None:
        for _ in range(_MOST_STORED):
            reading = self._stored(listener, run)
            if not isinstance(reading, Reading):
                return
            self._take(listener, reading, run)
        raise DeviceFault(f"{SPEC.model}: goes on showing stored results", code="memory")

    def _stored(self, listener: Listener, run: Run) -> Reading | StateSeen | None:
        """What ENQ shows: a reading, that nothing is stored, or None for no answer."""
        self._stream.write(_ENQ)
        deadline = run.deadline.within(_REPLY_S)
        while (finding := listener.next(deadline)) is not None:
            listener.raise_failure(finding)
            if finding == _NOTHING_STORED:
                return _NOTHING_STORED
            if finding == _USELESS:
                self._stream.write(_ACK)  # else it would stand before the next record for ever
                return _NOTHING_STORED
            if isinstance(finding, MeasurementFound):
                if self._has_end_frame:
                    self._await_end(listener, deadline)
                return finding.reading
        return None

    def _await_end(self, listener: Listener, deadline: Deadline) -> None:
        while (finding := listener.next(deadline)) is not None:
            if finding == StateSeen("end_of_record"):
                return

    def _take(self, listener: Listener, reading: Reading, run: Run) -> None:
        self._stream.write(_ACK)
        self._last_raw = reading.raw
        listener.pause(run.deadline.within(0.1))

    def _listener(self, run: Run | None) -> Listener:
        return Listener(SPEC.model, self._stream, AccuniqCodec(self._options), run)


SPEC = DriverSpec(
    name="accuniq_bp500",
    maker="SELVAS",
    model="ACCUNIQ BP-500",
    measures=(Measures.PRESSURE,),
    transport=Transport.SERIAL,
    source='SELVAS protocol "EP1:PC [P3]", after two public implementations',
    medical_device=True,
    make_codec=AccuniqCodec,
    make_serial=AccuniqBp500,
    blank=cover_subjects,
    line=LineSettings(9600),
    options={
        "dialect": Option("bp500", "which record the monitor sends; bp250 runs at 4800 baud", ("bp500", "bp250")),
        "silent_when_idle": Option("no", "yes: this unit does not answer while nothing is stored", ("no", "yes")),
    },
)
