"""A worker's reference picture as it was uploaded: checked, made upright, written anew as JPEG. Pure.

Writing it anew leaves behind whatever else the file carried: place, camera, anything appended.
"""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 500_000
MIN_SIDE_PX, MAX_SIDE_PX = 200, 5000
_FORMATS = ("JPEG", "PNG")
_QUALITIES = (92, 85, 75)
_LONG_SIDE_PX = 2000
"""A face that fills a fifth of it still has some 100 pixels between the eyes."""


class PhotoRefused(Exception):
    """The file cannot be a reference picture. `code`: `empty`, `too_heavy`, `not_a_picture`, `too_small`, `too_large`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def prepared(content: bytes) -> bytes:
    """The picture as JPEG without metadata; JPEG or PNG of at most 500 kB and 200 to 5000 pixels a side is taken.

    Raises `PhotoRefused`.
    """
    if not content:
        raise PhotoRefused("empty")
    if len(content) > MAX_BYTES:
        raise PhotoRefused("too_heavy")
    try:
        # Reads the head only: a small file that unpacks to a huge picture is refused by its size, before it is unpacked.
        picture = Image.open(io.BytesIO(content), formats=_FORMATS)
        if min(picture.size) < MIN_SIDE_PX:
            raise PhotoRefused("too_small")
        if max(picture.size) > MAX_SIDE_PX:
            raise PhotoRefused("too_large")
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoRefused("too_large") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise PhotoRefused("not_a_picture") from error
    return _within(upright, MAX_BYTES)


def _within(picture: Image.Image, most_bytes: int) -> bytes:
    """As JPEG of at most `most_bytes`: quality goes down first, then the size. Terminals refuse heavier ones."""
    for side_px in (_LONG_SIDE_PX, _LONG_SIDE_PX // 2):
        picture.thumbnail((side_px, side_px))
        for quality in _QUALITIES:
            stream = io.BytesIO()
            picture.save(stream, "JPEG", quality=quality)
            if stream.tell() <= most_bytes:
                return stream.getvalue()
    raise PhotoRefused("too_heavy")
