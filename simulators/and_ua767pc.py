"""A simulated A&D UA-767PC: somebody measures again and again, each result leaves as ten hex digits.

Written from the published string. The meaning of the status and of the last byte is not published: both are fields.
"""

from dataclasses import dataclass
from typing import ClassVar

from simulators.model import Scenarios


@dataclass
class AndUa767pc:
    """A person puts the arm in, the cuff works for `cuff_s`, the digits are sent, the next one comes later."""

    NAME: ClassVar[str] = "and_ua767pc"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "high": {"systolic_mmhg": 168, "diastolic_mmhg": 104, "pulse_bpm": 88},
        "other_status": {"status": 0x84},
        "digit_lost": {"loses_digit": True},
        "silence": {"silent": True},
        "stuck": {"cuff_s": 1e9},
        "corrupted": {"corrupt": True},
    }

    systolic_mmhg: int = 122
    diastolic_mmhg: int = 78
    pulse_bpm: int = 71
    status: int = 0x80
    last_byte: int = 0x60
    cuff_s: float = 30.0
    pause_s: float = 5.0
    loses_digit: bool = False
    silent: bool = False
    corrupt: bool = False
    phase_s: float = 0.0
    host_said: bytes = b""
    output: bytes = b""

    def tick(self, dt: float) -> None:
        self.phase_s += dt
        if self.phase_s >= self.pause_s + self.cuff_s:
            self.phase_s = 0.0
            self.output += b"" if self.silent else self.digits()

    def receive(self, data: bytes) -> None:
        self.host_said += data

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return taken

    def digits(self) -> bytes:
        difference = self.systolic_mmhg - self.diastolic_mmhg
        text = "".join(
            f"{byte:02X}" for byte in (self.status, difference, self.diastolic_mmhg, self.pulse_bpm, self.last_byte)
        )
        if self.corrupt:
            text = text.replace("0", "O")
        return (text[:4] + text[5:] if self.loses_digit else text).encode()
