"""Reading a table from CSV or XLSX as rows of text, with bounds. Writing it back with a column of faults."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

from central.console.texts import text

FAULTS = "Ошибка"
MAX_ROWS = 20_000
MAX_UNPACKED_BYTES = 200 * 1024 * 1024


class UnreadableTable(Exception):
    """The file as a whole cannot be taken. `code`: `not_a_table`, `too_many_rows`, `too_large`, `empty`, `headings`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one row of the file; the heading's row is 1."""

    row: int
    column: str
    code: str


def fault_table(
    headings: Sequence[str], rows: Sequence[Mapping[str, str]], faults: Sequence[RowFault], language: str
) -> bytes:
    """The rows with faults, in the same form, with one more column that says what is wrong, in words of `fault_code`."""
    by_row: dict[int, list[str]] = {}
    for fault in faults:
        by_row.setdefault(fault.row, []).append(f"{fault.column}: {text(language, f'fault_code.{fault.code}')}")
    made = [
        [rows[row - 2].get(name, "") for name in headings] + ["; ".join(codes)] for row, codes in sorted(by_row.items())
    ]
    return write_table([*headings, FAULTS], made)


def read_table(content: bytes, headings: Sequence[str]) -> list[dict[str, str]]:
    """Rows by heading. Headings may stand in any order; unknown ones are ignored; those of `headings[0:1]` must be there."""
    rows = _xlsx_rows(content) if content.startswith(b"PK") else _csv_rows(content)
    if not rows:
        raise UnreadableTable("empty")
    found = [cell.strip() for cell in rows[0]]
    missing = [name for name in headings if name not in found]
    if missing:
        raise UnreadableTable("headings", ", ".join(missing))
    if len(rows) - 1 > MAX_ROWS:
        raise UnreadableTable("too_many_rows", str(MAX_ROWS))
    filled = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    return [
        {name: row[place].strip() if place < len(row) else "" for place, name in enumerate(found) if name}
        for row in filled
    ]


def write_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """An XLSX of text cells; nothing becomes a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Таблица")
    for row in [headings, *rows]:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=value)
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _csv_rows(content: bytes) -> list[list[str]]:
    if b"\x00" in content:
        raise UnreadableTable("not_a_table")
    try:
        words = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = content.decode("cp1251", errors="replace")
    delimiter = ";" if words.split("\n", 1)[0].count(";") >= words.split("\n", 1)[0].count(",") else ","
    try:
        return list(csv.reader(io.StringIO(words, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableTable("not_a_table", str(error)) from error


def _xlsx_rows(content: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # A workbook is a ZIP: what it unpacks to is bounded before anything is unpacked.
            if sum(item.file_size for item in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise UnreadableTable("too_large")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = [[_words(cell) for cell in row] for row in sheet.iter_rows(max_row=MAX_ROWS + 2, values_only=True)]
        book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError) as error:
        raise UnreadableTable("not_a_table", type(error).__name__) from error
    return rows


def _words(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return f"{cell:%d.%m.%Y}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
