"""A simulated Contec oximeter with protocol V7.0 and a finger in it.

Written from the document of 2010-07-08. How long the device goes on without a keep-alive is not printed there:
`patience_s` is a field.
"""

from dataclasses import dataclass
from typing import ClassVar

from simulators.model import Scenarios


def packed(kind: int, data: list[int]) -> bytes:
    """Seven-bit packing: the high byte gathers bit 7 of all data bytes."""
    high = 0x80
    for place, byte in enumerate(data):
        if byte >= 0x80:
            high += 1 << place
    return bytes([kind, high, *(0x80 + byte % 0x80 for byte in data)])


@dataclass
class ContecV7:
    """Answers commands; streams 60 packets a second between A1 and A2 while it is kept alive."""

    NAME: ClassVar[str] = "contec_v7"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "low": {"spo2_percent": 90, "pulse_bpm": 58},
        "high": {"pulse_bpm": 150},
        "finger_out": {"finger_in": False},
        "held": {"held": True},
        "stuck": {"search_s": 1e9},
        "device_error": {"refusal": 0x03},
        "switched_off": {"farewell": 0x01},
        "silence": {"silent": True},
        "corrupted": {"corrupt": True},
        "stale_memory": {"plays_memory": True},
    }

    spo2_percent: int = 98
    pulse_bpm: int = 71
    perfusion_index_percent: float = 4.2
    search_s: float = 2.0
    patience_s: float = 12.0
    finger_in: bool = True
    held: bool = False
    refusal: int = 0
    farewell: int = 0
    silent: bool = False
    corrupt: bool = False
    plays_memory: bool = False
    streaming: bool = False
    streaming_s: float = 0.0
    alive_s: float = 0.0
    due_s: float = 0.0
    pending: bytes = b""
    output: bytes = b""

    def tick(self, dt: float) -> None:
        if not self.streaming:
            return
        self.streaming_s += dt
        self.alive_s += dt
        if self.alive_s > self.patience_s:
            self.streaming = False
        while self.streaming and self.streaming_s >= self.due_s:
            self.due_s += 1 / 60
            self.say(packed(0x09, [self.spo2_percent, self.pulse_bpm, 0, 0]) if self.plays_memory else self.live())
        if self.farewell and self.streaming_s > 1.0:
            self.streaming = False
            self.say(packed(0x0D, [self.farewell]))

    def receive(self, data: bytes) -> None:
        self.pending += data
        while len(self.pending) >= 9:
            if self.pending[0] != 0x7D:
                self.pending = self.pending[1:]
                continue
            self.obey(self.pending[2])
            self.pending = self.pending[9:]

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return taken

    def obey(self, command: int) -> None:
        if command == 0xA1 and self.refusal:
            self.say(packed(0x0B, [0xA1, self.refusal]))
        elif command == 0xA1:
            self.streaming, self.streaming_s, self.due_s, self.alive_s = True, 0.0, 0.0, 0.0
        elif command == 0xA2:
            self.streaming = False
            self.say(bytes([0x0C, 0x80]))
        elif command == 0xAA:
            self.say(packed(0x04, list(b"user   ")))
        elif command == 0xAC:
            self.say(packed(0x0E, [1]))
        elif command == 0xAF:
            self.alive_s = 0.0
        else:
            self.say(packed(0x0B, [command, 0x05]))

    def say(self, packet: bytes) -> None:
        if self.corrupt:
            packet = packet[:1] + bytes([packet[1] & 0x7F]) + packet[2:]
        self.output += b"" if self.silent else packet

    def live(self) -> bytes:
        found = self.held or (self.finger_in and self.streaming_s >= self.search_s)
        off = self.held or not self.finger_in
        index = round(self.perfusion_index_percent * 100) if found else 0xFFFF
        return packed(
            0x01,
            [
                0x80 if off else 0x46,
                0x40 if off else (0x33 if found else 0xB3),
                0x09 if found else 0x10,
                self.pulse_bpm if found else 0xFF,
                self.spo2_percent if found else 0x7F,
                index % 256,
                index // 256,
            ],
        )
