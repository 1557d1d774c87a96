"""Modbus application data units, RTU and TCP, taken apart without I/O. Source: Modbus Application Protocol V1.1b3.

Used to read captures; live traffic goes through pymodbus in `drivers.transport`.
"""

from dataclasses import dataclass

_READS = (3, 4)
_WRITE = 6
_WRITE_BLOCK = 16
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
class Written:
    """Echo of a write: first register and value (function 6) or number of registers (function 16)."""

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


@dataclass(frozen=True, slots=True)
class Noise:
    """So many bytes that are no ADU; `crc` when it looked like a frame with a wrong CRC."""

    size: int
    crc: bool


Adu = Answer | Written | Refused | Noise


def crc16(data: bytes) -> bytes:
    """CRC of Modbus RTU (polynomial A001, start FFFF), low byte first as on the line."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


class AduReader:
    """Finds response ADUs in a stream; RTU, or TCP when an MBAP header stands in front."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._noise = 0
        self._bad_crc = False

    def feed(self, data: bytes) -> list[Adu]:
        self._buffer += data
        return self._drain(final=False)

    def close(self) -> list[Adu]:
        return self._drain(final=True) + self._flush()

    def _drain(self, *, final: bool) -> list[Adu]:
        found: list[Adu] = []
        while self._buffer:
            size = _size_of(self._buffer)
            if (size is None or size > len(self._buffer)) and not final:
                break
            adu = _parse(bytes(self._buffer[:size])) if size and size <= len(self._buffer) else None
            if adu is None:
                self._bad_crc = self._bad_crc or bool(size and size <= len(self._buffer))
                self._noise += 1
                del self._buffer[0]
                if self._noise == _LONGEST_TCP:
                    found += self._flush()
                continue
            found += self._flush()
            found.append(adu)
            del self._buffer[:size]
        return found

    def _flush(self) -> list[Adu]:
        noise, self._noise = self._noise, 0
        bad_crc, self._bad_crc = self._bad_crc, False
        return [Noise(noise, bad_crc)] if noise else []


def _size_of(head: bytearray) -> int | None:
    """Size of the ADU that may begin here: None while it cannot be told, 0 when none can."""
    if len(head) < 2:
        return None
    rtu = _rtu_size(head)
    if len(head) >= 4 and head[2] == 0 and head[3] == 0 and rtu in (0, 8):
        # An MBAP header; the echo of a write to register 0 looks the same until its CRC is checked.
        if len(head) < 8:
            return None
        if rtu == 8 and crc16(bytes(head[:6])) == head[6:8]:
            return 8
        return _tcp_size(head)
    if rtu == 0 and len(head) < 4:
        return None
    return rtu


def _rtu_size(head: bytearray) -> int | None:
    function = head[1]
    if function in _READS:
        if len(head) < 3:
            return None
        return 5 + head[2] if head[2] and head[2] % 2 == 0 and head[2] <= _LONGEST_RTU - 6 else 0
    if function in (_WRITE, _WRITE_BLOCK):
        return 8
    if function & 0x80 and function & 0x7F in (*_READS, _WRITE, _WRITE_BLOCK):
        return 5
    return 0


def _tcp_size(head: bytearray) -> int:
    size = 6 + int.from_bytes(head[4:6], "big")
    return size if _MBAP + 2 <= size <= _LONGEST_TCP else 0


def _parse(adu: bytes) -> Adu | None:
    if len(adu) >= 5 and crc16(adu[:-2]) == adu[-2:]:
        return _pdu(adu[0], adu[1:-2], adu)
    if len(adu) > _MBAP and adu[2:4] == b"\0\0" and 6 + int.from_bytes(adu[4:6], "big") == len(adu):
        return _pdu(adu[6], adu[7:], adu)
    return None


def _pdu(unit: int, pdu: bytes, adu: bytes) -> Adu | None:
    function, body = pdu[0], pdu[1:]
    if function in _READS and body and len(body) == 1 + body[0] and body[0] % 2 == 0:
        words = [int.from_bytes(body[at : at + 2], "big") for at in range(1, len(body), 2)]
        return Answer(unit, function, tuple(words), adu)
    if function in (_WRITE, _WRITE_BLOCK) and len(body) == 4:
        return Written(unit, function, int.from_bytes(body[:2], "big"), int.from_bytes(body[2:], "big"), adu)
    if function & 0x80 and len(body) == 1:
        return Refused(unit, function & 0x7F, body[0], adu)
    return None
