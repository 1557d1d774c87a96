"""Contec CMS50D+ before firmware 4.6 and CMS50E, and Berry oximeters with "BCI" v1.2: five-byte stream, no checksum.

Source: Berry "BCI Protocol V1.2" (vendor); the Contec stream after public implementations.
Bit 7 is set in byte 1 only. Byte 1: signal strength and flags, 2: pleth, 3: bar, flags and bit 7 of the pulse, 4: pulse,
5: SpO2. Contec: 19200 8O1, 60 frames a second. Berry: 100 frames a second, 115200 8N1 as far as known.
"""

from drivers.cutter import NEED_MORE, NO_FRAME, Cut, FrameCutter
from drivers.findings import Finding, FrameBroken, Rejected
from drivers.listening import Listener
from drivers.model import DeviceIdentity, Measures, Reading, Value
from drivers.option_values import whole_number
from drivers.ports import ByteStream, Deadline, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import counts, not_live, oximeter_values, result

_SEARCHING = 0x20  # byte 3, both dialects
_FINGER_OUT = {"contec": (0x10, 0x10), "berry": (0x30, 0x10)}
"""Flags of byte 1 and of byte 3 that mean: no finger, no signal, no probe."""
_NO_PULSE = {"contec": (0, 0xFF), "berry": (0xFF,)}
_NO_SPO2 = {"contec": (0, 0x7F), "berry": (0x7F,)}
_FALLING_SPO2 = 0x20  # byte 1, Contec only
_STORED_HEADER = b"\xf2\x80\x00" * 3
_STORED_HEADER_SIZE = 12
"""The header and three bytes of length."""
_STORED_SAMPLE = (0xF0, 0xF1)


class ContecLegacyCodec:
    """Frames of the configured dialect; what a Contec plays back from its memory is refused."""

    def __init__(self, options: Options) -> None:
        self._in_session = counts(options)
        self._dialect = options["dialect"]
        self._plays_memory = False
        self._cutter = FrameCutter(self._recognise)

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [frame if isinstance(frame, FrameBroken) else self._frame(frame) for frame in self._cutter.feed(data)]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [frame if isinstance(frame, FrameBroken) else self._frame(frame) for frame in self._cutter.close()]

    def _recognise(self, buffer: bytes, at: int) -> Cut:
        if not buffer[at] & 0x80:
            return NO_FRAME
        frame = buffer[at : at + 5]
        if all(not byte & 0x80 for byte in frame[1:]):
            return 5 if len(frame) == 5 else NEED_MORE
        return self._recognise_stored(buffer, at) if self._dialect == "contec" else NO_FRAME

    def _recognise_stored(self, buffer: bytes, at: int) -> Cut:
        if self._plays_memory and buffer[at] in _STORED_SAMPLE:
            return 3 if len(buffer) >= at + 3 else NEED_MORE
        header = buffer[at : at + _STORED_HEADER_SIZE]
        if header.startswith(_STORED_HEADER):
            return _STORED_HEADER_SIZE if len(header) == _STORED_HEADER_SIZE else NEED_MORE
        return NEED_MORE if _STORED_HEADER.startswith(header) else NO_FRAME

    def _frame(self, frame: bytes) -> Finding:
        if len(frame) != 5:
            self._plays_memory = True
            return Rejected("stored: values from the memory belong to somebody else")
        self._plays_memory = False
        first, _, third, low, spo2 = frame
        pulse = (third & 0x40) << 1 | low
        values = oximeter_values(
            None if spo2 in _NO_SPO2[self._dialect] else spo2, None if pulse in _NO_PULSE[self._dialect] else pulse
        )
        if values is None:
            return FrameBroken(f"impossible values: SpO2 {spo2}, pulse {pulse}")
        first_mask, third_mask = _FINGER_OUT[self._dialect]
        dead = not_live(
            values, finger_out=bool(first & first_mask or third & third_mask), searching=bool(third & _SEARCHING)
        )
        if dead:
            return dead
        details: dict[str, Value] = {"signal_strength": first & 0x0F}
        if self._dialect == "contec" and first & _FALLING_SPO2:
            details["low_spo2"] = 1
        return result(Reading(values, frame, details=details), in_session=self._in_session)


class ContecLegacy:
    """The oximeter on its line: it sends by itself as long as it is switched on."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._frames = whole_number(options, "steady_frames", 1, 10000)

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """From the manual: this stream has no question."""
        maker = "Berry" if self._options["dialect"] == "berry" else SPEC.maker
        return DeviceIdentity(maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """The last of some seconds of steady live values."""
        self._stream.discard_input()
        listener = Listener(SPEC.model, self._stream, ContecLegacyCodec(self._options), run)
        return listener.await_steady(self._frames, run.deadline)


SPEC = DriverSpec(
    name="contec_legacy",
    maker="Contec",
    model="CMS50D+/E five-byte stream",
    measures=(Measures.OXIMETRY,),
    transport=Transport.SERIAL,
    source="Berry BCI Protocol V1.2; Contec stream after public implementations",
    medical_device=True,
    make_codec=ContecLegacyCodec,
    make_serial=ContecLegacy,
    line=LineSettings(19200, 8, "O", 1),
    options={
        "dialect": Option("contec", "berry: BCI v1.2; set baudrate 115200 and parity N for it", ("contec", "berry")),
        "steady_frames": Option("180", "frames in a row that must agree; Contec sends 60 a second, Berry 100"),
    },
)
