"""LU90614 infrared body temperature module. UART, 9600 8N1, one request and one reply. No medical instrument.

Source: LU90614 module data sheet, as published by its sellers and three implementations.
Request FA cmd CS, reply FE tt ii dd 00 00 00 00 CS: tt AC body or AA object, ii whole degrees, dd hundredths; CS is the
low byte of the sum of what stands before it. The mode survives power-off.
"""

from drivers.cutter import NEED_MORE, NO_FRAME, Cut, FrameCutter
from drivers.errors import WrongDevice
from drivers.findings import Finding, FrameBroken, MeasurementFound, Rejected
from drivers.listening import Listener
from drivers.model import DeviceIdentity, Measures, Reading
from drivers.ports import ByteStream, Deadline, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.steady_temperature import OPTIONS, SteadyTemperature
from drivers.verdict import WRONG_FORMAT, counts, result

_BODY, _OBJECT = 0xAC, 0xAA
_MODES = {"body": _BODY, "object": _OBJECT}
_SELECT = {"body": b"\xfa\xc5\xbf", "object": b"\xfa\xc6\xc0"}
_MEASURE = b"\xfa\xca\xc4"
_REPLY_S = 0.3
"""The module answers within 0.1 to 0.2 s."""
_ATTEMPTS = 3


def _recognise(buffer: bytes, at: int) -> Cut:
    frame = buffer[at : at + 9]
    if frame[0] != 0xFE or (len(frame) > 1 and frame[1] not in (_BODY, _OBJECT)):
        return NO_FRAME
    if any(frame[4:8]):
        return "bytes that must be zero are not"
    if len(frame) < 9:
        return NEED_MORE
    return 9 if sum(frame[:8]) & 0xFF == frame[8] else "wrong checksum"


class Lu90614Codec:
    """Replies of the module; a reply of the other mode is refused."""

    def __init__(self, options: Options) -> None:
        self._in_session = counts(options)
        self._mode = options["mode"]
        self._cutter = FrameCutter(_recognise)

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [frame if isinstance(frame, FrameBroken) else self._reply(frame) for frame in self._cutter.feed(data)]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [frame if isinstance(frame, FrameBroken) else self._reply(frame) for frame in self._cutter.close()]

    def _reply(self, frame: bytes) -> Finding:
        if frame[1] != _MODES[self._mode]:
            other = "object" if self._mode == "body" else "body"
            return Rejected(f"{WRONG_FORMAT}: it measures in {other} mode, {self._mode} mode is wanted")
        whole, hundredths = frame[2], frame[3]
        if hundredths > 99:
            return FrameBroken(f"{hundredths} hundredths of a degree")
        reading = Reading(
            {"temperature_celsius": round(whole + hundredths / 100, 2)}, frame, details={"mode": self._mode}
        )
        return result(reading, in_session=self._in_session)


class Lu90614:
    """The module on its line: asked again and again until a person is in front of it and the value stands still."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._steady = SteadyTemperature(SPEC.model, options)

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """From the data sheet: the only question that the module answers is a measurement."""
        return DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """The last of some readings that agree, with a person in front."""
        return self._steady.measure(lambda: self._ask(run), run)

    def _ask(self, run: Run) -> Reading:
        """One reply; asked up to three times, and the mode set right once if it is wrong."""
        mode_was_set = False
        for _ in range(_ATTEMPTS):
            self._stream.discard_input()
            listener = Listener(SPEC.model, self._stream, Lu90614Codec(self._options), run)
            answer = listener.answer(_MEASURE, run.deadline.within(_REPLY_S))
            if isinstance(answer, MeasurementFound):
                return answer.reading
            if isinstance(answer, Rejected) and not mode_was_set:
                mode_was_set = True  # once only: the module stores it and its memory wears out
                self._stream.write(_SELECT[self._options["mode"]])
                listener.pause(run.deadline.within(_REPLY_S))
            elif isinstance(answer, Rejected):
                raise WrongDevice(f"{SPEC.model}: {answer.reason}", code="wrong_format")
        raise listener.explanation()


SPEC = DriverSpec(
    name="lu90614",
    maker="LU",
    model="LU90614",
    measures=(Measures.TEMPERATURE,),
    transport=Transport.SERIAL,
    source="LU90614 module data sheet (seller's text)",
    medical_device=False,
    make_codec=Lu90614Codec,
    make_serial=Lu90614,
    line=LineSettings(9600),
    options={
        "mode": Option("body", "body: the module's own estimate; object: the surface itself", ("body", "object")),
    }
    | OPTIONS,
)
