"""A&D UA-767PC home blood pressure monitor. RS-232 or USB, 9600 8N1. Sends ten characters after each measurement.

Source: the result string after two public implementations, the dialogue after one of them.
Ten ASCII hex digits, no terminator and no checksum: status (80 to 83 seen), systolic minus diastolic, diastolic, pulse,
one unknown byte. So only a burst of exactly ten digits between two silences counts: one digit lost or gained shifts
all values into others that look as good.
"""

import re

from drivers.errors import DeviceError
from drivers.findings import Finding, FrameBroken, Rejected
from drivers.listening import Listener
from drivers.model import DeviceIdentity, Measures, Reading
from drivers.ports import ByteStream, Deadline, Progress, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import counts, pressure_values, result

_SIZE = 10
_LONGEST_BURST = 40
_DIGITS = re.compile(rb"[0-9A-F]+")
_LINE_ENDS = b"\r\n"
_STATUSES = range(0x80, 0x84)
_OPEN, _CLOSE = b"\x02CPC05\x3b", b"\x02CPC04\x3a"
_ACK = b"\x0170PC\x06"
_SILENCE_S = 0.2


class Ua767Codec:
    """Bursts of digits. A burst ends with any other byte, or when the line falls silent (`close`)."""

    def __init__(self, options: Options) -> None:
        self._in_session = counts(options)
        self._burst = b""
        self._overrun = False
        self._noise = 0
        self._line_ends_allowed = 0

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        found: list[Finding] = []
        at = 0
        while at < len(data):
            digits = _DIGITS.match(data, at)
            if digits:
                self._overrun = self._overrun or len(self._burst) + len(digits[0]) > _LONGEST_BURST
                self._burst = (self._burst + digits[0])[:_LONGEST_BURST]
                at = digits.end()
                continue
            if self._burst:
                found += self._end_of_burst()
                self._line_ends_allowed = 2
            if data[at] in _LINE_ENDS and self._line_ends_allowed:
                self._line_ends_allowed -= 1
            else:
                self._noise += 1
            at += 1
        return found

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return self._end_of_burst() + self._end_of_noise()

    def _end_of_burst(self) -> list[Finding]:
        burst, self._burst = self._burst, b""
        overrun, self._overrun = self._overrun, False
        if not burst:
            return []
        if overrun or len(burst) % _SIZE:
            size = f"more than {_LONGEST_BURST}" if overrun else len(burst)
            return [*self._end_of_noise(), FrameBroken(f"a burst of {size} digits, a result has {_SIZE}")]
        records = [burst[at : at + _SIZE] for at in range(0, len(burst), _SIZE)]
        return [*self._end_of_noise(), *(self._record(record) for record in records)]

    def _end_of_noise(self) -> list[Finding]:
        noise, self._noise = self._noise, 0
        return [FrameBroken(f"{noise} bytes: no frame begins here")] if noise else []

    def _record(self, record: bytes) -> Finding:
        status, difference, diastolic, pulse, _ = bytes.fromhex(record.decode("ascii"))
        if status not in _STATUSES:
            return Rejected(f"undocumented status {status:02X}")
        values = pressure_values(diastolic + difference, diastolic, 0, pulse)
        if values is None:
            return Rejected("a result without plausible pressures")
        return result(Reading(values, record, details={"status": f"{status:02X}"}), in_session=self._in_session)


class Ua767:
    """The monitor on its line. The person presses the button; the driver listens."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """From the manual: the monitor cannot be asked."""
        return DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """Wait for the result of the measurement that the person starts."""
        self._stream.discard_input()
        run.report(Progress("waiting_for_start"))
        listener = Listener(SPEC.model, self._stream, Ua767Codec(self._options), run, _SILENCE_S)
        if self._options["dialogue"] == "no":
            return listener.await_reading(run.deadline)
        self._stream.write(_OPEN)
        try:
            reading = listener.await_reading(run.deadline)
        except DeviceError:
            self._stream.write(_CLOSE)
            raise
        self._stream.write(_ACK + _CLOSE)
        return reading


SPEC = DriverSpec(
    name="and_ua767pc",
    maker="A&D",
    model="UA-767PC",
    measures=(Measures.PRESSURE,),
    transport=Transport.SERIAL,
    source="result string after two public implementations, PC dialogue after one",
    medical_device=True,
    make_codec=Ua767Codec,
    make_serial=Ua767,
    line=LineSettings(9600),
    options={
        "dialogue": Option(
            "no", "yes: open and close the PC dialogue around a measurement (one source)", ("no", "yes")
        ),
    },
)
