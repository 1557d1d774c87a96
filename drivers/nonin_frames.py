"""Finds where a frame of each Nonin data format starts and ends; `drivers.devices.nonin` reads its content.

Source: Nonin document 6470-000-01. Format 8 has no checksum; 2 and 7 have one per frame of 5 bytes, 13 one per packet.
"""

from collections.abc import Callable

from drivers.cutter import NEED_MORE, NO_FRAME, Cut

_DF13_HEADER = b"\x00\x02\x00\x0d"
_DF13_DATA = range(14, 65)
"""Length of the data part: 14 in this document, announced to grow."""


def recognise(data_format: str, buffer: bytes, at: int) -> Cut:
    """What starts here: a frame of this format, or of another one that is recognised beyond doubt, or noise."""
    own = _FORMATS[data_format](buffer, at)
    if own != NO_FRAME:
        return own
    for other, recogniser in _OTHERS.items():
        cut = recogniser(buffer, at) if other != data_format else NO_FRAME
        if not isinstance(cut, str):
            return cut
    return NO_FRAME


def format_of(data_format: str, frame: bytes) -> str:
    """The format of a recognised frame where this one is configured."""
    if len(frame) in _SIZES[data_format]:
        return data_format
    return "2" if len(frame) == _PAIR else "13"


def _df8(buffer: bytes, at: int) -> Cut:
    """Bit 7 set, then three bytes with bit 7 clear."""
    if not buffer[at] & 0x80:
        return NO_FRAME
    rest = buffer[at + 1 : at + 4]
    if any(byte & 0x80 for byte in rest):
        return NO_FRAME
    return 4 if len(rest) == 3 else NEED_MORE


def _df2(buffer: bytes, at: int) -> Cut:
    return _checked_frame(buffer, at) if buffer[at] == 0x01 else NO_FRAME


def _df7(buffer: bytes, at: int) -> Cut:
    return _checked_frame(buffer, at) if buffer[at] & 0x80 else NO_FRAME


def _checked_frame(buffer: bytes, at: int) -> Cut:
    if len(buffer) < at + 5:
        return NEED_MORE
    if sum(buffer[at : at + 4]) & 0xFF != buffer[at + 4]:
        return "wrong checksum of a frame"
    return 5


def _df13(buffer: bytes, at: int) -> Cut:
    head = buffer[at : at + 6]
    if not _DF13_HEADER.startswith(head[:4]):
        return NO_FRAME
    if len(head) < 6:
        return NEED_MORE
    length = int.from_bytes(head[4:6], "big")
    if length not in _DF13_DATA:
        return f"packet with an impossible length {length}"
    packet = buffer[at : at + length + 8]
    if len(packet) < length + 8:
        return NEED_MORE
    if sum(packet[6:-2]) & 0xFF != packet[-2]:
        return "wrong checksum of a packet"
    return len(packet) if packet[-1] == 0x03 else "packet without ETX"


def _df2_pair(buffer: bytes, at: int) -> Cut:
    """Two frames in a row: one checksum of eight bits alone is found in noise too often."""
    first = _df2(buffer, at)
    if first != 5:
        return first
    second = _df2(buffer, at + 5) if len(buffer) > at + 5 else NEED_MORE
    return _PAIR if second == 5 else second


_PAIR = 10
_FORMATS: dict[str, Callable[[bytes, int], Cut]] = {"8": _df8, "2": _df2, "7": _df7, "13": _df13}
_OTHERS: dict[str, Callable[[bytes, int], Cut]] = {"13": _df13, "2": _df2_pair}
"""13 is the factory setting of the 9560."""
_SIZES = {"8": (4,), "2": (5,), "7": (5,), "13": range(22, 73)}
