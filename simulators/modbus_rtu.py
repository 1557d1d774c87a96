"""A raw Modbus responder of our own, RTU on a line or behind an MBAP header, so that not both ends are one library.

Functions 03, 04, 06 and 16. Like real RTU units it keeps silent for foreign units and for frames with a wrong CRC.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


def crc(frame: bytes) -> bytes:
    """CRC-16/MODBUS by table, low byte first."""
    value = 0xFFFF
    for byte in frame:
        value = (value >> 8) ^ _TABLE[(value ^ byte) & 0xFF]
    return bytes((value & 0xFF, value >> 8))


def _entry(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (0xA001 if index & 1 else 0)
    return index


_TABLE = [_entry(index) for index in range(256)]


@dataclass
class Responder:
    """Answers requests for the registers that `read` and `write` give access to.

    `read(address)` returns a word or None for a register that does not exist; `write` returns whether it took it.
    """

    unit: int
    read: Callable[[int], int | None]
    write: Callable[[int, int], bool]
    tcp: bool = False
    crc_shift: int = 0
    """Added to the low CRC byte of replies: a damaged line."""
    answers_any: int = 255
    exception: int = 0
    """When set, every request is answered with this exception code."""
    _inbox: bytearray = field(default_factory=bytearray)

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the line; return the replies to every complete request."""
        self._inbox += data
        return self._serve_tcp() if self.tcp else self._serve_rtu()

    def _serve_rtu(self) -> bytes:
        replies = b""
        while len(self._inbox) >= 8:
            size = 9 + self._inbox[6] if self._inbox[1] == 16 else 8
            if len(self._inbox) < size and size <= 255:
                break
            frame = bytes(self._inbox[:size])
            if crc(frame[:-2]) != frame[-2:]:
                del self._inbox[0]
                continue
            del self._inbox[:size]
            if frame[0] in (self.unit, self.answers_any):
                reply = frame[:1] + self._reply(frame[1:-2])
                low, high = crc(reply)
                replies += reply + bytes(((low + self.crc_shift) & 0xFF, high))
        return replies

    def _serve_tcp(self) -> bytes:
        replies = b""
        while len(self._inbox) >= 8 and len(self._inbox) >= (size := 6 + int.from_bytes(self._inbox[4:6], "big")):
            frame = bytes(self._inbox[:size])
            del self._inbox[:size]
            if frame[6] in (self.unit, self.answers_any):
                pdu = self._reply(frame[7:])
                replies += frame[:4] + (len(pdu) + 1).to_bytes(2, "big") + frame[6:7] + pdu
        return replies

    def _reply(self, pdu: bytes) -> bytes:
        function, address, number = pdu[0], int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        if self.exception:
            return bytes((function | 0x80, self.exception))
        if function in (3, 4):
            if not 1 <= number <= 125:
                return bytes((function | 0x80, 3))
            words = [word for at in range(address, address + number) if (word := self.read(at)) is not None]
            if len(words) < number:
                return bytes((function | 0x80, 2))
            return bytes((function, 2 * number)) + b"".join(word.to_bytes(2, "big") for word in words)
        if function == 6:
            return pdu[:5] if self.write(address, number) else bytes((0x86, 2))
        if function == 16:
            values = [int.from_bytes(pdu[at : at + 2], "big") for at in range(6, len(pdu) - 1, 2)]
            taken = all(self.write(address + index, word) for index, word in enumerate(values))
            return pdu[:5] if taken else bytes((0x90, 2))
        return bytes((function | 0x80, 1))
