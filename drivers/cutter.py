"""Cuts bytes into frames for codecs: bounded buffers, and one finding for every run of bytes outside a frame.

A codec says where a frame starts and ends; what happens around frames (garbage, wrong checksums, frames cut short) is
the same for all of them and stands here. No result depends on how the bytes were split over calls.
"""

import re
from collections.abc import Callable, Iterator

from drivers.findings import FrameBroken

Cut = int | str
"""Size of the frame that starts here, `NEED_MORE` while it is incomplete, or the reason why no frame starts here."""

NEED_MORE = 0
NO_FRAME = "no frame begins here"

_LONGEST_NOISE = 512
"""Bytes of garbage after which it is reported, although it may go on."""


class FrameCutter:
    """Cuts binary frames out of a line with the help of `recognise(buffer, at)`.

    Bytes that start no frame are skipped one by one and reported once per run, with the first reason that says more
    than `NO_FRAME`. `recognise` must ask for more only while a frame of bounded size may still become whole: that
    bounds the buffer.
    """

    def __init__(self, recognise: Callable[[bytes, int], Cut]) -> None:
        self._recognise = recognise
        self._buffer = b""
        self._noise_size = 0
        self._noise_reason = NO_FRAME

    def feed(self, data: bytes) -> Iterator[bytes | FrameBroken]:
        """Yield the frames that became whole and the garbage before them."""
        buffer, at = self._buffer + data, 0
        while at < len(buffer):
            cut = self._recognise(buffer, at)
            if cut == NEED_MORE:
                break
            if isinstance(cut, str):
                yield from self._skip(cut)
                at += 1
                continue
            yield from self._end_of_noise()
            yield buffer[at : at + cut]
            at += cut
        self._buffer = buffer[at:]

    def close(self) -> Iterator[bytes | FrameBroken]:
        """Account for the rest: a whole frame may hide behind the start of one that never went on."""
        while self._buffer:
            yield from self._skip(f"the line fell silent in the middle of a frame, after {len(self._buffer)} bytes")
            rest, self._buffer = self._buffer[1:], b""
            yield from self.feed(rest)
        yield from self._end_of_noise()

    def _skip(self, reason: str) -> Iterator[FrameBroken]:
        self._noise_size += 1
        if self._noise_reason == NO_FRAME:
            self._noise_reason = reason
        if self._noise_size == _LONGEST_NOISE:
            yield FrameBroken(f"{self._noise_size} bytes and more: {self._noise_reason}")

    def _end_of_noise(self) -> Iterator[FrameBroken]:
        if 0 < self._noise_size < _LONGEST_NOISE:
            yield FrameBroken(f"{self._noise_size} bytes: {self._noise_reason}")
        self._noise_size, self._noise_reason = 0, NO_FRAME


class LineCutter:
    """Cuts text lines. `end` is a pattern of one or two fixed bytes; a line comes without its end.

    A line longer than `longest` bytes is reported once, and everything through the next end is dropped: half a record
    must never be taken for a whole one.
    """

    def __init__(self, end: bytes, longest: int) -> None:
        self._end = re.compile(end)
        self._longest = longest
        self._buffer = b""
        self._overrun = False

    def feed(self, data: bytes) -> Iterator[bytes | FrameBroken]:
        """Yield the lines that became whole; too long a line as `FrameBroken`."""
        self._buffer += data
        while found := self._end.search(self._buffer):
            line, self._buffer = self._buffer[: found.start()], self._buffer[found.end() :]
            if self._overrun:
                self._overrun = False
            elif len(line) > self._longest:
                yield self._too_long()
            else:
                yield line
        if len(self._buffer) > self._longest + 1:  # one more, because half of a two-byte end may be the last byte
            if not self._overrun:
                yield self._too_long()
            self._overrun = True
            self._buffer = self._buffer[-1:]

    def close(self) -> bytes:
        """Hand over the unfinished line; one that was too long is reported already and comes empty."""
        rest, self._buffer = (b"" if self._overrun else self._buffer), b""
        self._overrun = False
        return rest

    def _too_long(self) -> FrameBroken:
        return FrameBroken(f"no end of line within {self._longest} bytes: dropped through the next one")
