"""Reads a photo from untrusted bytes: limited in size, turned upright, in colour, or refused with a reason.

The EXIF orientation is obeyed; grey, palette, 16-bit and CMYK pictures become 8-bit colour, what is transparent becomes white; a
torn JPEG is refused rather than shown half grey.
"""

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[Any]

MOST_FILE_BYTES = 50_000_000
MOST_PIXELS = 150_000_000
MOST_PHOTO_BYTES = 5_000_000
"""Of the photo of an exam, ten times what our own encoder makes of it."""
WORKING_PX = 2048
"""Larger photos are halved until their long side is below twice this: no face needs more."""

_SIZE_MARKERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class PictureUnreadable(ValueError):
    """`code`: `missing`, `empty`, `too_big`, `format`, `broken`. The message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_picture(path: Path) -> Picture:
    """The photo as blue-green-red. Raises `PictureUnreadable`."""
    try:
        if path.stat().st_size > MOST_FILE_BYTES:
            raise PictureUnreadable("too_big", f"{path} is larger than {MOST_FILE_BYTES // 1_000_000} MB")
        content = path.read_bytes()
    except OSError as error:
        raise PictureUnreadable("missing", f"{path} cannot be read: {error.strerror}") from error
    return decode_picture(content, str(path))


def decode_picture(content: bytes, name: str = "the picture") -> Picture:
    """As `read_picture`, from bytes in memory."""
    if not content:
        raise PictureUnreadable("empty", f"{name} is empty")
    size = _size_of(content, name)
    if size is not None and size[0] * size[1] > MOST_PIXELS:
        raise PictureUnreadable("too_big", f"{name} has {size[0]}×{size[1]} pixels, more than {MOST_PIXELS}")
    flags = cv2.IMREAD_COLOR
    if size is not None and max(size) >= 4 * WORKING_PX:
        flags = cv2.IMREAD_REDUCED_COLOR_4
    elif size is not None and max(size) >= 2 * WORKING_PX:
        flags = cv2.IMREAD_REDUCED_COLOR_2
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise PictureUnreadable("broken", f"{name} cannot be decoded: {error.err}") from error
    if picture is None:
        raise PictureUnreadable("format", f"{name} is no picture that can be read (JPEG, PNG, WebP, BMP, TIFF)")
    if _may_be_transparent(content):
        picture = _on_white(picture, content, name)
    if min(picture.shape[:2]) < 16:
        raise PictureUnreadable("format", f"{name} is {picture.shape[1]}×{picture.shape[0]} pixels: too small")
    return picture


def _may_be_transparent(content: bytes) -> bool:
    """Whether a PNG has an alpha channel (colour types 4 and 6), or names transparent colours (PNG 11.2.1, 11.3.1)."""
    return kind_of(content) == "png" and (content[25] in {4, 6} or b"tRNS" in content[: content.find(b"IDAT") + 1])


def _on_white(picture: Picture, content: bytes, name: str) -> Picture:
    """The picture as it looks on a page: decoders leave whatever colour stands under what is transparent."""
    whole = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if whole is None or whole.ndim != 3 or whole.shape[2] != 4:
        raise PictureUnreadable("format", f"{name} is partly transparent in a way that cannot be read: save it without")
    if b"eXIf" in content[: content.find(b"IDAT") + 1]:
        raise PictureUnreadable("format", f"{name} is partly transparent and turned: save it upright and without")
    alpha: Picture = whole[..., 3].astype(np.float32) / (65535.0 if whole.dtype == np.uint16 else 255.0)
    if alpha.shape != picture.shape[:2]:
        alpha = cv2.resize(alpha, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_AREA)
    mixed: Picture = picture * alpha[..., None] + 255 * (1 - alpha[..., None])
    return np.rint(mixed).astype(np.uint8)


def photo_fault(content: bytes) -> str:
    """Why a picture that the camera handed over cannot be kept, as a reason of `FaceCheck`; empty when it can.

    `picture_empty`, `picture_too_big` (bytes or pixels), `picture_broken` (no JPEG, or a torn one).
    """
    if not content:
        return "picture_empty"
    if len(content) > MOST_PHOTO_BYTES:
        return "picture_too_big"
    if kind_of(content) != "jpeg":
        return "picture_broken"
    try:
        decode_picture(content)
    except PictureUnreadable as error:
        return "picture_too_big" if error.code == "too_big" else "picture_broken"
    return ""


def kind_of(content: bytes) -> str:
    """`jpeg`, `png` or an empty string, by the first bytes."""
    if content.startswith(b"\xff\xd8"):
        return "jpeg"
    return "png" if content.startswith(b"\x89PNG\r\n\x1a\n") else ""


def _size_of(content: bytes, name: str) -> tuple[int, int] | None:
    """Columns and rows without decoding, for JPEG and PNG; also finds out whether a file is torn off."""
    kind = kind_of(content)
    if kind == "png":
        if len(content) < 33 or b"IEND" not in content[-64:]:
            raise PictureUnreadable("broken", f"{name} is a PNG that ends too early: send it again")
        columns, rows = struct.unpack(">II", content[16:24])
        return columns, rows
    return _jpeg_size(content, name) if kind == "jpeg" else None


def _jpeg_size(content: bytes, name: str) -> tuple[int, int]:
    torn = PictureUnreadable("broken", f"{name} is a JPEG that ends too early: send it again")
    size: tuple[int, int] | None = None
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            raise PictureUnreadable("broken", f"{name} is a JPEG with a broken structure at byte {at}")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in _SIZE_MARKERS and at + 9 <= len(content):
            rows, columns = struct.unpack(">HH", content[at + 5 : at + 9])
            size = (columns, rows)
        if marker == 0xDA:
            # A thumbnail in the head has an end of its own, so the end is looked for behind the start of the scan.
            if size is None or content.find(b"\xff\xd9", at) < 0:
                raise torn
            return size
        at += 2 + length
    raise torn
