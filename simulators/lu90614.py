"""A simulated LU90614 module that sees a room and, after a while, a forehead. Written from the seller's text."""

from dataclasses import dataclass
from typing import ClassVar

from simulators.model import Scenarios


@dataclass
class Lu90614:
    """Answers FA CA C4 with the temperature in its stored mode; somebody comes `comes_after_s` after the first time."""

    NAME: ClassVar[str] = "lu90614"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "high": {"forehead_celsius": 38.4},
        "nobody": {"comes_after_s": 1e9},
        "stuck": {"sways_celsius": 1.5},
        "object_mode": {"body_mode": False},
        "mode_fixed": {"body_mode": False, "keeps_mode": True},
        "retry": {"deaf_to": 2},
        "silence": {"silent": True},
        "corrupted": {"corrupt": True},
    }

    forehead_celsius: float = 36.6
    room_celsius: float = 23.0
    comes_after_s: float = 1.0
    warms_s: float = 0.5
    sways_celsius: float = 0.0
    answers_after_s: float = 0.15
    body_mode: bool = True
    keeps_mode: bool = False
    deaf_to: int = 0
    silent: bool = False
    corrupt: bool = False
    watched_s: float = -1.0
    asked: int = 0
    due_s: float = -1.0
    pending: bytes = b""
    output: bytes = b""

    def tick(self, dt: float) -> None:
        if self.watched_s >= 0:
            self.watched_s += dt
        if self.due_s >= 0:
            self.due_s -= dt
            if self.due_s < 0 and not self.silent:
                self.output += self.reply()

    def receive(self, data: bytes) -> None:
        self.pending = (self.pending + data)[-3:]
        order = {b"\xfa\xca\xc4": "measure", b"\xfa\xc5\xbf": "body", b"\xfa\xc6\xc0": "object"}.get(self.pending)
        if order is None:
            return
        self.pending = b""
        if order == "measure":
            self.watched_s = max(self.watched_s, 0.0)
            self.asked += 1
            self.deaf_to, deaf = max(0, self.deaf_to - 1), self.deaf_to > 0
            self.due_s = -1.0 if deaf else self.answers_after_s
        elif not self.keeps_mode:
            self.body_mode = order == "body"

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return taken

    def seen_celsius(self) -> float:
        """Room until somebody comes, then a forehead that fills the view within `warms_s`."""
        share = min(1.0, max(0.0, (self.watched_s - self.comes_after_s) / self.warms_s))
        sway = self.sways_celsius if self.asked % 2 else 0.0
        return self.room_celsius + share * (self.forehead_celsius - self.room_celsius) + share * sway

    def reply(self) -> bytes:
        cents = round(self.seen_celsius() * 100)
        head = [0xFE, 0xAC if self.body_mode else 0xAA, cents // 100, cents % 100, 0, 0, 0, 0]
        return bytes([*head, (sum(head) + (1 if self.corrupt else 0)) % 256])
