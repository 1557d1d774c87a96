"""Reads a file of delimited text as rows of cells, with any supported encoding and delimiter. Pure.

Spreadsheets offer a handful of such forms under "Save as". Which one it is, the headings say: the form in which they are all
found is the right one. Rows are numbered as a spreadsheet numbers them, blank ones too.
"""

import codecs
import csv
import io
from collections.abc import Iterator

from central.imports.cell_values import Cell, text_fault
from central.imports.sheet_rows import SheetRow

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = (";", "\t", ",", "|")
_LONGEST_LINE = 2 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_MOST_CELLS_OF_A_ROW = 16_384


class TooLong(Exception):
    """A line or a row is longer than any spreadsheet writes it."""


def forms(content: bytes) -> list[tuple[str, str]]:
    """Encodings and delimiters that the file may be written with, the likeliest first."""
    marked = [name for mark, name in _MARKS if content.startswith(mark)]
    if marked:
        encodings = marked
    elif b"\x00" in content:
        # No encoding of one byte has a zero.
        encodings = ["utf-16-le", "utf-16-be"]
    else:
        encodings = (
            ["utf-8", "cp1251", "cp866", "koi8-r"] if _is_utf_8(content) else ["cp1251", "cp866", "koi8-r", "utf-8"]
        )
    return [(encoding, delimiter) for encoding in encodings for delimiter in _DELIMITERS]


def rows(content: bytes, encoding: str, delimiter: str) -> Iterator[SheetRow]:
    """Rows that hold anything. A sign that the encoding does not know is a fault of its cell.

    Raises `csv.Error` and `TooLong`.
    """
    words = io.TextIOWrapper(io.BytesIO(content), encoding, errors="replace", newline="")
    for number, cells in enumerate(csv.reader(_lines(words, delimiter), delimiter=delimiter), start=1):
        found = {place: _cell(text) for place, text in enumerate(cells, start=1) if text}
        if found:
            yield SheetRow(number, found)


def _lines(words: io.TextIOWrapper, delimiter: str) -> Iterator[str]:
    """Lines without the first that only names the delimiter, as spreadsheets take it."""
    line = words.readline(_LONGEST_LINE + 1)
    if line.strip().lower() == f"sep={delimiter}".strip():
        line = words.readline(_LONGEST_LINE + 1)
    while line:
        if len(line) > _LONGEST_LINE or line.count(delimiter) >= _MOST_CELLS_OF_A_ROW:
            raise TooLong
        yield line
        line = words.readline(_LONGEST_LINE + 1)


def _cell(text: str) -> Cell:
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        # How a text of digits is kept from becoming a number.
        text = text[2:-1]
    elif text.startswith("=") and len(text) > 1:
        return Cell(text, "no_value")
    return Cell(text, text_fault(text))


def _is_utf_8(content: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _PIECE_BYTES):
            decoder.decode(content[start : start + _PIECE_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
