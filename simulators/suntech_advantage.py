"""A simulated SunTech Advantage module with a cuff on an arm. Written from the printed frames and error list."""

from dataclasses import dataclass
from typing import ClassVar

from simulators.model import Scenarios


def checked(frame: bytes) -> bytes:
    """The frame with the byte that makes its sum a multiple of 256."""
    return frame + bytes([(256 - sum(frame) % 256) % 256])


@dataclass
class SuntechAdvantage:
    """Inflates to a target, deflates slowly, says K, and keeps the last result until the next start."""

    NAME: ClassVar[str] = "suntech_advantage"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "high": {"systolic_mmhg": 168, "diastolic_mmhg": 104, "pulse_bpm": 88},
        "weak_signal": {"error": 0x01},
        "artefact": {"error": 0x02},
        "out_of_range": {"error": 0x03},
        "too_long": {"error": 0x04},
        "blockage": {"error": 0x55},
        "stopped_by_user": {"error": 0x56},
        "leak": {"error": 0x57},
        "safety_timeout": {"error": 0x58},
        "over_pressure": {"error": 0x59},
        "hardware": {"error": 0x5A},
        "autozero": {"error": 0x5B},
        "transducer": {"error": 0x61},
        "calibration": {"error": 0x63},
        "busy": {"answer_to_start": ord("B")},
        "asleep": {"asleep": True},
        "refused": {"answer_to_start": ord("E")},
        "aborted": {"aborts_at_s": 5.0},
        "silence": {"silent": True},
        "stuck": {"holds_mmhg": 100.0},
        "corrupted": {"corrupt": True},
        "stale_memory": {"stored": (151, 99, 80)},
    }

    systolic_mmhg: int = 122
    diastolic_mmhg: int = 78
    pulse_bpm: int = 71
    error: int = 0
    target_mmhg: int = 160
    inflates_mmhg_per_s: float = 25.0
    deflates_mmhg_per_s: float = 5.0
    holds_mmhg: float = -1.0
    aborts_at_s: float = 1e9
    answer_to_start: int = ord("O")
    asleep: bool = False
    silent: bool = False
    corrupt: bool = False
    stored: tuple[int, int, int] = (0, 0, 0)
    stored_error: int = 0
    working: bool = False
    rising: bool = False
    working_s: float = 0.0
    cuff_mmhg: float = 0.0
    pending: bytes = b""
    output: bytes = b""

    def tick(self, dt: float) -> None:
        if not self.working:
            return
        self.working_s += dt
        if self.working_s >= self.aborts_at_s:
            self.stop()
        elif self.rising:
            self.cuff_mmhg += self.inflates_mmhg_per_s * dt
            self.rising = self.cuff_mmhg < self.target_mmhg
        elif self.cuff_mmhg > self.holds_mmhg >= 0:
            self.cuff_mmhg = max(self.holds_mmhg, self.cuff_mmhg - self.deflates_mmhg_per_s * dt)
        elif self.holds_mmhg < 0:
            self.cuff_mmhg -= self.deflates_mmhg_per_s * dt
            if self.cuff_mmhg <= self.diastolic_mmhg - 20:
                self.finish()

    def finish(self) -> None:
        self.working, self.cuff_mmhg = False, 0.0
        self.stored_error = self.error
        self.stored = (0, 0, 0) if self.error else (self.systolic_mmhg, self.diastolic_mmhg, self.pulse_bpm)
        self.letter("K")

    def stop(self) -> None:
        self.working, self.cuff_mmhg = False, 0.0
        self.letter("A")
        self.letter("K")

    def receive(self, data: bytes) -> None:
        self.pending += data
        while self.pending:
            if self.pending[0] != 0x3A:
                self.pending = self.pending[1:]
                continue
            size = {0x20: 3, 0x87: 3, 0x28: 3, 0x00: 3, 0x8A: 3}.get(self.pending[1], 5) if len(self.pending) > 1 else 9
            if len(self.pending) < size:
                return
            frame, self.pending = self.pending[:size], self.pending[size:]
            if sum(frame) % 256:
                self.letter("D")
            else:
                self.obey(frame)

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return taken

    def obey(self, frame: bytes) -> None:
        if self.asleep:
            self.asleep = False
            self.letter("S")
        elif frame[1] in (0x20, 0x87, 0x28):
            self.start()
        elif frame[1] == 0x17:
            self.target_mmhg = frame[2] + 256 * frame[3]
            self.letter("O")
        elif frame[1:4] == b"\x79\x01\x00":
            self.stop()
        elif frame[1:4] == b"\x79\x03\x00":
            self.say(self.result())
        elif frame[1:4] == b"\x79\x05\x00":
            self.say(checked(b"\x3e\x05" + round(self.cuff_mmhg).to_bytes(2, "little")))
        else:
            self.letter("N")

    def start(self) -> None:
        if self.working:
            self.letter("B")
            return
        self.letter(chr(self.answer_to_start))
        if self.answer_to_start == ord("O"):
            self.working, self.rising, self.working_s = True, True, 0.0

    def result(self) -> bytes:
        systolic, diastolic, pulse = self.stored
        mean = (systolic + 2 * diastolic) // 3
        words = [systolic, diastolic, 0, 0, 0, 0, 0, pulse, mean]
        body = b"".join(word.to_bytes(2, "little") for word in words)
        return checked(b"\x3e\x18" + body + bytes([self.stored_error, 0, 0]))

    def letter(self, letter: str) -> None:
        self.say(checked(b"\x3e\x04" + letter.encode()))

    def say(self, frame: bytes) -> None:
        if self.corrupt:
            frame = frame[:-1] + bytes([frame[-1] ^ 0x0F])
        self.output += b"" if self.silent else frame
