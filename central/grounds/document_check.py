"""Checks an uploaded document by its bytes: PDF, JPEG or PNG, whole, readable on paper, without anything that runs. Pure.

Names and types that a browser sends say nothing. A picture is decoded to its end. Of a PDF the frame is read here: header, end,
table of references, names of what runs or is attached; its pages are read in a process of their own (`central.grounds.pdf_pages`).
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

MAX_BYTES = 5_000_000
PDF = "application/pdf"
LEAST_DPI = 300
LEAST_LONG_SIDE_PX = 2480
"""An A4 page of 300 dpi has it on its short side; a picture that names no resolution needs it on its long one."""
MAX_SIDE_PX = 12_000
MAX_PIXELS = 60_000_000
_MOST_UNPACKED = 32_000_000
_TAIL = 2048
ACTIVE_NAMES = frozenset(
    {
        "/JavaScript",
        "/JS",
        "/Launch",
        "/EmbeddedFiles",
        "/EmbeddedFile",
        "/RichMedia",
        "/XFA",
        "/GoToE",
        "/ImportData",
        "/SubmitForm",
        "/Movie",
        "/Sound",
        "/Rendition",
    }
)
"""Names of a PDF by which something runs, is attached, plays or is sent (ISO 32000-2, 12.6 and 7.11)."""
_ACTIVE = frozenset(name.encode("ascii") for name in ACTIVE_NAMES)
_NAME = re.compile(rb"/[^\x00\t\n\x0c\r ()<>\[\]{}/%]+")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_START = re.compile(rb"startxref\s+([0-9]{1,10})\s+%%EOF\s*\Z")
_OBJECT = re.compile(rb"[0-9]{1,10}\s+[0-9]{1,5}\s+obj\b")
_OBJECT_STREAM = re.compile(rb"/ObjStm\b.{0,2000}?\bstream\r?\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """What the bytes are. `dpi`: of a picture that names it, or the lowest of the scanned pages."""

    content_type: str
    dpi: int | None = None


class DocumentRefused(Exception):
    """The file is not taken. `field`: `file`, `type`, `pages` or `dpi`; `code` says why, `detail` belongs to its words."""

    def __init__(self, field: str, code: str, detail: str = "") -> None:
        super().__init__(f"{field}: {code} {detail}".strip())
        self.field, self.code, self.detail = field, code, detail


def check_document(content: bytes) -> CheckedDocument:
    """What the file is. Raises `DocumentRefused`."""
    if not content:
        raise DocumentRefused("file", "empty")
    if len(content) > MAX_BYTES:
        raise DocumentRefused("file", "too_heavy", f"{len(content) / 1_000_000:.1f}")
    if content.startswith(b"%PDF-"):
        _check_pdf(content)
        return CheckedDocument(PDF)
    if content.startswith(b"\xff\xd8\xff"):
        return CheckedDocument("image/jpeg", _check_picture(content, "JPEG"))
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return CheckedDocument("image/png", _check_picture(content, "PNG"))
    raise DocumentRefused("type", "not_a_document")


def _check_picture(content: bytes, kind: str) -> int | None:
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as picture:
            width, height = picture.size
            if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
                raise DocumentRefused("pages", "too_large", f"{width}×{height}")
            dpi = _dpi(picture.info.get("dpi"))
            # To its end: a torn file is found here and not on the day when somebody needs it.
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DocumentRefused("pages", "too_large") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, zlib.error) as error:
        raise DocumentRefused("file", "torn") from error
    if dpi is not None and dpi < LEAST_DPI and max(width, height) < LEAST_LONG_SIDE_PX:
        raise DocumentRefused("dpi", "too_coarse", str(dpi))
    if dpi is None and max(width, height) < LEAST_LONG_SIDE_PX:
        raise DocumentRefused("dpi", "too_small", f"{width}×{height}")
    return dpi


def _dpi(named: object) -> int | None:
    if not isinstance(named, tuple) or len(named) != 2:
        return None
    try:
        least = min(float(named[0]), float(named[1]))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    # Programs write 1 for "I do not know", and 299.99 for 300.
    return round(least) if 2 < least < 100_000 else None


def _check_pdf(content: bytes) -> None:
    found = _START.search(content[-_TAIL:].rstrip(b"\x00\r\n\t ") + b"\n")
    if found is None:
        raise DocumentRefused("file", "torn")
    at = int(found[1])
    if not (content[at : at + 4] == b"xref" or _OBJECT.match(content, at)):
        raise DocumentRefused("file", "torn")
    names: set[bytes] = set()
    for part in _readable_parts(content):
        names |= {_ESCAPED.sub(lambda hit: bytes([int(hit[1], 16)]), name) for name in _NAME.findall(part)}
    if b"/Encrypt" in names:
        raise DocumentRefused("file", "encrypted")
    if active := sorted(names & _ACTIVE):
        raise DocumentRefused("file", "active", active[0].decode("ascii"))
    if b"/Pages" not in names and b"/Page" not in names:
        raise DocumentRefused("pages", "no_pages")


def _readable_parts(content: bytes) -> Iterator[bytes]:
    """The file, and what its packed streams of objects hold, within bounds."""
    yield content
    left = _MOST_UNPACKED
    for found in _OBJECT_STREAM.finditer(content):
        if left <= 0:
            raise DocumentRefused("pages", "too_large")
        try:
            unpacked = zlib.decompressobj().decompress(content[found.end() :], left)
        except zlib.error as error:
            raise DocumentRefused("file", "torn") from error
        left -= len(unpacked)
        yield unpacked
