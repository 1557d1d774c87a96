"""An XLSX workbook as the rows of its visible sheets, with bounds. Pure.

Nothing is taken from what the workbook says of itself: no dimension, no number of rows. The sheets are read as a stream, so that
a far or a wide sheet costs no more than its cells (ECMA-376 parts 1 and 2). Why the library that writes our workbooks does not
read other people's: adr/0135.
"""

import contextlib
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from io import BytesIO
from xml.parsers import expat

from central.imports.cell_values import NumberForms
from central.imports.sheet_rows import Elements, Formats, PartReader, Rows, SharedTexts, SheetRow

_CHUNK_BYTES = 64 * 1024
_LONGEST_TOKEN_BYTES = 1024 * 1024
_MOST_PARTS = 2_000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError),
    # What zipfile raises for encrypted members, methods that it does not know, and places beyond the file.
    *(RuntimeError, NotImplementedError, EOFError, OSError),
    *(ValueError, LookupError, OverflowError),
)


class DamagedWorkbook(Exception):
    """The bytes are no workbook that can be read. The message is for the log."""


class TooLarge(Exception):
    """The workbook holds more than the bounds allow."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is read at most, over all parts of a workbook."""

    unpacked_bytes: int
    elements: int
    """XML elements, of cells mostly: they cost the time."""
    chars: int
    """Characters that are kept: they cost the memory."""


class Workbook:
    """An open workbook. Raises `DamagedWorkbook` or `TooLarge` wherever it is read."""

    def __init__(self, content: bytes, bounds: Bounds) -> None:
        self._bounds = bounds
        self._bytes = self._elements = self._chars = 0
        if content.count(b"PK\x01\x02") > _MOST_PARTS:
            raise TooLarge
        with _damage():
            self._archive = zipfile.ZipFile(BytesIO(content))
            # Some programs write names in other capitals than they refer to them, or with the slashes of Windows.
            self._parts = {name.lower().replace("\\", "/").lstrip("/"): name for name in self._archive.namelist()}
            main = self._relations("")
            self._main = next((part for kind, part in main.values() if kind == "officedocument"), "xl/workbook.xml")
            self._targets = self._relations(self._main)
            self._open_book()
        self._texts: list[str] | None = None

    def _open_book(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        """Name and part of each visible sheet of cells."""
        from_1904 = self._stale = False
        for name, attributes in self._elements_of(self._main):
            if name == "workbookPr":
                from_1904 = attributes.get("date1904") in {"1", "true"}
            elif name == "calcPr":
                # A program that writes this has kept no values of formulas, or old ones.
                self._stale = attributes.get("fullCalcOnLoad") in {"1", "true"}
            elif name == "sheet" and attributes.get("state", "visible") == "visible":
                kind, part = self._targets.get(attributes.get("id", ""), ("", ""))
                if kind == "worksheet":
                    self.sheets.append((attributes.get("name", ""), part))
        self._forms = NumberForms(self._codes(), from_1904=from_1904)

    def rows(self, part: str, wanted: Callable[[], Collection[int] | None]) -> Iterator[SheetRow]:
        """Rows of a sheet that hold anything. `wanted`: the columns that matter, as soon as they are known."""
        with _damage():
            if self._texts is None:
                self._texts = self._shared_texts()
            reader = Rows(self._texts, self._forms, stale=self._stale)
        for _ in self._read(part, reader):
            yield from reader.taken()
            reader.wanted = wanted()

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Kind and part by id of what a part refers to; of the whole package for an empty name."""
        folder, name = posixpath.split(part)
        if self._name_of(posixpath.join(folder, "_rels", f"{name}.rels")) is None:
            return {}
        found = {}
        for element, attributes in self._elements_of(posixpath.join(folder, "_rels", f"{name}.rels")):
            target = attributes.get("Target", "")
            if element == "Relationship" and attributes.get("TargetMode", "Internal") == "Internal":
                place = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2].lower(), place)
        return found

    def _related(self, kind: str) -> str | None:
        return next((part for known, part in self._targets.values() if known == kind), None)

    def _codes(self) -> list[str] | None:
        part = self._related("styles")
        if part is None:
            return []
        reader = Formats()
        try:
            for _ in self._read(part, reader):
                pass
            return reader.codes()
        except DamagedWorkbook:
            # Texts need no styles; numbers with one are faults of their cells then.
            return None

    def _shared_texts(self) -> list[str]:
        part = self._related("sharedstrings")
        reader = SharedTexts()
        if part is not None:
            for _ in self._read(part, reader):
                pass
        return reader.texts

    def _elements_of(self, part: str) -> list[tuple[str, dict[str, str]]]:
        reader = Elements()
        for _ in self._read(part, reader):
            pass
        return reader.found

    def _name_of(self, part: str) -> str | None:
        return self._parts.get(part.lower())

    def _read(self, part: str, reader: PartReader) -> Iterator[None]:
        """Read a part into its reader, with a stop after each piece."""
        with _damage():
            info = self._archive.getinfo(self._name_of(part) or part)
            if info.compress_type not in _METHODS:
                raise DamagedWorkbook("packed by another method")
            stream = self._archive.open(info)
        fed = elements = chars = 0
        with stream:
            piece = b"-"
            while piece:
                with _damage():
                    piece = stream.read(_CHUNK_BYTES)
                    reader.parser.Parse(piece, not piece)
                    fed += len(piece)
                    waiting = fed - reader.parser.CurrentByteIndex if piece else 0
                self._bytes += len(piece)
                self._elements += reader.elements - elements
                self._chars += reader.chars - chars
                elements, chars = reader.elements, reader.chars
                if (
                    self._bytes > self._bounds.unpacked_bytes
                    or self._elements > self._bounds.elements
                    or self._chars > self._bounds.chars
                    or waiting > _LONGEST_TOKEN_BYTES
                ):
                    raise TooLarge
                yield


@contextlib.contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise DamagedWorkbook(f"{type(error).__name__}: {error}") from error
