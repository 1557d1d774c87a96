"""The Motion JPEG parser against what cameras send."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.camera.mjpeg_parts import LARGEST_PART_BYTES, MjpegParts, StreamGarbled, boundary_of

JPEG_A = b"\xff\xd8 first \r\n\r\n--fram \xff\xd9"
JPEG_B = b"\xff\xd8 second \xff\xd9"
WITH_LENGTH = b"".join(
    b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg) + jpeg + b"\r\n"
    for jpeg in (JPEG_A, JPEG_B)
)


@given(st.lists(st.integers(1, len(WITH_LENGTH)), max_size=12))
def test_parts_come_whole_however_the_bytes_are_cut(cuts: list[int]) -> None:
    parts = MjpegParts(b"frame")
    edges = sorted({0, *cuts, len(WITH_LENGTH)})
    found = [jpeg for a, b in itertools.pairwise(edges) for jpeg in parts.feed(WITH_LENGTH[a:b])]
    assert found == [JPEG_A, JPEG_B]


def test_without_a_length_the_next_boundary_ends_the_picture() -> None:
    parts = MjpegParts(b"x")
    assert parts.feed(b"--x\nContent-Type: image/jpeg\n\n" + JPEG_B) == []
    assert [jpeg.rstrip(b"\r\n") for jpeg in parts.feed(b"\r\n--x\n")] == [JPEG_B]


def test_what_is_no_jpeg_is_passed_over() -> None:
    parts = MjpegParts(b"frame")
    text = b"--frame\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello\r\n"
    assert parts.feed(b"junk before" + text + WITH_LENGTH) == [JPEG_A, JPEG_B]


@given(st.binary(max_size=2000))
def test_garbage_gives_no_picture_and_no_crash(garbage: bytes) -> None:
    try:
        found = MjpegParts(b"frame").feed(garbage)
    except StreamGarbled:
        return
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in found)


def test_a_picture_without_end_is_refused() -> None:
    with pytest.raises(StreamGarbled, match="limit"):
        MjpegParts(b"f").feed(b"--f\r\nContent-Length: 999999999\r\n\r\n")
    parts = MjpegParts(b"f")
    parts.feed(b"--f\r\n\r\n")
    with pytest.raises(StreamGarbled, match="no end"):
        parts.feed(bytes(LARGEST_PART_BYTES + 1))


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/x-mixed-replace; boundary=frame",
        'multipart/x-mixed-replace;boundary="frame"',
        "multipart/x-mixed-replace; charset=x; Boundary=--frame",
    ],
)
def test_the_boundary_is_found_as_cameras_write_it(content_type: str) -> None:
    assert boundary_of(content_type) == b"frame"


def test_a_missing_boundary_is_named() -> None:
    with pytest.raises(StreamGarbled, match="no boundary"):
        boundary_of("multipart/x-mixed-replace")
