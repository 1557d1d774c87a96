"""Contec oximeters with "Communication protocol of pulse oximeter V7.0": CMS50D+ from firmware 4.6, CMS50E, CMS50F/FW.

Source: Contec, "Communication protocol of pulse oximeter V7.0" (2010-07-08). Virtual COM port, 115200 8N1, no checksum.
Packet: type (bit 7 clear), high byte, data bytes (bit 7 set); bit i of the high byte is bit 7 of data byte i. The host
sends packets of 9 bytes of type 7D. Live values (type 01) come 60 times a second between commands A1 and A2.
"""

import re

from drivers.cutter import NEED_MORE, NO_FRAME, Cut, FrameCutter
from drivers.errors import DeviceError
from drivers.findings import FaultSeen, Finding, FrameBroken, Rejected, StateSeen
from drivers.listening import Listener
from drivers.model import Act, DeviceIdentity, Measures, Reading, Value
from drivers.option_values import whole_number
from drivers.ports import ByteStream, Deadline, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.verdict import counts, not_live, oximeter_values, result

_LENGTHS = {
    0x01: 9, 0x04: 9, 0x05: 9, 0x06: 4, 0x07: 8, 0x08: 8, 0x09: 6, 0x0A: 4, 0x0B: 4, 0x0C: 2, 0x0D: 3, 0x0E: 3,
    0x0F: 8, 0x10: 3, 0x11: 9, 0x12: 8, 0x15: 9,
}  # fmt: skip
"""Length of each packet that the device sends, type and high byte included. 06 is known from a capture only."""
_UPPER_HALF = re.compile(rb"[\x80-\xff]*")
_LIVE, _COMMAND_REPLY, _STOPPED, _DISCONNECTED = 0x01, 0x0B, 0x0C, 0x0D
_STORED = (0x07, 0x08, 0x09, 0x0A, 0x0F, 0x12)
_STATES = {
    0x04: "identified", 0x05: "user_information", 0x06: "undocumented_06", 0x0E: "perfusion_index_support",
    0x10: "user_count", 0x11: "storage_state", 0x15: "storage_state",
}  # fmt: skip
"""Answers whose content is of no use here, or personal."""
_REASONS = {
    0x01: ("the oximeter was switched off", Act.WORKER),
    0x02: ("the user of the oximeter was changed", Act.WORKER),
    0x03: ("the oximeter is recording: stop the recording", Act.SERVICE),
    0x04: ("the oximeter could not delete its memory", Act.SERVICE),
    0x05: ("the oximeter does not support this command", Act.SERVICE),
    0xFF: ("the oximeter gives no reason", Act.SERVICE),
}
_NO_PULSE, _NO_SPO2, _NO_PERFUSION = 0xFF, 0x7F, 0xFFFF
_START, _STOP, _ASK_IDENTITY, _KEEP_ALIVE = 0xA1, 0xA2, 0xAA, 0xAF
_REPLY_S = 1.0
_KEEP_ALIVE_S = 5.0
_SETTLE_S = 0.3


def command(code: int) -> bytes:
    """A host packet without arguments. `code` has its bit 7 set, as all commands have."""
    return bytes([0x7D, 0x81, code]) + b"\x80" * 6


def _recognise(buffer: bytes, at: int) -> Cut:
    size = _LENGTHS.get(buffer[at])
    if size is None:
        return NO_FRAME
    found = _UPPER_HALF.match(buffer, at + 1, at + size)
    end = found.end() if found else at + 1
    if end == at + size:
        return size
    return NEED_MORE if end == len(buffer) else NO_FRAME


def _unpacked(packet: bytes) -> list[int]:
    """Data bytes with their bit 7 put back from the high byte."""
    high = packet[1]
    return [byte & 0x7F | (high >> place & 1) << 7 for place, byte in enumerate(packet[2:])]


