"""Relay boards of a gate, written from their register tables: Waveshare V3 and V1, Wiren Board WB-MR6C, plain coils.

`closed_s` counts how long the contact was closed, `openings` how often it closed: what a turnstile would have seen. Power that
is lost (`cut_power`) opens every contact; a board that restores is not among these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulators.modbus_rtu import crc

Kind = Literal["waveshare_v3", "waveshare_v1", "wb_mr6c", "coil_relay"]
_FIRST: Mapping[str, int] = {"waveshare_v1": 1}
_ON: Mapping[str, int] = {"waveshare_v1": 0x0100}
_COUNT: Mapping[str, int] = {"wb_mr6c": 6}
_FLASH_ON = 0x0200
_FLASH_STEP_S = 0.1
_POLL_REGISTER, _SAFE_BY_REGISTER, _SAFE_STATE, _GOES_SAFE = 8, 19, 930, 938


@dataclass
class RelayBoard:
    """One board on a line. Times in simulated seconds."""

    kind: Kind = "waveshare_v3"
    unit: int = 1
    mute: bool = False
    crc_shift: int = 0
    echo_unit: int = 0
    """Answers come under this address: somebody else's echo. 0: the own one."""
    echo_shift: int = 0
    """Added to the coil's number in the echo of a write."""
    garbage: bytes = b""
    """Comes instead of each answer."""
    lost_replies: int = 0
    cut_power_when_on: bool = False
    """The board loses power in the moment in which a contact closes, and comes back a second later."""
    holding: dict[int, int] = field(default_factory=dict)
    openings: int = 0
    closed_s: float = 0.0
    _on: dict[int, float] = field(default_factory=dict)
    """Relays whose contact is closed, and how long yet; a coil that was switched on has no end."""
    _dark_s: float = 0.0
    _silent_s: float = 0.0
    _inbox: bytearray = field(default_factory=bytearray)
    _outbox: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        if self.kind == "wb_mr6c":
            # As delivered: inputs drive relays, no safe state.
            self.holding = {6: 1, 8: 0, 19: 0} | {9 + place: 0 for place in range(6)}
            self.holding |= {930 + place: 0 for place in range(6)} | {938 + place: 0 for place in range(6)}

    @property
    def is_on(self) -> bool:
        """Whether any contact is closed."""
        return bool(self._on)

    def tick(self, dt: float) -> None:
        """Let time pass."""
        self.closed_s += dt if self._on else 0.0
        if self._dark_s > 0:
            self._dark_s -= dt
            return
        self._silent_s += dt
        self._on = {relay: left - dt for relay, left in self._on.items() if left - dt > 0}
        limit = self.holding.get(_POLL_REGISTER, 0)
        if limit and self._silent_s > limit and self.holding.get(_SAFE_BY_REGISTER) in (0, 2):
            for place in list(self._on):
                if self.holding.get(_GOES_SAFE + place) == 1 and self.holding.get(_SAFE_STATE + place) == 0:
                    del self._on[place]

    def cut_power(self, for_s: float = 1.0) -> None:
        """Nobody answers, every contact is open, and coils are forgotten."""
        self._dark_s = for_s
        self._on.clear()
        self._inbox.clear()
        self._outbox.clear()

    def receive(self, data: bytes) -> None:
        """Bytes from the line."""
        if self._dark_s > 0:
            return
        self._inbox += data
        while len(self._inbox) >= 8:
            frame = bytes(self._inbox[:8])
            if crc(frame[:-2]) != frame[-2:]:
                del self._inbox[0]
                continue
            del self._inbox[:8]
            if frame[0] == self.unit:
                self._silent_s = 0.0
                self._answer(frame[1:-2])

    def transmit(self) -> bytes:
        """Bytes to the line."""
        sent = b"" if self.mute else bytes(self._outbox)
        self._outbox.clear()
        return sent

    def _answer(self, pdu: bytes) -> None:
        reply = bytes((self.echo_unit or self.unit,)) + self._reply(pdu)
        if self._dark_s > 0:
            return
        if self.lost_replies > 0:
            self.lost_replies -= 1
            return
        low, high = crc(reply)
        self._outbox += self.garbage or reply + bytes(((low + self.crc_shift) & 0xFF, high))

    def _reply(self, pdu: bytes) -> bytes:
        function, address, number = pdu[0], int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        if function == 1 and self.kind != "waveshare_v1":
            return self._coils(address, number)
        if function == 3 and self.kind == "wb_mr6c":
            words = [self.holding.get(address + place) for place in range(number)]
            if None in words:
                return b"\x83\x02"
            return bytes((3, 2 * number)) + b"".join((word or 0).to_bytes(2, "big") for word in words)
        if function == 6 and self.kind == "wb_mr6c" and address in self.holding:
            self.holding[address] = number
            return pdu
        if function == 5 and self._switch(address, number):
            return bytes((5,)) + ((address + self.echo_shift) & 0xFFFF).to_bytes(2, "big") + pdu[3:5]
        return bytes((function | 0x80, 1 if function not in (1, 5) else 2))

    def _coils(self, address: int, number: int) -> bytes:
        count = _COUNT.get(self.kind, 8)
        if not 1 <= number <= count or address + number > count:
            return b"\x81\x02"
        bits = sum(1 << place for place in range(number) if address + place in self._on)
        size = (number + 7) // 8
        return bytes((1, size)) + bits.to_bytes(size, "little")

    def _switch(self, address: int, word: int) -> bool:
        count, first = _COUNT.get(self.kind, 8), _FIRST.get(self.kind, 0)
        if self.kind == "waveshare_v3" and _FLASH_ON <= address < _FLASH_ON + count:
            self._close_contact(address - _FLASH_ON, word * _FLASH_STEP_S)
            return True
        place = address - first
        if not 0 <= place < count or word not in (0, _ON.get(self.kind, 0xFF00)):
            return False
        if word:
            self._close_contact(place, float("inf"))
        else:
            self._on.pop(place, None)
        return True

    def _close_contact(self, place: int, for_s: float) -> None:
        if place not in self._on:
            self.openings += 1
        self._on[place] = for_s
        if self.cut_power_when_on:
            self.cut_power()
