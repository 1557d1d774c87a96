"""A simulated Optris CT that sees a room and, after a while, a forehead. Written from the published command list."""

from dataclasses import dataclass
from typing import ClassVar

from simulators.model import Scenarios


@dataclass
class OptrisCt:
    """Answers each one-byte command with its fixed-size reply. `bus_address` 0 means RS-232: no prefix."""

    NAME: ClassVar[str] = "optris_ct"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "high": {"forehead_celsius": 38.4},
        "nobody": {"comes_after_s": 1e9},
        "stuck": {"sways_celsius": 1.5},
        "hundredths": {"hs_model": True},
        "retry": {"deaf_to": 1, "babbles": True},
        "silence": {"silent": True},
        "corrupted": {"corrupt": True},
    }

    forehead_celsius: float = 36.6
    room_celsius: float = 23.5
    head_celsius: float = 25.1
    emissivity: float = 0.950
    transmission: float = 1.0
    serial_number: int = 8021456
    comes_after_s: float = 1.0
    warms_s: float = 0.5
    sways_celsius: float = 0.0
    hs_model: bool = False
    bus_address: int = 0
    deaf_to: int = 0
    babbles: bool = False
    silent: bool = False
    corrupt: bool = False
    watched_s: float = -1.0
    asked: int = 0
    addressed: bool = False
    output: bytes = b""

    def tick(self, dt: float) -> None:
        if self.watched_s >= 0:
            self.watched_s += dt

    def receive(self, data: bytes) -> None:
        for byte in data:
            if 0xB0 <= byte <= 0xD0:
                self.addressed = byte == 0xB0 + self.bus_address
            elif self.addressed or self.bus_address == 0:
                self.addressed = False
                self.answer(byte)

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return b"" if self.silent else taken

    def answer(self, command: int) -> None:
        if command == 0x01:
            self.watched_s = max(0.0, self.watched_s)
            self.asked += 1
            if self.babbles and self.asked == 2:
                self.output += b"\x05"
        if command == 0x01 and self.deaf_to:
            self.deaf_to -= 1
            self.output += b"\xff\xff"
            return
        self.output += {
            0x01: self.celsius(self.seen_celsius()),
            0x02: self.celsius(self.head_celsius),
            0x03: self.celsius(self.head_celsius + 3),
            0x09: self.celsius(self.head_celsius + 6),
            0x04: round(self.emissivity * 1000).to_bytes(2, "big"),
            0x05: round(self.transmission * 1000).to_bytes(2, "big"),
            0x0E: self.serial_number.to_bytes(3, "big"),
        }.get(command, b"")

    def seen_celsius(self) -> float:
        share = min(1.0, max(0.0, (self.watched_s - self.comes_after_s) / self.warms_s))
        sway = self.sways_celsius if self.asked % 2 else 0.0
        return self.room_celsius + share * (self.forehead_celsius - self.room_celsius + sway)

    def celsius(self, value: float) -> bytes:
        if self.corrupt:
            return b"\xff\x00"
        return round(value * 100 + 10000 if self.hs_model else value * 10 + 1000).to_bytes(2, "big")
