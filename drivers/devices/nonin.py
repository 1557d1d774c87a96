"""Nonin oximeters (9560, OEM III, Xpod, WristOx2): serial data formats 8, 2, 7 and 13. 9600 8N1.

Source: Nonin "Onyx II Model 9560 OEM specification", document 6470-000-01 (2008).
Format 8: 4 bytes a second, no checksum. Formats 2 and 7: 75 frames of 5 bytes a second, 25 frames make a packet that
spells out the values byte by byte. Format 13: one packet per spot check, with the device's clock, also from memory.
"""

from collections.abc import Iterator
from functools import partial

from drivers.cutter import FrameCutter
from drivers.findings import FaultSeen, Finding, FrameBroken, Rejected, StateSeen
from drivers.listening import Listener
from drivers.model import Act, DeviceIdentity, Measures, Reading, Value
from drivers.nonin_frames import format_of, recognise
from drivers.option_values import whole_number
from drivers.ports import ByteStream, Deadline, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import WRONG_FORMAT, counts, device_clock, not_live, oximeter_values, result

_NO_PULSE, _NO_SPO2 = 511, 127
_FRAMES_PER_PACKET = 25
_STEADY_S = 4
_MEASUREMENTS_PER_S = {"8": 1, "2": 3, "7": 3, "13": 1}


class NoninCodec:
    """Frames of the configured data format, made to findings."""

    def __init__(self, options: Options) -> None:
        self._format = options["format"]
        self._in_session = counts(options)
        self._cutter = FrameCutter(partial(recognise, self._format))
        self._packet: list[bytes] | None = None
        """Frames since the last SYNC of formats 2 and 7; None before the first one."""
        self._unsynchronised_told = False

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [finding for frame in self._cutter.feed(data) for finding in self._frame(frame)]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        found = [finding for frame in self._cutter.close() for finding in self._frame(frame)]
        return found + list(self._drop_packet())

    def _frame(self, frame: bytes | FrameBroken) -> Iterator[Finding]:
        if isinstance(frame, FrameBroken):
            yield frame
            yield from self._drop_packet()
        elif (other := format_of(self._format, frame)) != self._format:
            yield Rejected(f"{WRONG_FORMAT}: it sends format {other}, the option `format` says {self._format}")
        elif self._format == "8":
            yield self._format_8(frame)
        elif self._format == "13":
            yield self._format_13(frame)
        else:
            yield from self._part_of_packet(frame)

    def _format_8(self, frame: bytes) -> Finding:
        status, low, spo2, status_2 = frame
        details = _details(
            low_perfusion=status & 0x10, marginal_perfusion=status & 0x08, artefact=status & 0x04,
            good_reading=status_2 & 0x20, low_battery=status_2 & 0x01,
        )  # fmt: skip
        pulse = (status & 0x03) << 7 | low
        return self._values(pulse, spo2, frame, details, finger_out=status_2 & 0x08, out_of_track=status & 0x20)

    def _part_of_packet(self, frame: bytes) -> Iterator[Finding]:
        status = frame[1] if self._format == "2" else frame[0]
        if not status & 0x80:
            yield FrameBroken("frame with bit 7 of its status clear")
            yield from self._drop_packet()
            return
        if status & 0x01:
            yield from self._drop_packet()
            self._packet = []
        if self._packet is None:
            if not self._unsynchronised_told:
                yield StateSeen("synchronising")
            self._unsynchronised_told = True
            return
        self._packet.append(frame)
        if len(self._packet) == _FRAMES_PER_PACKET:
            packet, self._packet = self._packet, None
            self._unsynchronised_told = False
            yield self._whole_packet(packet)

    def _whole_packet(self, packet: list[bytes]) -> Finding:
        statuses = 0
        for frame in packet:
            statuses |= frame[1] if self._format == "2" else frame[0]
        floats = [0, *(frame[3] for frame in packet)]  # the document counts from 1
        details = _details(
            low_perfusion=statuses & 0x04, artefact=statuses & 0x20,
            good_reading=floats[8] & 0x20, low_battery=floats[8] & 0x01,
        )  # fmt: skip
        pulse = (floats[20] & 0x03) << 7 | floats[21] & 0x7F
        return self._values(
            pulse, floats[9], b"".join(packet), details,
            finger_out=statuses & 0x08, out_of_track=statuses & 0x10, firmware=str(floats[4]),
        )  # fmt: skip

    def _format_13(self, packet: bytes) -> Finding:
        status, memory = packet[14], packet[15]
        if memory & 0x10:
            return Rejected("stored: a packet from the memory belongs to somebody else")
        if status & 0x01:
            return FaultSeen("NOMS", "the oximeter took no measurement: put the finger in again", Act.WORKER)
        details = _details(good_reading=status & 0x02, low_battery=memory & 0x01)
        pulse = (packet[16] & 0x01) << 8 | packet[17]
        return self._values(pulse, packet[19], packet, details, clock=_bcd_clock(packet[6:13]))

    def _values(
        self, pulse: int, spo2: int, raw: bytes, details: dict[str, Value],
        *, finger_out: int = 0, out_of_track: int = 0, firmware: str = "", clock: str | None = None,
    ) -> Finding:  # fmt: skip
        values = oximeter_values(None if spo2 == _NO_SPO2 else spo2, None if pulse == _NO_PULSE else pulse)
        if values is None:
            return FrameBroken(f"impossible values: SpO2 {spo2}, pulse {pulse}")
        dead = not_live(values, finger_out=bool(finger_out), searching=bool(out_of_track))
        if dead:
            return dead
        device = {"firmware": firmware} if firmware else {}
        return result(Reading(values, raw, device, clock, details), in_session=self._in_session)

    def _drop_packet(self) -> Iterator[Finding]:
        if self._packet:
            yield FrameBroken(f"packet cut short: {len(self._packet)} of {_FRAMES_PER_PACKET} frames")
        self._packet = None


