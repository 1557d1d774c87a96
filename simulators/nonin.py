"""A simulated Nonin oximeter with a finger in it, in serial data formats 8, 2, 7 and 13.

Written from document 6470-000-01. The frozen values after the finger has left are kept for ten seconds, as printed
there; fields that the document reserves are zero.
"""

from dataclasses import dataclass
from typing import ClassVar

from simulators.model import Scenarios


@dataclass
class Nonin:
    """Streams while it is on; finds the pulse `search_s` after the finger came. Format 13 sends one packet a check."""

    NAME: ClassVar[str] = "nonin"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "low": {"spo2_percent": 91, "pulse_bpm": 104},
        "high": {"pulse_bpm": 148},
        "finger_out": {"finger_in": False},
        "held": {"held": True},
        "stuck": {"search_s": 1e9},
        "artefact": {"moving": True},
        "device_error": {"data_format": 13, "failed": True},
        "silence": {"silent": True},
        "corrupted": {"corrupt": True},
        "format_2": {"data_format": 2},
        "format_7": {"data_format": 7},
        "format_13": {"data_format": 13},
        "stale_memory": {"data_format": 13, "stored": 3},
    }

    spo2_percent: int = 98
    pulse_bpm: int = 71
    data_format: int = 8
    search_s: float = 3.0
    finger_in: bool = True
    held: bool = False
    moving: bool = False
    failed: bool = False
    silent: bool = False
    corrupt: bool = False
    stored: int = 0
    firmware: int = 34
    elapsed_s: float = 0.0
    due_s: float = 0.0
    frame_number: int = 0
    command: bytes = b""
    output: bytes = b""

    def tick(self, dt: float) -> None:
        self.elapsed_s += dt
        period_s = {8: 1.0, 2: 1 / 75, 7: 1 / 75, 13: 20.0}[self.data_format]
        while self.elapsed_s >= self.due_s + period_s:
            self.due_s += period_s
            sent = self.packet_13() if self.data_format == 13 else self.stream_frame()
            if self.corrupt:
                sent = sent[:1] + bytes([sent[1] ^ 0x80]) + sent[2:]
            self.output += b"" if self.silent else sent

    def receive(self, data: bytes) -> None:
        """Format selection, `02 70 02 02 ZZ 03` or the seven-argument form of the WristOx2; answered with ACK."""
        self.command = (self.command + data)[-8:]
        at = self.command.find(b"\x02\x70")
        if at < 0 or not self.command.endswith(b"\x03"):
            return
        chosen = self.command[at + 4]
        known = chosen in (2, 7, 8, 13)
        self.data_format = chosen if known else self.data_format
        self.command = b""
        self.output += b"\x06" if known else b"\x15"

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return taken

    def shown(self) -> tuple[int, int]:
        """Pulse and SpO2 as sent: 511 and 127 stand for nothing."""
        if self.held or (self.finger_in and self.elapsed_s >= self.search_s):
            return self.pulse_bpm, self.spo2_percent
        return 511, 127

    def stream_frame(self) -> bytes:
        pulse, spo2 = self.shown()
        off = self.held or not self.finger_in
        tracking = pulse != 511
        if self.data_format == 8:
            first = 0x80 | (0 if tracking else 0x20) | (0x04 if self.moving else 0) | pulse >> 7
            return bytes([first, pulse & 0x7F, spo2, (0x08 if off else 0) | (0x20 if tracking else 0)])
        place = self.frame_number % 25 + 1
        self.frame_number += 1
        status = 0x80 | (0x20 if self.moving else 0) | (0 if tracking else 0x10) | (0x08 if off else 0)
        status |= (0x02 if tracking else 0x04) | (0x01 if place == 1 else 0)
        high, low = pulse >> 7, pulse & 0x7F
        spelled = {
            1: high, 2: low, 3: spo2, 4: self.firmware, 8: 0x20 if tracking else 0, 9: spo2, 10: spo2, 11: spo2,
            14: high, 15: low, 16: spo2, 17: spo2, 20: high, 21: low, 22: high, 23: low,
        }.get(place, 0)  # fmt: skip
        pleth = 0x40 + place
        head = [1, status, pleth] if self.data_format == 2 else [status, pleth, 0]
        body = [*head, spelled]
        return bytes([*body, sum(body) % 256])

    def packet_13(self) -> bytes:
        pulse, spo2 = self.shown()
        memory = self.stored > 0
        if memory:
            self.stored -= 1
        check = 0x01 if self.failed or not self.finger_in else 0x02
        data = bytes.fromhex("20260711090530") + bytes([0, check, 0x10 if memory else 0, pulse >> 8, pulse & 255, 0])
        data += bytes([spo2])
        return b"\x00\x02\x00\x0d\x00\x0e" + data + bytes([sum(data) % 256, 3])
