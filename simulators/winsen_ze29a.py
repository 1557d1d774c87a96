"""A simulated Winsen ZE29A module with somebody who blows into it. Written from the printed tables of the manual."""

from dataclasses import dataclass
from typing import ClassVar

from simulators.model import Scenarios


@dataclass
class WinsenZe29a:
    """Pre-heats, waits for a breath, calculates, shows the result until it is sent back to idle."""

    NAME: ClassVar[str] = "winsen_ze29a"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "high": {"mg_per_100ml": 86},
        "low_alcohol": {"mg_per_100ml": 12},
        "interrupted": {"breath_s": 1.0},
        "retry": {"short_breaths": 1},
        "nobody_blows": {"blows": False},
        "refused": {"accepts": False},
        "silence": {"silent": True},
        "stuck": {"calculating_s": 1e9},
        "corrupted": {"corrupt": True},
        "stale_memory": {"state": 0x37, "shown": 99},
        "result_at_once": {"skips_breath": True},
    }

    mg_per_100ml: int = 0
    warm_up_s: float = 10.0
    thinks_s: float = 3.0
    breath_s: float = 5.0
    blow_time_s: float = 4.0
    calculating_s: float = 3.0
    waits_s: float = 20.0
    blows: bool = True
    short_breaths: int = 0
    accepts: bool = True
    silent: bool = False
    corrupt: bool = False
    skips_breath: bool = False
    state: int = 0x31
    state_s: float = 0.0
    shown: int = 0
    pending: bytes = b""
    output: bytes = b""

    def tick(self, dt: float) -> None:
        self.state_s += dt
        if self.state == 0x32 and self.state_s >= self.warm_up_s:
            self.enter(0x33)
        elif self.state == 0x33 and self.blows and self.state_s >= self.thinks_s:
            self.enter(0x34)
        elif self.state == 0x33 and self.state_s >= self.waits_s:
            self.enter(0x31)
        elif self.state == 0x34:
            self.blow()
        elif self.state == 0x35 and self.state_s >= 3.0:
            self.enter(0x31)
        elif self.state == 0x36 and self.state_s >= self.calculating_s:
            self.shown = self.mg_per_100ml
            self.enter(0x37)

    def blow(self) -> None:
        breath_s = 1.0 if self.short_breaths else self.breath_s
        if self.state_s >= self.blow_time_s:
            self.enter(0x36)
        elif self.state_s >= breath_s:
            self.short_breaths = max(0, self.short_breaths - 1)
            self.enter(0x35)

    def enter(self, state: int) -> None:
        self.state, self.state_s = state, 0.0

    def receive(self, data: bytes) -> None:
        self.pending += data
        while len(self.pending) >= 9:
            asked, rest = self.pending[:9], self.pending[9:]
            if asked[:2] != b"\xff\x01" or (256 - sum(asked[1:8]) % 256) % 256 != asked[8]:
                self.pending = self.pending[1:]
                continue
            self.pending = rest
            self.answer(asked[2], asked[3])

    def transmit(self) -> bytes:
        taken, self.output = self.output, b""
        return taken

    def answer(self, command: int, argument: int) -> None:
        body = {
            0x85: [self.state],
            0x86: [self.shown // 256, self.shown % 256, 0, 0, 0, (self.shown >= 20) + (self.shown >= 80)],
            0x87: [int(self.order(argument))] if command == 0x87 else [],
            0x88: [int(self.blow_time_s)],
        }.get(command)
        if body is None or self.silent:
            return
        reply = [command, *body, *[0] * (6 - len(body))]
        check = (256 - sum(reply) % 256) % 256
        self.output += bytes([0xFF, *reply, check ^ (0x55 if self.corrupt else 0)])

    def order(self, argument: int) -> bool:
        if argument == 0x32 and self.accepts and self.state == 0x31:
            self.enter(0x37 if self.skips_breath else 0x32)
        elif argument == 0x31 and self.state in (0x31, 0x37):
            self.enter(0x31)
        else:
            return False
        return True
