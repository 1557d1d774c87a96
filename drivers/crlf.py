"""Framers that more than one device family needs. Bytes in, pieces out; no I/O, bounded, blind to how bytes are split."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One complete line without its CR LF."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that cannot be a line, and why."""

    reason: str


class LineFramer:
    """Cuts at CR LF and never at silence. A line longer than `longest` is given up through the next CR LF."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._buffer = bytearray()
        self._overrun = False

    def feed(self, data: bytes) -> list[Line | Broken]:
        found: list[Line | Broken] = []
        self._buffer += data
        while (end := self._buffer.find(b"\r\n")) >= 0:
            content = bytes(self._buffer[:end])
            del self._buffer[: end + 2]
            if self._overrun or len(content) > self._longest:
                found.append(Broken(f"line of more than {self._longest} bytes"))
            else:
                found.append(Line(content))
            self._overrun = False
        if len(self._buffer) > self._longest + 1:
            # A CR in the last place may be the first half of the end of this line.
            self._overrun = True
            del self._buffer[:-1]
        return found

    def close(self) -> list[Line | Broken]:
        """What is left when the line falls silent for good."""
        if not self._buffer and not self._overrun:
            return []
        size = len(self._buffer)
        overrun, self._overrun = self._overrun, False
        self._buffer.clear()
        return [Broken("line without an end" if overrun else f"{size} bytes without CR LF")]
