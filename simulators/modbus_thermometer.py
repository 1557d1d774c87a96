"""What the simulated infrared thermometers on Modbus have in common: somebody in front, a bus, faults of both.

By default somebody stands in front of the sensor, and the filtered value warms up from the room to the forehead within
a second; `present` set to False takes the person away. Each sensor adds its own register table.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from simulators.modbus_rtu import Responder
from simulators.model import Scenarios

COMMON: Scenarios = {
    "normal": {},
    "high": {"forehead_celsius": 38.4},
    "nobody": {"present": False},
    "retry": {"lost_replies": 2},
    "silence": {"mute": True},
    "stuck": {"jitter_celsius": 2.0},
    "corrupted": {"crc_shift": 1},
    "busy": {"exception": 6},
}
"""Situations that every one of them can be in."""


@dataclass
class ModbusThermometer(ABC):
    """Temperatures in °C, times in simulated seconds."""

    forehead_celsius: float = 36.6
    room_celsius: float = 23.4
    body_celsius: float = 28.1
    """Temperature of the sensor itself."""
    present: bool = True
    hold_celsius: float | None = None
    """A value that the sensor holds although nothing is in front of it."""
    jitter_celsius: float = 0.0
    """The value jumps up and down by so much: nobody keeps still."""
    status: int = 0
    exception: int = 0
    unit: int = 1
    tcp: bool = False
    mute: bool = False
    crc_shift: int = 0
    lost_replies: int = 0
    warming_s: float = 0.8
    """Time in which the filtered value follows what is in front."""
    reply_delay_s: float = 0.02
    seen_celsius: float = 23.4
    requests: int = 0
    written: dict[int, int] = field(default_factory=dict)
    """Registers that the host has set."""
    _up: bool = False
    _waited_s: float = 0.0
    _outbox: bytearray = field(default_factory=bytearray)
    _responder: Responder | None = None

    def tick(self, dt: float) -> None:
        target = self.forehead_celsius if self.present else self.room_celsius
        if self.hold_celsius is not None:
            target = self.hold_celsius
        self.seen_celsius += (target - self.seen_celsius) * min(1.0, 5.0 * dt / self.warming_s)
        self._waited_s += dt

    def receive(self, data: bytes) -> None:
        responder = self._responder or Responder(self.unit, self._read, self._write)
        self._responder = responder
        responder.unit, responder.tcp = self.unit, self.tcp
        responder.crc_shift, responder.exception = self.crc_shift, self.exception
        replies = responder.receive(data)
        if not replies:
            return
        self.requests += 1
        self._up = not self._up
        if self.lost_replies > 0:
            self.lost_replies -= 1
            return
        self._outbox += replies
        self._waited_s = 0.0

    def transmit(self) -> bytes:
        if self._waited_s < self.reply_delay_s:
            return b""
        sent = b"" if self.mute else bytes(self._outbox)
        self._outbox.clear()
        return sent

    @abstractmethod
    def registers(self, seen_celsius: float) -> dict[int, int]:
        """The sensor's register table now; negative words are two's complement on the line."""

    def writable(self) -> frozenset[int]:
        """Registers that the host may set."""
        return frozenset()

    def _read(self, register: int) -> int | None:
        seen = self.seen_celsius + (self.jitter_celsius if self._up else -self.jitter_celsius)
        word = self.written.get(register, self.registers(seen).get(register))
        return None if word is None else word & 0xFFFF

    def _write(self, register: int, word: int) -> bool:
        if register not in self.writable():
            return False
        self.written[register] = word
        return True
