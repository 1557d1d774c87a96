"""A simulated A&D TM-2655P, written from the published tables (see docs/devices/and_tm2655.md).

Behaviour: a start inflates the cuff, deflation takes about half a minute, the result follows. What the monitor puts
into S, M, D and P together with an error code is not published: `values_on_error` says it.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from simulators.model import Scenarios

_LONGEST_COMMAND = 32


@dataclass
class Tm2655Model:
    """The monitor. Pressures in mmHg, pulse in beats per minute, times in simulated seconds."""

    NAME: ClassVar[str] = "and_tm2655"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "high": {"systolic_mmhg": 168, "mean_mmhg": 125, "diastolic_mmhg": 104, "pulse_bpm": 88},
        **{
            f"error_e{code}": {"error": code}
            for code in ("11", "12", "13", "15", "21", "22", "23", "24", "42", "43", "44", "45", "46", "48", "61", "63")
        },
        "retry": {"errors_first": 1},
        "refused": {"refuses": True},
        "silence": {"mute": True},
        "stuck": {"never_ends": True},
        "corrupted": {"bcc_shift": 1},
        "wrong_device": {"model_text": "TX9000"},
        "stale_memory": {"result_before_answer": True},
    }

    systolic_mmhg: int = 122
    mean_mmhg: int = 93
    diastolic_mmhg: int = 78
    pulse_bpm: int = 71
    cuff_setting: int = 17
    amplitude: int = 139
    error: str = "00"
    errors_first: int = 0
    """So many measurements end in E44 before one succeeds."""
    values_on_error: str = "   "
    clock: str = "2607110905"
    """yymmddHHMM, as the monitor believes it is."""
    model_text: str = "TM2655"
    refuses: bool = False
    mute: bool = False
    never_ends: bool = False
    bcc_shift: int = 0
    result_before_answer: bool = False
    inflation_s: float = 6.0
    deflation_s: float = 24.0
    cuff_mmhg: float = 0.0
    phase: str = "idle"
    starts: int = 0
    stops: int = 0
    _inbox: bytearray = field(default_factory=bytearray)
    _outbox: bytearray = field(default_factory=bytearray)

    def tick(self, dt: float) -> None:
        if self.phase == "inflating":
            self.cuff_mmhg += 180.0 * dt / self.inflation_s
            if self.cuff_mmhg >= 180.0:
                self.cuff_mmhg = 180.0
                self.phase = "deflating"
        elif self.phase == "deflating" and not self.never_ends:
            self.cuff_mmhg -= 180.0 * dt / self.deflation_s
            if self.cuff_mmhg <= 0.0:
                self.cuff_mmhg = 0.0
                self.phase = "idle"
                self._outbox += self.result("RB")

    def receive(self, data: bytes) -> None:
        self._inbox += data
        while (end := self._inbox.find(0x03)) >= 0 and len(self._inbox) > end + 1:
            frame = bytes(self._inbox[: end + 2])
            del self._inbox[: end + 2]
            start = frame.find(bytes((0x16, 0x16, 0x01)))
            if start >= 0 and len(frame) - start == 10 and _xor(frame[start + 2 : -1]) == frame[-1]:
                self._obey(frame[start + 6 : start + 8])
        del self._inbox[:-_LONGEST_COMMAND]

    def transmit(self) -> bytes:
        sent = b"" if self.mute else bytes(self._outbox)
        self._outbox.clear()
        return sent

    def result(self, origin: str) -> bytes:
        """A result record as the tables give it; `origin` is RB (answers a start) or AB (sent by itself)."""
        error = self.error
        if self.errors_first > 0:
            self.errors_first -= 1
            error = "44"
        numbers = (self.systolic_mmhg, self.mean_mmhg, self.diastolic_mmhg, self.pulse_bpm)
        shown = [f"{number:3d}" if error == "00" else self.values_on_error for number in numbers]
        fields = [self.model_text, self.clock, origin, "M", f"E{error}"]
        fields += [letter + text for letter, text in zip("SMDP", shown, strict=True)]
        fields += [f"I{self.cuff_setting:2d}", f"L{self.amplitude:3d}"]
        body = b"\x01" + b"00" + b"\x02" + b"\x1e".join(text.encode("ascii") for text in fields) + b"\x03"
        return b"\x16\x16" + body + bytes([(_xor(body) + self.bcc_shift) % 256])

    def _obey(self, command: bytes) -> None:
        if command == b"ST":
            self.starts += 1
            if self.refuses:
                self._outbox += b"\x16\x16\x0100\x15"
                return
            if self.result_before_answer:
                self._outbox += self.result("RB")
                self.result_before_answer = False
            self._outbox += b"\x16\x16\x0100\x06"
            self.phase = "inflating"
        elif command == b"SP":
            self.stops += 1
            self.phase, self.cuff_mmhg = "idle", 0.0
            self._outbox += b"\x16\x16\x0100\x06"
        elif command == b"RB":
            self._outbox += self.result("RB")


def _xor(body: bytes) -> int:
    total = 0
    for byte in body:
        total ^= byte
    return total
