"""A worker's reference picture as it was uploaded: checked, made upright, written anew as JPEG. Pure.

Writing it anew leaves behind whatever else the file carried: place, camera, anything appended.
"""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 500_000
MIN_SIDE_PX, MAX_SIDE_PX = 200, 5000
LEAST_WIDTH_PX, LEAST_HEIGHT_PX = 354, 472
"""3 × 4 cm at 300 dpi."""
LEAST_DPI = 300
_NO_RESOLUTION = 96.5
_RATIO, _MOST_OFF_RATIO = 3 / 4, 0.03
_ORIENTATION, _ON_ITS_SIDE = 0x0112, frozenset({5, 6, 7, 8})
_FORMATS = ("JPEG", "PNG")
_QUALITIES = (92, 85, 75)
_LEAST_CONTRAST = 24
"""Of 255: in less than that nobody sees a face."""
_LONG_SIDE_PX = 2000
"""A face that fills a fifth of it still has some 100 pixels between the eyes."""


class ReferencePhotoRefused(Exception):
    """The file cannot be a reference picture.

    `code`: `empty`, `too_heavy`, `not_a_picture`, `too_small`, `too_large`, `blank`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def prepared(content: bytes) -> bytes:
    """The picture as JPEG without metadata; JPEG or PNG of at most 500 kB and 200 to 5000 pixels a side is taken.

    Raises `ReferencePhotoRefused`.
    """
    if not content:
        raise ReferencePhotoRefused("empty")
    if len(content) > MAX_BYTES:
        raise ReferencePhotoRefused("too_heavy")
    try:
        # Reads the head only: a small file that unpacks to a huge picture is refused by its size, before it is unpacked.
        picture = Image.open(io.BytesIO(content), formats=_FORMATS)
        if min(picture.size) < MIN_SIDE_PX:
            raise ReferencePhotoRefused("too_small")
        if max(picture.size) > MAX_SIDE_PX:
            raise ReferencePhotoRefused("too_large")
        upright = _in_colour(ImageOps.exif_transpose(picture))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ReferencePhotoRefused("too_large") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ReferencePhotoRefused("not_a_picture") from error
    return _within(upright, MAX_BYTES)


def shape_problems(content: bytes) -> tuple[str, ...]:
    """What of a picture that can be read does not fit 3 × 4 cm at 300 dpi: `ratio`, `small_for_print`, `low_dpi`."""
    with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
        width, height = picture.size
        if picture.getexif().get(_ORIENTATION) in _ON_ITS_SIDE:
            width, height = height, width
        dpi = picture.info.get("dpi")
    found = []
    if abs(width / height / _RATIO - 1) > _MOST_OFF_RATIO:
        found.append("ratio")
    if width < LEAST_WIDTH_PX or height < LEAST_HEIGHT_PX:
        found.append("small_for_print")
    named = min((float(one) for one in dpi), default=0.0) if isinstance(dpi, tuple) else 0.0
    # Programs write 1 or 72 for "I do not know" of pictures that have pixels enough.
    if _NO_RESOLUTION < named < LEAST_DPI - 1:
        found.append("low_dpi")
    return tuple(found)


def _in_colour(picture: Image.Image) -> Image.Image:
    """In 8-bit colour, by what the picture means: 16 bits are scaled, what is transparent shows the white of a page.

    Raises `ReferencePhotoRefused` where nothing can be seen then, as of 12 bits in a file of 16. The terminal's reader of pictures
    (`terminal.face.picture_file`) makes the same of them.
    """
    if picture.mode.startswith("I"):
        # Its own conversion takes 65535 and 256 for the same white.
        seen = picture.convert("I").point(lambda value: value * (1 / 257)).convert("RGB")
    elif picture.mode == "L" and picture.has_transparency_data:
        # One grey that stands for nothing: the terminal's reader does not know such pictures.
        raise ReferencePhotoRefused("blank")
    elif picture.has_transparency_data:
        with_alpha = picture.convert("RGBA")
        seen = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), with_alpha).convert("RGB")
    else:
        return picture.convert("RGB")
    darkest, brightest = seen.convert("L").getextrema()
    if not isinstance(darkest, int | float) or not isinstance(brightest, int | float):
        raise ReferencePhotoRefused("blank")
    if brightest - darkest < _LEAST_CONTRAST:
        raise ReferencePhotoRefused("blank")
    return seen


def _within(picture: Image.Image, most_bytes: int) -> bytes:
    """As JPEG of at most `most_bytes`: quality goes down first, then the size. Terminals refuse heavier ones."""
    for side_px in (_LONG_SIDE_PX, _LONG_SIDE_PX // 2):
        picture.thumbnail((side_px, side_px))
        for quality in _QUALITIES:
            stream = io.BytesIO()
            picture.save(stream, "JPEG", quality=quality)
            if stream.tell() <= most_bytes:
                return stream.getvalue()
    raise ReferencePhotoRefused("too_heavy")
