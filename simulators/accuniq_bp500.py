"""A simulated ACCUNIQ BP-500 (and BP-250): a person measures, the result is stored until the host takes it.

Written from the printed frames. The reserved fields at the end of a record are zero here, as in the printed line.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from simulators.model import Scenarios


@dataclass
class AccuniqBp500:
    """Answers ENQ with the oldest stored result, deletes it on ACK. Somebody measures every `pause_s` + `cuff_s`."""

    NAME: ClassVar[str] = "accuniq_bp500"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "high": {"systolic_mmhg": 168, "diastolic_mmhg": 104, "pulse_bpm": 88},
        "bp250": {"bp250": True},
        "idle_silent": {"answers_when_idle": False},
        "nobody": {"pause_s": 1e9},
        "stuck": {"obeys_ack": False, "results": ((151, 99, 80),)},
        "silence": {"silent": True},
        "corrupted": {"corrupt": True},
        "stale_memory": {"results": ((151, 99, 80), (148, 95, 77))},
    }

    systolic_mmhg: int = 122
    diastolic_mmhg: int = 78
    pulse_bpm: int = 71
    subject: str = "000000000"
    bp250: bool = False
    pause_s: float = 5.0
    cuff_s: float = 30.0
    answers_when_idle: bool = True
    obeys_ack: bool = True
    silent: bool = False
    corrupt: bool = False
    results: tuple[tuple[int, int, int], ...] = ()
    clock: datetime = field(default_factory=lambda: datetime(2026, 7, 11, 9, 5, tzinfo=UTC))
    phase_s: float = 0.0
    pending: bytes = b""
    output: bytes = b""

    def tick(self, dt: float) -> None:
        self.clock += timedelta(seconds=dt)
        self.phase_s += dt
        if self.phase_s >= self.pause_s + self.cuff_s:
            self.phase_s = 0.0
            self.results += ((self.systolic_mmhg, self.diastolic_mmhg, self.pulse_bpm),)

    def receive(self, data: bytes) -> None:
        self.pending = (self.pending + data)[-4:]
        if len(self.pending) < 4 or self.pending[0] != 2 or self.pending[2] != 3:
            return
        order, self.pending = self.pending[1], b""
        if order == 0x06 and self.obeys_ack:
            self.results = self.results[1:]
        elif order == 0x05 and (self.results or (self.answers_when_idle and not self.bp250)):
            self.say(self.record())
            if self.bp250:
                self.say(b"\x04")
        elif order == 0x56 and self.bp250:
            self.say(b"V1.0")

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return taken

    def record(self) -> bytes:
        systolic, diastolic, pulse = self.results[0] if self.results else (0, 0, 0)
        mean = (systolic + 2 * diastolic) // 3
        numbers = f"{systolic:03d},{mean:03d},{diastolic:03d},{pulse:03d}"
        if self.bp250:
            return f"{self.subject[:4]},{self.clock:%y/%m/%d,%H/%M},{numbers},0000,0000".encode()
        stamp = f"{self.clock:%y%m%d,%H%M%S}" if self.results else "000000,000000"
        subject = self.subject if self.results else "0" * 9
        return f"R1,{subject},{stamp},{numbers},0000,0000,00000,000".encode()

    def say(self, text: bytes) -> None:
        body = b"\x02" + text + b"\x03"
        check = (sum(body) + (3 if self.corrupt else 0)) % 256
        self.output += b"" if self.silent else body + bytes([check])
