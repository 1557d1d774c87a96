"""Reads every page of an uploaded PDF, in a process of its own that gets little memory and little time.

`look_at_pages` starts the process; run as a module this file is that process: a PDF on standard input, one JSON object on standard
output. The library parses a stranger's bytes, so nothing else lives beside it, and what brings the process down is refused.
"""

import json
import logging
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from math import hypot
from typing import Any

from central.grounds.document_check import ACTIVE_NAMES, LEAST_DPI, MAX_PIXELS, DocumentRefused

WITHIN_S = 60.0
"""A usual scan takes a second; a machine that restores a backup beside it takes ten times as long."""
CPU_S = 20
MEMORY_BYTES = 700_000_000
MOST_PAGES = 100
MOST_OBJECTS = 50_000
MOST_OPERATIONS = 200_000
MOST_NESTED = 8
"""So deep forms may stand in forms, and arrays in dictionaries."""
NO_LIBRARY_EXIT = 3
SCAN_SHARE = 0.5
"""An image that covers so much of a page is what the page is about."""
_POINTS_PER_INCH = 72.0
_MOST_DPI = 100_000
_AT_ONCE = threading.BoundedSemaphore(2)
"""More would only wait for each other, and hold up the pages."""
Matrix = tuple[float, float, float, float, float, float]
_UNIT: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class PagesUnread(Exception):
    """Nobody could read it: a library is missing, or the machine is too busy. The file is not the cause."""


def look_at_pages(content: bytes) -> int | None:
    """The lowest resolution of its scanned pages, dpi; None where no page is a scan.

    Raises `DocumentRefused` for a file that no page is taken of, and `PagesUnread`. Takes seconds: no transaction waits for it.
    """
    command = [sys.executable, "-P", "-m", "central.grounds.pdf_pages"]
    if not _AT_ONCE.acquire(timeout=WITHIN_S):
        raise PagesUnread("too many documents at once")
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=WITHIN_S, check=False)
    except subprocess.TimeoutExpired as error:
        # Its own limit of computing time is far below: what took so long was the machine.
        raise PagesUnread(f"not read within {WITHIN_S:.0f} s") from error
    except OSError as error:
        raise PagesUnread(f"no process could be started: {error}") from error
    finally:
        _AT_ONCE.release()
    if done.returncode == NO_LIBRARY_EXIT:
        raise PagesUnread(done.stderr.decode("utf-8", "replace").strip()[-300:])
    if done.returncode != 0:
        raise DocumentRefused("pages", "too_hard")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "code" in answer:
        raise DocumentRefused(answer["field"], answer["code"], answer["detail"])
    dpi: int | None = answer["dpi"]
    return dpi


@dataclass(frozen=True, slots=True)
class _Placed:
    """An image of a page: its size on the paper in points, and how many pixels it has."""

    width_pt: float
    height_pt: float
    width_px: int
    height_px: int

    @property
    def dpi(self) -> float:
        """The lower of both directions."""
        along = [
            pixels * _POINTS_PER_INCH / points
            for pixels, points in ((self.width_px, self.width_pt), (self.height_px, self.height_pt))
            if points > 0
        ]
        return min(along, default=float(_MOST_DPI))


def read_pages(content: bytes) -> int | None:
    """As `look_at_pages`, in this very process. Raises `DocumentRefused`, `ImportError`, and whatever the library stumbles over."""
    from pypdf import PdfReader
    from pypdf.errors import LimitReachedError, PyPdfError

    try:
        reader = PdfReader(BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise DocumentRefused("file", "encrypted")
        _refuse_active(reader)
        pages = len(reader.pages)
        if not pages:
            raise DocumentRefused("pages", "no_pages")
        if pages > MOST_PAGES:
            raise DocumentRefused("pages", "too_large", str(pages))
        lowest: int | None = None
        for number, page in enumerate(reader.pages, start=1):
            dpi = _dpi_of(page, reader)
            if dpi is not None and dpi < LEAST_DPI:
                raise DocumentRefused("dpi", "page_too_coarse", f"{number}: {dpi}")
            lowest = dpi if lowest is None or (dpi is not None and dpi < lowest) else lowest
    except LimitReachedError as error:
        raise DocumentRefused("pages", "too_large") from error
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError) as error:
        raise DocumentRefused("file", "torn") from error
    return lowest


def _refuse_active(reader: Any) -> None:
    """Every object that the file has, however it is packed: what runs, is attached or sends anything is refused by its name."""
    from pypdf.generic import IndirectObject

    numbers = {(number, generation) for generation, found in reader.xref.items() for number in found}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    if len(numbers) > MOST_OBJECTS:
        raise DocumentRefused("pages", "too_large")
    for name in _names_of(reader.trailer, MOST_NESTED):
        _judge_name(name)
    for number, generation in sorted(numbers):
        for name in _names_of(reader.get_object(IndirectObject(number, generation, reader)), MOST_NESTED):
            _judge_name(name)


