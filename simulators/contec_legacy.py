"""A simulated oximeter with the five-byte stream, as Contec or as Berry BCI v1.2. Written from the printed bit tables."""

from dataclasses import dataclass
from typing import ClassVar

from simulators.model import Scenarios


@dataclass
class ContecLegacy:
    """Streams while it is on. Without a pulse a Contec shows zeros, a Berry 255 and 127."""

    NAME: ClassVar[str] = "contec_legacy"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "low": {"spo2_percent": 89},
        "high": {"pulse_bpm": 149},
        "berry": {"berry": True},
        "berry_finger_out": {"berry": True, "finger_in": False},
        "finger_out": {"finger_in": False},
        "held": {"held": True},
        "stuck": {"search_s": 1e9},
        "silence": {"silent": True},
        "corrupted": {"corrupt": True},
        "stale_memory": {"plays_memory": True},
    }

    spo2_percent: int = 98
    pulse_bpm: int = 71
    berry: bool = False
    search_s: float = 2.0
    finger_in: bool = True
    held: bool = False
    plays_memory: bool = False
    silent: bool = False
    corrupt: bool = False
    elapsed_s: float = 0.0
    sent: int = 0
    output: bytes = b""

    def tick(self, dt: float) -> None:
        self.elapsed_s += dt
        while self.elapsed_s * (100 if self.berry else 60) >= self.sent:
            self.sent += 1
            frame = self.stored() if self.plays_memory else self.live()
            if self.corrupt:
                frame = bytes([frame[0], frame[1] | 0x80, *frame[2:]])
            self.output += b"" if self.silent else frame

    def receive(self, data: bytes) -> None:
        """F6 F6 F6 returns a Contec to live values."""
        if b"\xf6\xf6\xf6" in data:
            self.plays_memory = False

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return taken

    def live(self) -> bytes:
        found = self.held or (self.finger_in and self.elapsed_s >= self.search_s)
        off = self.held or not self.finger_in
        nothing = (255, 127) if self.berry else (0, 0)
        pulse, spo2 = (self.pulse_bpm, self.spo2_percent) if found else nothing
        first = 0x80 | (0x10 if off else 0x46)
        third = (0x40 if pulse > 127 else 0) | (0 if found else 0x20) | (0x10 if off and self.berry else 0x03)
        return bytes([first, 0x33, third, pulse % 128, spo2])

    def stored(self) -> bytes:
        if self.sent == 1:
            return b"\xf2\x80\x00\xf2\x80\x00\xf2\x80\x00" + bytes([0x80, 0x81, 0x20])
        return bytes([0xF0 + self.pulse_bpm // 128, 0x80 + self.pulse_bpm % 128, self.spo2_percent])
