"""Cutting frames and lines out of noise: nothing is lost, nothing grows, and splits do not matter."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cutter import NEED_MORE, NO_FRAME, Cut, FrameCutter, LineCutter
from drivers.findings import FrameBroken

Piece = bytes | FrameBroken


def recognise(buffer: bytes, at: int) -> Cut:
    """Frames of three bytes: A, anything, then the same again."""
    if buffer[at] != 0x41:
        return NO_FRAME
    if len(buffer) < at + 3:
        return NEED_MORE
    return 3 if buffer[at + 1] == buffer[at + 2] else "the pair differs"


def cut(data: bytes, places: list[int]) -> list[Piece]:
    cutter = FrameCutter(recognise)
    found: list[Piece] = []
    bounds = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    for start, end in pairwise(bounds):
        found += cutter.feed(data[start:end])
    return found + list(cutter.close())


def lines(data: bytes, places: list[int], longest: int = 8) -> tuple[list[Piece], bytes]:
    cutter = LineCutter(rb"\r\n", longest)
    found: list[Piece] = []
    bounds = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    for start, end in pairwise(bounds):
        found += cutter.feed(data[start:end])
    return found, cutter.close()


def test_frames_and_the_garbage_before_them() -> None:
    assert cut(b"xyAbbAcc", []) == [FrameBroken("2 bytes: no frame begins here"), b"Abb", b"Acc"]


def test_the_reason_that_says_more_is_reported() -> None:
    assert cut(b"xAbcxAdd", []) == [FrameBroken("5 bytes: the pair differs"), b"Add"]


def test_a_frame_hides_behind_one_that_never_went_on() -> None:
    assert cut(b"AAA", []) == [b"AAA"]
    assert cut(b"AAbb", []) == [FrameBroken("1 bytes: the pair differs"), b"Abb"]
    (found,) = cut(b"Ab", [])
    assert isinstance(found, FrameBroken)
    assert "fell silent" in found.reason


def test_long_garbage_is_reported_once_and_early() -> None:
    cutter = FrameCutter(recognise)
    assert list(cutter.feed(b"x" * 511)) == []
    assert list(cutter.feed(b"x" * 5000)) == [FrameBroken("512 bytes and more: no frame begins here")]
    assert list(cutter.feed(b"Abb")) == [b"Abb"]
    assert list(cutter.close()) == []


@given(
    data=st.lists(st.sampled_from(list(b"Aabx")), max_size=700).map(bytes),
    places=st.lists(st.integers(0, 700), max_size=6),
)
def test_every_byte_is_accounted_for_however_it_is_split(data: bytes, places: list[int]) -> None:
    found = cut(data, places)
    assert found == cut(data, [])
    counted = sum(len(one) if isinstance(one, bytes) else int(one.reason.split()[0]) for one in found)
    assert counted == len(data) or any(isinstance(one, FrameBroken) and "and more" in one.reason for one in found)


def test_lines_come_without_their_end() -> None:
    assert lines(b"ab\r\n\r\ncd\r\nef", []) == ([b"ab", b"", b"cd"], b"ef")


@pytest.mark.parametrize("size", [8, 9, 10, 11, 100])
@pytest.mark.parametrize("step", [1, 3, 200])
def test_too_long_a_line_is_dropped_through_its_end(size: int, step: int) -> None:
    data = b"A" * size + b"\r\nok\r\n"
    found, rest = lines(data, list(range(0, len(data), step)))
    assert found[-1] == b"ok"
    assert (len(found), rest) == (2, b"")
    assert isinstance(found[0], FrameBroken) == (size > 8)


def test_an_unfinished_line_that_was_too_long_is_reported_once() -> None:
    found, rest = lines(b"A" * 50, list(range(50)))
    assert len(found) == 1
    assert rest == b""


@given(
    data=st.lists(st.sampled_from(list(b"ab\r\n")), max_size=200).map(bytes),
    places=st.lists(st.integers(0, 200), max_size=6),
)
def test_lines_do_not_depend_on_splits(data: bytes, places: list[int]) -> None:
    assert lines(data, places) == lines(data, [])
