"""Modbus application data units, RTU and TCP, taken apart without I/O. Source: Modbus Application Protocol V1.1b3.

The one reader of frames, for captures and for lines: `drivers.modbus_answer` binds what it finds to a question.
"""

from dataclasses import dataclass

from drivers.cutter import NEED_MORE, NO_FRAME, Cut, FrameCutter
from drivers.findings import FrameBroken

_READS = (3, 4)
_BIT_READS = (1, 2)
_WRITE = 6
_WRITE_COIL = 5
_WRITE_BLOCK = 16
_WRITES = (_WRITE_COIL, _WRITE, _WRITE_BLOCK)
_LONGEST_RTU = 256
_MBAP = 7
_LONGEST_TCP = 260


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a read: registers, 16 bit unsigned."""

    unit: int
    function: int
    registers: tuple[int, ...]
    adu: bytes


@dataclass(frozen=True, slots=True)
class Bits:
    """Answer to a read of coils or inputs (functions 1 and 2): eight to a byte, the lowest bit first."""

    unit: int
    function: int
    data: bytes
    adu: bytes

    def bit(self, place: int) -> bool:
        """The bit at that place behind the first one that was asked for."""
        return bool(self.data[place // 8] >> place % 8 & 1)


@dataclass(frozen=True, slots=True)
class Written:
    """Echo of a write: coil and its word (function 5), register and value (6), first register and number of them (16)."""

    unit: int
    function: int
    address: int
    value: int
    adu: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Exception answer of the unit."""

    unit: int
    function: int
    code: int
    adu: bytes


Adu = Answer | Bits | Written | Refused


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_CRC_TABLE = tuple(_crc_of(byte) for byte in range(256))


def crc16(data: bytes) -> bytes:
    """CRC of Modbus RTU (polynomial A001, start FFFF), low byte first as on the line."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")


class AduReader:
    """Finds response ADUs in a stream; RTU, or TCP when an MBAP header stands in front.

    `has_bits`: whether coils and inputs are answered on this line too (functions 1, 2 and 5). Elsewhere two bytes of a measurement
    often look like the head of such an answer, 36.6 °C for example, and the reader would wait for its end.
    """

    def __init__(self, *, has_bits: bool = False) -> None:
        self._cutter = FrameCutter(_recognise if has_bits else _recognise_registers)

    def feed(self, data: bytes) -> list[Adu | FrameBroken]:
        return [_parse(frame) for frame in self._cutter.feed(data)]

    def close(self) -> list[Adu | FrameBroken]:
        return [_parse(frame) for frame in self._cutter.close()]


def _recognise_registers(buffer: bytes, at: int) -> Cut:
    """As `_recognise`, of a line on which only registers are read and written."""
    head = buffer[at : at + 8]
    is_tcp = head[2:4] == b"\0\0"
    if len(head) >= 2 and not is_tcp and head[1] & 0x7F in (*_BIT_READS, _WRITE_COIL):
        return NO_FRAME if len(head) >= 4 else NEED_MORE
    return _recognise(buffer, at)


def _recognise(buffer: bytes, at: int) -> Cut:
    """See `drivers.cutter.FrameCutter`."""
    head = buffer[at : at + 8]
    if len(head) < 4:
        return NEED_MORE
    rtu = _rtu_size(head)
    if head[2:4] == b"\0\0" and rtu in (0, 8):
        # An MBAP header; the echo of a write to register 0 looks the same until its CRC is checked.
        if len(head) < 8:
            return NEED_MORE
        if rtu == 0 or crc16(head[:6]) != head[6:8]:
            size = 6 + int.from_bytes(head[4:6], "big")
            return _size_of(buffer[at : at + size], size) if _MBAP + 2 <= size <= _LONGEST_TCP else NO_FRAME
    if rtu == 0:
        return NO_FRAME
    return _size_of(buffer[at : at + rtu], rtu)


def _size_of(adu: bytes, size: int) -> Cut:
    if len(adu) < size:
        return NEED_MORE
    return "wrong CRC of a Modbus answer" if isinstance(_parse(adu), FrameBroken) else size


def _rtu_size(head: bytes) -> int:
    """Size of an RTU answer that begins so; 0 when none can."""
    function, size = head[1], head[2]
    if function in _READS:
        return 5 + size if size and size % 2 == 0 and size <= _LONGEST_RTU - 6 else 0
    if function in _BIT_READS:
        return 5 + size if size and size <= _LONGEST_RTU - 6 else 0
    if function in _WRITES:
        return 8
    return 5 if function & 0x80 and function & 0x7F in (*_READS, *_BIT_READS, *_WRITES) else 0


def answer_size(head: bytes, *, tcp: bool) -> int:
    """Bytes of the answer that begins with these (eight, or fewer at the end); 0 when none can."""
    if not tcp:
        return _rtu_size(head) if len(head) > 2 else 0
    size = 6 + int.from_bytes(head[4:6], "big")
    return size if len(head) == 8 and head[2:4] == b"\0\0" and _MBAP + 2 <= size <= _LONGEST_TCP else 0


def parse_answer(adu: bytes, *, tcp: bool) -> Adu | FrameBroken:
    """One whole frame of that kind of line."""
    if not tcp:
        whole = len(adu) >= 5 and crc16(adu[:-2]) == adu[-2:]
        return _pdu(adu[0], adu[1:-2], adu) if whole else FrameBroken("wrong CRC")
    whole = len(adu) > _MBAP and adu[2:4] == b"\0\0" and 6 + int.from_bytes(adu[4:6], "big") == len(adu)
    return _pdu(adu[6], adu[7:], adu) if whole else FrameBroken("no MBAP header")


def _parse(adu: bytes | FrameBroken) -> Adu | FrameBroken:
    if isinstance(adu, FrameBroken):
        return adu
    if len(adu) >= 5 and crc16(adu[:-2]) == adu[-2:]:
        return parse_answer(adu, tcp=False)
    answer = parse_answer(adu, tcp=True)
    return FrameBroken("wrong CRC") if answer == FrameBroken("no MBAP header") else answer


def _pdu(unit: int, pdu: bytes, adu: bytes) -> Adu | FrameBroken:
    function, body = pdu[0], pdu[1:]
    if function in _READS and body and len(body) == 1 + body[0] and body[0] % 2 == 0:
        words = [int.from_bytes(body[at : at + 2], "big") for at in range(1, len(body), 2)]
        return Answer(unit, function, tuple(words), adu)
    if function in _BIT_READS and len(body) > 1 and len(body) == 1 + body[0]:
        return Bits(unit, function, body[1:], adu)
    if function in _WRITES and len(body) == 4:
        return Written(unit, function, int.from_bytes(body[:2], "big"), int.from_bytes(body[2:], "big"), adu)
    if function & 0x80 and len(body) == 1:
        return Refused(unit, function & 0x7F, body[0], adu)
    return FrameBroken("no known answer")


def answer_adu(words: list[int], unit: int = 1, function: int = 3) -> bytes:
    """The RTU answer that carries these registers: how typed register values are tried on a profile."""
    body = bytes([unit, function, 2 * len(words)]) + b"".join(word.to_bytes(2, "big") for word in words)
    return body + crc16(body)
