"""A simulated Calex PyroMiniBus, written from the vendor's register table.

By default somebody stands in front of it, and the filtered value warms up from the room to the forehead within a
second; `present` set to False takes the person away.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from simulators.modbus_rtu import Responder
from simulators.model import Scenarios

_WRITABLE = frozenset((4, 5, 6, 7, 8, 9, 10, 22, 23))


@dataclass
class CalexModel:
    """The sensor. Temperatures in °C, times in simulated seconds."""

    NAME: ClassVar[str] = "calex_pyrominibus"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "high": {"forehead_celsius": 38.4},
        "nobody": {"present": False},
        "error_measurement": {"status": 1},
        "error_sensor_too_cold": {"status": 2},
        "error_sensor_too_hot": {"status": 4},
        "error_object_under_range": {"status": 8},
        "error_object_over_range": {"status": 16},
        "retry": {"lost_replies": 2},
        "silence": {"mute": True},
        "stuck": {"jitter_celsius": 2.0},
        "wrong_crc": {"crc_shift": 1},
        "wrong_device": {"type_code": 21},
        "busy": {"exception": 6},
        "stale_memory": {"present": False, "hold_celsius": 36.6, "status": 1},
    }

    forehead_celsius: float = 36.6
    room_celsius: float = 23.4
    present: bool = True
    hold_celsius: float | None = None
    """A value that the sensor holds although nothing is in front of it."""
    jitter_celsius: float = 0.0
    """The value jumps up and down by so much: nobody keeps still."""
    status: int = 0
    exception: int = 0
    type_code: int = 17
    serial: int = 123456
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
    registers: dict[int, int] = field(default_factory=lambda: {1: 1, 4: 1, 5: 0, 6: 250, 7: 9800, 8: 0, 9: 0, 10: 0})
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

    def _read(self, register: int) -> int | None:
        seen = self.seen_celsius + (self.jitter_celsius if self._up else -self.jitter_celsius)
        tenths = round(seen * 10)
        computed = {
            0: self.type_code,
            2: self.serial >> 16,
            3: self.serial & 0xFFFF,
            0x0B: tenths - 1,
            0x0C: tenths - 6,
            0x0D: tenths + 1,
            0x0E: tenths,
            0x0F: tenths,
            0x10: 281,
            0x11: self.status,
        }
        word = computed.get(register, self.registers.get(register))
        return None if word is None else word & 0xFFFF

    def _write(self, register: int, word: int) -> bool:
        if register not in _WRITABLE:
            return False
        self.registers[register] = word
        return True
