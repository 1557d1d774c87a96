"""Photos from anywhere: turned by EXIF, grey, CMYK, torn, empty, enormous."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from terminal.face.picture_file import PictureUnreadable, decode_picture, kind_of, read_picture
from tests.unit.face.conftest import GRACE

JPEG = GRACE.read_bytes()


def saved(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def test_the_orientation_in_exif_is_obeyed() -> None:
    upright = decode_picture(JPEG)
    lying = Image.open(GRACE).transpose(Image.Transpose.ROTATE_90)
    exif = lying.getexif()
    exif[0x0112] = 6  # "turn by 90 degrees clockwise to see it upright"
    seen = decode_picture(saved(lying, exif=exif, quality=95))
    assert seen.shape == upright.shape
    assert np.abs(seen.astype(int) - upright).mean() < 4


@pytest.mark.parametrize("mode", ["L", "CMYK", "1", "P", "RGBA", "I;16"])
def test_every_kind_of_pixel_becomes_colour(mode: str) -> None:
    original = Image.open(GRACE)
    if mode == "I;16":
        content = saved(Image.fromarray(np.asarray(original.convert("L")).astype(np.uint16) * 257), "PNG")
    else:
        content = saved(original.convert(mode), "JPEG" if mode in ("L", "CMYK") else "PNG")
    picture = decode_picture(content)
    assert (picture.dtype, picture.ndim, picture.shape[2]) == (np.uint8, 3, 3)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(float)
    assert np.corrcoef(grey.ravel(), np.asarray(original.convert("L"), float).ravel())[0, 1] > 0.55


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 not a picture", "format"),
        (JPEG[: len(JPEG) // 2], "broken"),
        (JPEG[:200], "broken"),
        (JPEG[:2] + b"\0" * 100, "broken"),
        (saved(Image.open(GRACE), "PNG")[:-40], "broken"),
        (saved(Image.new("RGB", (8, 8))), "format"),
    ],
)
def test_what_is_no_photo_says_why(content: bytes, code: str) -> None:
    with pytest.raises(PictureUnreadable) as caught:
        decode_picture(content)
    assert caught.value.code == code


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (100_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0" + bytes(20)
    with pytest.raises(PictureUnreadable, match="100000×100000") as caught:
        decode_picture(head + b"\0\0\0\0IEND\xaeB`\x82")
    assert caught.value.code == "too_big"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureUnreadable, match=r"nobody\.jpg"):
        read_picture(tmp_path / "nobody.jpg")


def test_kinds_go_by_the_first_bytes() -> None:
    assert (kind_of(JPEG), kind_of(saved(Image.open(GRACE), "PNG")), kind_of(b"GIF89a")) == ("jpeg", "png", "")


@settings(max_examples=150, deadline=None)
@given(st.integers(2, len(JPEG) - 1), st.binary(min_size=1, max_size=8))
def test_a_mutated_photo_is_read_or_refused_and_never_crashes(at: int, junk: bytes) -> None:
    mutated = JPEG[:at] + junk + JPEG[at + len(junk) :]
    try:
        picture = decode_picture(mutated)
    except PictureUnreadable:
        return
    assert picture.shape[2] == 3
