"""What a camera hands over is judged before it becomes an event: the exam goes on without a photo and says why."""

import pytest

from terminal import intents
from terminal.face.picture_file import MOST_PHOTO_BYTES, photo_fault
from tests.unit.terminal.kiosk import JPEG_OF_A_FACE, JPEG_OF_A_WALL, MakeKiosk
from tests.unit.terminal.test_service import records

BOMB = JPEG_OF_A_FACE.replace(
    (120).to_bytes(2, "big") + (90).to_bytes(2, "big"), (65_000).to_bytes(2, "big") + (65_000).to_bytes(2, "big")
)
"""A small file that says of itself that it is a picture of 65,000 × 65,000."""
PICTURES = {
    "nothing": (b"", "picture_empty"),
    "one byte": (b"\xff", "picture_broken"),
    "a head alone": (JPEG_OF_A_FACE[:4], "picture_broken"),
    "torn": (JPEG_OF_A_FACE[: len(JPEG_OF_A_FACE) // 2], "picture_broken"),
    "no end": (JPEG_OF_A_FACE[:-2], "picture_broken"),
    "zeros": (bytes(len(JPEG_OF_A_FACE)), "picture_broken"),
    "text": (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "picture_broken"),
    "another format": (b"\x89PNG\r\n\x1a\n" + JPEG_OF_A_FACE, "picture_broken"),
    "huge": (JPEG_OF_A_FACE[:-2] + bytes(MOST_PHOTO_BYTES) + b"\xff\xd9", "picture_too_big"),
    "a bomb": (BOMB, "picture_too_big"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_what_cannot_be_kept_is_named(name: str) -> None:
    content, fault = PICTURES[name]
    assert photo_fault(content) == fault


def test_what_can_be_kept_is_not() -> None:
    assert photo_fault(JPEG_OF_A_FACE) == photo_fault(JPEG_OF_A_WALL) == ""


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("finds_a_face", [True, False])
def test_the_exam_goes_on_without_a_photo_and_says_why(make_kiosk: MakeKiosk, name: str, finds_a_face: bool) -> None:
    content, fault = PICTURES[name]
    with make_kiosk(photo=content, no_face_first=0 if finds_a_face else 9) as kiosk:
        kiosk.photographer.wall = content
        kiosk.up_to("review")
        kiosk.want(intents.Next())
        kiosk.until_phase("waiting")
        (record,) = records(kiosk)
        assert record.media == ()
        assert record.face is not None
        assert (record.face.outcome, record.face.reason) == ("not_compared", fault)
        assert [finding.code for finding in record.rule_verdict.findings] == [fault]
