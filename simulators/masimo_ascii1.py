"""A simulated Masimo monitor set to ASCII 1. Written from the line and the tables printed in the manual."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from simulators.model import Scenarios


@dataclass
class MasimoAscii1:
    """One line a second; dashes until the pulse is found."""

    NAME: ClassVar[str] = "masimo_ascii1"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "low": {"spo2_percent": 88, "alarm": 0x12},
        "high": {"pulse_bpm": 151, "alarm": 0x14},
        "no_sensor": {"exceptions": 0x001},
        "defective_sensor": {"exceptions": 0x002},
        "low_perfusion": {"exceptions": 0x004},
        "interference": {"exceptions": 0x010},
        "finger_out": {"exceptions": 0x020, "search_s": 1e9},
        "ambient_light": {"exceptions": 0x040},
        "unrecognised_sensor": {"exceptions": 0x080},
        "low_quality": {"exceptions": 0x400},
        "held": {"exceptions": 0x020},
        "stuck": {"search_s": 1e9},
        "other_format": {"ascii_2": True},
        "silence": {"silent": True},
        "corrupted": {"corrupt": True},
    }

    spo2_percent: int = 98
    pulse_bpm: int = 71
    perfusion_index_percent: float = 4.2
    radical_7: bool = True
    exceptions: int = 0
    alarm: int = 0
    serial_number: str = "0000093112"
    search_s: float = 3.0
    ascii_2: bool = False
    silent: bool = False
    corrupt: bool = False
    clock: datetime = field(default_factory=lambda: datetime(2026, 7, 11, 9, 5, tzinfo=UTC))
    elapsed_s: float = 0.0
    sent: int = 0
    output: bytes = b""

    def tick(self, dt: float) -> None:
        self.elapsed_s += dt
        self.clock += timedelta(seconds=dt)
        while self.elapsed_s >= self.sent + 1:
            self.sent += 1
            self.output += b"" if self.silent else self.line().encode() + b"\r\n"

    def receive(self, data: bytes) -> None:
        """The monitor takes no commands in ASCII 1."""

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return taken

    def line(self) -> str:
        found = self.elapsed_s >= self.search_s
        exceptions = self.exceptions | (0 if found else 0x008)
        oxygen = f"{self.spo2_percent:03d}" if found else "---"
        pulse = f"{self.pulse_bpm:03d}" if found else "---"
        if self.ascii_2:
            return f"{self.clock:%m/%d/%y},{self.clock:%H:%M:%S},{oxygen},{pulse}"
        if self.corrupt:
            oxygen = "O" + oxygen[1:]
        index = f"{self.perfusion_index_percent:05.2f}%" if found else "--.--%"
        extra = f" PI={index} SPCO=--.-% SPMET=--.-% PVI=---" if self.radical_7 else ""
        return (
            f"{self.clock:%m/%d/%y %H:%M:%S} SN={self.serial_number} SPO2={oxygen}% BPM={pulse}{extra}"
            f" DESAT=-- PIDELTA=+-- ALARM={self.alarm:04X} EXC={exceptions:06X}"
        )
