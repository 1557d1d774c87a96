"""The journal as CSV, row by row. Text that a spreadsheet would take for a formula is disarmed."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence

from central.core.text_cleaning import encodable
from central.words.no_force import marked
from central.words.table_values import Value, words

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def disarmed(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def csv_lines(
    headings: Sequence[str], rows: Iterable[Sequence[Value]], band: str = "", language: str = "ru"
) -> Iterator[bytes]:
    """CSV in UTF-8 with the mark that makes spreadsheets read it so; semicolons, as Russian spreadsheets expect.

    Numbers have the language's decimal mark. `band`: of a centre whose records have no force, see `marked`.
    """
    yield "\ufeff".encode()
    for row in itertools.chain([marked(headings, band)], rows):
        line = io.StringIO()
        csv.writer(line, delimiter=";", lineterminator="\r\n").writerow([_cell(value, language) for value in row])
        yield encodable(line.getvalue()).encode("utf-8")


def _cell(value: Value, language: str) -> str:
    # A number is one: a minus before it is no formula.
    return disarmed(value) if isinstance(value, str) else words(value, language)


def grouped(lines: Iterable[bytes], size_bytes: int = 64 * 1024) -> Iterator[bytes]:
    """Small pieces put together: each piece that leaves costs the server a turn of its loop."""
    waiting: list[bytes] = []
    length = 0
    for line in lines:
        waiting.append(line)
        length += len(line)
        if length >= size_bytes:
            yield b"".join(waiting)
            waiting, length = [], 0
    yield b"".join(waiting)