def _judge_name(name: str) -> None:
    if name in ACTIVE_NAMES:
        raise DocumentRefused("file", "active", name)


def _names_of(item: Any, deeper: int) -> Iterator[str]:
    """Names in an object itself; what it refers to is an object of its own."""
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject

    if isinstance(item, NameObject):
        yield str(item)
    elif isinstance(item, DictionaryObject | ArrayObject) and deeper <= 0:
        raise DocumentRefused("pages", "too_hard")
    elif isinstance(item, DictionaryObject):
        for key in item:
            yield str(key)
            yield from _names_of(item.raw_get(key), deeper - 1)
    elif isinstance(item, ArrayObject):
        for one in list.__iter__(item):
            yield from _names_of(one, deeper - 1)


def _dpi_of(page: Any, reader: Any) -> int | None:
    """The resolution of the image that covers the page; None for a page of letters."""
    box = page.mediabox
    area = abs(float(box.width) * float(box.height)) * float(page.get("/UserUnit", 1)) ** 2
    found = [
        one
        for one in _placed(page.get_contents(), page.get("/Resources"), reader, _UNIT, MOST_NESTED)
        if one.width_pt * one.height_pt >= SCAN_SHARE * area
    ]
    # The finest counts: a coarse background may lie under it.
    return round(min(max(one.dpi for one in found), _MOST_DPI)) if found else None


def _placed(stream: Any, resources: Any, reader: Any, base: Matrix, deeper: int) -> Iterator[_Placed]:
    """Images that a stream of drawing operations places, forms within it too."""
    from pypdf.generic import ContentStream

    if stream is None:
        return
    if deeper <= 0:
        raise DocumentRefused("pages", "too_hard")
    named = resources.get_object() if resources is not None else {}
    objects = named["/XObject"].get_object() if "/XObject" in named else {}
    now, kept = base, []
    operations = ContentStream(stream, reader).operations
    if len(operations) > MOST_OPERATIONS:
        raise DocumentRefused("pages", "too_large")
    for operands, operator in operations:
        if operator == b"q":
            kept.append(now)
        elif operator == b"Q":
            now = kept.pop() if kept else base
        elif operator == b"cm":
            now = _times(_matrix(operands), now)
        elif operator == b"Do" and operands and operands[0] in objects:
            item = objects[operands[0]].get_object()
            if item.get("/Subtype") == "/Image":
                yield _image(item, now)
            elif item.get("/Subtype") == "/Form":
                inner = _times(_matrix(item["/Matrix"]) if "/Matrix" in item else _UNIT, now)
                yield from _placed(item, item.get("/Resources", resources), reader, inner, deeper - 1)


def _image(item: Any, at: Matrix) -> _Placed:
    """An image fills the unit square of its matrix. Its own bytes are unpacked to their end where they are a JPEG."""
    width, height = int(item["/Width"]), int(item["/Height"])
    if width * height > MAX_PIXELS:
        raise DocumentRefused("pages", "too_large", f"{width}×{height}")
    filters = item.get("/Filter")
    if filters == "/DCTDecode" or (isinstance(filters, list) and list(filters) == ["/DCTDecode"]):
        from PIL import Image

        with Image.open(BytesIO(item.get_data()), formats=("JPEG",)) as picture:
            if picture.size[0] * picture.size[1] > MAX_PIXELS:
                raise DocumentRefused("pages", "too_large", f"{picture.size[0]}×{picture.size[1]}")
            picture.load()
            width, height = min(width, picture.size[0]), min(height, picture.size[1])
    return _Placed(hypot(at[0], at[1]), hypot(at[2], at[3]), width, height)


def _matrix(numbers: Any) -> Matrix:
    a, b, c, d, e, f = (float(one) for one in numbers)
    return a, b, c, d, e, f


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def main() -> int:
    """The process: a PDF in, one JSON line out; exit code 3 where the library is missing."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What the library remarks of a stranger's file may quote it.
    logging.disable(logging.CRITICAL)
    content = sys.stdin.buffer.read()
    try:
        answer: dict[str, Any] = {"dpi": read_pages(content)}
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return NO_LIBRARY_EXIT
    except DocumentRefused as error:
        answer = {"field": error.field, "code": error.code, "detail": error.detail}
    except (MemoryError, RecursionError):
        answer = {"field": "pages", "code": "too_hard", "detail": ""}
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