def _details(**bits: int) -> dict[str, Value]:
    return {name: 1 for name, bit in bits.items() if bit}


def _bcd_clock(digits: bytes) -> str | None:
    """Century, year, month, day, hour, minute, second as packed decimal digits."""
    text = digits.hex()
    if not text.isdecimal():
        return None
    return device_clock(int(text[:4]), *(int(text[place : place + 2]) for place in range(4, 14, 2)))


def select_format(number: int, variant: str) -> bytes:
    """The command that stores the data format in the device: variant `9560` or `3150` (WristOx2)."""
    if variant == "9560":
        return bytes([0x02, 0x70, 0x02, 0x02, number, 0x03])
    body = bytes([0x70, 0x04, 0x02, number, 0x40])
    return b"\x02" + body + bytes([sum(body) & 0xFF, 0x03])


class Nonin:
    """The oximeter on its line: it sends by itself as long as it is switched on."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._selected = False
        steady = options["steady_frames"]
        self._frames = (
            _STEADY_S * _MEASUREMENTS_PER_S[options["format"]]
            if steady == "auto"
            else whole_number(options, "steady_frames", 1, 1000)
        )

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """From the manual. With option `select`, the data format is chosen: only now does the device listen to that."""
        variant = self._options["select"]
        if variant != "no" and not self._selected:
            self._selected = True  # once per opening: the device keeps it in a memory that wears out
            self._stream.write(select_format(int(self._options["format"]), variant))
        return DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """Format 13: the next spot check. Else the last of some seconds of steady live values."""
        self._stream.discard_input()
        listener = Listener(SPEC.model, self._stream, NoninCodec(self._options), run)
        if self._options["format"] == "13":
            return listener.await_reading(run.deadline)
        return listener.await_steady(self._frames, run.deadline)


SPEC = DriverSpec(
    name="nonin",
    maker="Nonin",
    model="9560 / OEM III / Xpod",
    measures=(Measures.OXIMETRY,),
    transport=Transport.SERIAL,
    source="Nonin 6470-000-01, Onyx II Model 9560 OEM specification",
    medical_device=True,
    make_codec=NoninCodec,
    make_serial=Nonin,
    line=LineSettings(9600),
    options={
        "format": Option("8", "serial data format that the device sends", ("8", "2", "7", "13")),
        "steady_frames": Option("auto", "measurements in a row that must agree; auto: 4 seconds of them"),
        "select": Option("no", "choose the format on opening: 9560, or 3150 for WristOx2", ("no", "9560", "3150")),
    },
)
