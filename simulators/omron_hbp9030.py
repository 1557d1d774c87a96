"""A simulated Omron HBP-9030: somebody measures again and again, and each result leaves as one text line.

Written from the published record layout. The code of a failed measurement is not published: `error` is a field.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from simulators.model import Scenarios


@dataclass
class OmronHbp9030:
    """A person puts the arm in, the cuff works for `cuff_s`, the line is sent, the next one comes `pause_s` later."""

    NAME: ClassVar[str] = "omron_hbp9030"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "high": {"systolic_mmhg": 168, "diastolic_mmhg": 104, "pulse_bpm": 88},
        "device_error": {"error": "1"},
        "moved": {"movements": 3},
        "silence": {"silent": True},
        "stuck": {"cuff_s": 1e9},
        "stale_memory": {"resends": True},
        "other_format": {"output_format": 4},
        "hbp9020": {"output_format": 9020},
        "corrupted": {"corrupt": True},
    }

    systolic_mmhg: int = 122
    diastolic_mmhg: int = 78
    pulse_bpm: int = 71
    movements: int = 0
    error: str = "0"
    subject: str = ""
    output_format: int = 5
    cuff_s: float = 30.0
    pause_s: float = 5.0
    silent: bool = False
    resends: bool = False
    corrupt: bool = False
    clock: datetime = field(default_factory=lambda: datetime(2026, 7, 11, 9, 5, tzinfo=UTC))
    sent: int = 0
    phase_s: float = 0.0
    last_line: bytes = b""
    output: bytes = b""

    def tick(self, dt: float) -> None:
        self.phase_s += dt
        self.clock += timedelta(seconds=dt)
        if self.phase_s < self.pause_s + self.cuff_s:
            return
        self.phase_s = 0.0
        self.clock += timedelta(minutes=1)  # the display shows the result, the cuff empties, the arm comes out
        if not (self.resends and self.last_line):
            self.last_line = self.line()
        self.sent += 1
        self.output += b"" if self.silent else self.last_line

    def receive(self, data: bytes) -> None:
        """The monitor has no commands."""

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return taken

    def line(self) -> bytes:
        """The result in the chosen output format."""
        if self.output_format == 9020:
            mean = (self.systolic_mmhg + 2 * self.diastolic_mmhg) // 3
            numbers = f"{self.systolic_mmhg:03d},{mean:03d},{self.diastolic_mmhg:03d},{self.pulse_bpm:03d}"
            return f"bp,{self.subject:>20},{self.clock:%Y/%m/%d,%H:%M},{numbers},{self.error}\r\n".encode()
        if self.output_format != 5:
            return f"ID99999999B{self.clock:%y/%m/%d/%H:%M} {self.systolic_mmhg} {self.diastolic_mmhg}\r\n".encode()
        numbers = f"{self.systolic_mmhg:03d},{self.diastolic_mmhg:03d},{self.pulse_bpm:03d}"
        if self.error != "0":
            numbers = "   ,   ,   "
        if self.corrupt:
            numbers = numbers.replace(",", ";")
        stamp = f"{self.clock:%Y,%m,%d,%H,%M}"
        return f"{stamp},{self.subject:<20},{self.error},{numbers},{self.movements:d}\r\n".encode()