class ContecV7Codec:
    """Packets of the device, made to findings; each live packet with a signal is a measurement."""

    def __init__(self, options: Options) -> None:
        self._in_session = counts(options)
        self._cutter = FrameCutter(_recognise)

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [
            packet if isinstance(packet, FrameBroken) else self._packet(packet) for packet in self._cutter.feed(data)
        ]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [packet if isinstance(packet, FrameBroken) else self._packet(packet) for packet in self._cutter.close()]

    def _packet(self, packet: bytes) -> Finding:
        kind = packet[0]
        if kind == _LIVE:
            return self._live(packet)
        if kind in _STORED:
            return Rejected("stored: values from the memory belong to somebody else")
        if kind == _COMMAND_REPLY:
            code, reason = _unpacked(packet)
            return _reply(f"{code:02X}", reason, StateSeen("command_done"))
        if kind == _DISCONNECTED:
            return _reply("0D", _unpacked(packet)[0], StateSeen("stopped"))
        return StateSeen("stopped" if kind == _STOPPED else _STATES[kind])

    def _live(self, packet: bytes) -> Finding:
        signal, pleth, bar, pulse, spo2, perfusion_low, perfusion_high = _unpacked(packet)
        values = oximeter_values(None if spo2 == _NO_SPO2 else spo2, None if pulse == _NO_PULSE else pulse)
        if values is None:
            return FrameBroken(f"impossible values: SpO2 {spo2}, pulse {pulse}")
        dead = not_live(values, finger_out=bool(signal & 0x80), searching=bool(pleth & 0x80 or signal & 0x10))
        if dead:
            return dead
        perfusion = perfusion_high << 8 | perfusion_low
        if not bar & 0x10 and perfusion != _NO_PERFUSION:
            values["perfusion_index_percent"] = perfusion / 100
        details: dict[str, Value] = {"signal_strength": signal & 0x0F}
        if signal & 0x20:
            details["low_spo2"] = 1
        return result(Reading(values, packet, details=details), in_session=self._in_session)


def _reply(code: str, reason: int, done: StateSeen) -> Finding:
    if reason == 0:
        return done
    message, act = _REASONS.get(reason, (f"undocumented reason {reason:02X}", Act.SERVICE))
    return FaultSeen(f"{code}-{reason:02X}", message, act)


class ContecV7:
    """The oximeter on its line: we ask for live values, keep them coming, and stop them afterwards."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._frames = whole_number(options, "steady_frames", 1, 10000)

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """Ask for the device id; live packets that still run are a sign of life too."""
        listener = Listener(SPEC.model, self._stream, ContecV7Codec(self._options))
        if listener.answer(command(_ASK_IDENTITY), deadline.within(_REPLY_S)) is None:
            raise listener.explanation()
        return DeviceIdentity(SPEC.maker, SPEC.model, medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """Flush, start, take the last of some seconds of steady live values, stop."""
        self._stream.write(command(_STOP))
        settling = Listener(SPEC.model, self._stream, ContecV7Codec(self._options))
        settling.pause(run.deadline.within(_SETTLE_S))  # what is still under way from before
        self._stream.discard_input()
        self._stream.write(command(_START))
        try:
            reading = self._steady(run)
        except DeviceError:
            self._stream.write(command(_STOP))
            raise
        self._stream.write(command(_STOP))
        return reading

    def _steady(self, run: Run) -> Reading:
        listener = Listener(SPEC.model, self._stream, ContecV7Codec(self._options), run)
        first = listener.next(run.deadline.within(_REPLY_S))
        if first is None:
            raise listener.explanation()
        listener.raise_failure(first)
        keep_alive = run.deadline.within(_KEEP_ALIVE_S)

        def tend() -> None:
            nonlocal keep_alive
            if keep_alive.expired:
                self._stream.write(command(_KEEP_ALIVE))
                keep_alive = run.deadline.within(_KEEP_ALIVE_S)

        return listener.await_steady(self._frames, run.deadline, tend)


SPEC = DriverSpec(
    name="contec_v7",
    maker="Contec",
    model="CMS50D+/E/F (protocol V7.0)",
    measures=(Measures.OXIMETRY,),
    transport=Transport.SERIAL,
    source="Contec, Communication protocol of pulse oximeter V7.0 (2010-07-08)",
    medical_device=True,
    make_codec=ContecV7Codec,
    make_serial=ContecV7,
    line=LineSettings(115200),
    options={"steady_frames": Option("180", "live packets in a row that must agree, 60 a second")},
)
