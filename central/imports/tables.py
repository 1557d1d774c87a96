"""Reads tables for every import: CSV or XLSX as rows of text, within limits. And writes them back.

A table is where its headings are: on whichever visible sheet, below whatever title, in whichever form of delimited text. Rows
keep the numbers that they have in the file. A cell that says nothing that can be taken is a fault of that cell, and never empty.
"""

import csv
import io
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from openpyxl import Workbook as NewWorkbook

from central.core.text_cleaning import clean_line, has_controls
from central.imports import delimited
from central.imports.cell_values import Cell, identifier_fault, ungrouped
from central.imports.row_faults import RowFault
from central.imports.sheet_rows import SheetRow
from central.imports.workbook import Bounds, DamagedWorkbook, TooLarge, Workbook
from central.words.table_values import Value
from central.words.texts import text
from central.words.xlsx_sheet import write_sheet

FAULTS = "Ошибка"
MAX_ROWS = 20_000
"""Rows that hold anything; blank ones do not count."""
MOST_ROWS_AT_ONCE = 1_000
"""So many are checked and stored while somebody waits for the page; a longer file is a job's (`central.imports.file_jobs`)."""
MOST_ROWS_OF_A_JOB = 150_000
MOST_JOB_BYTES = 64 * 1024 * 1024
"""A file for a job. A hundred thousand workers take 7 MiB as a workbook and 30 MiB as text."""
MAX_FILE_BYTES = 16 * 1024 * 1024
"""A file of a register. Twenty thousand workers take two."""
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
REGISTER_BOUNDS = Bounds(MAX_UNPACKED_BYTES, elements=2_200_000, chars=16_000_000)
"""Of what is read while somebody waits: some seconds and some 40 MiB at most."""
AT_ONCE_BOUNDS = Bounds(MAX_UNPACKED_BYTES, elements=300_000, chars=4_000_000)
JOB_BOUNDS = Bounds(1024 * 1024 * 1024, elements=16_000_000, chars=120_000_000)
"""A hundred and fifty thousand rows of all columns of the workers' file, with room to spare."""
_HEADING_ROWS = 20
_HEAD_BYTES = 4096
_ZIP, _OLE = b"PK", b"\xd0\xcf\x11\xe0"


class UnreadableTable(Exception):
    """The file as a whole cannot be taken.

    `code`: `not_a_table`, `old_or_locked`, `too_many_rows`, `too_large`, `empty`, `headings`, `headings_twice`, `two_tables`.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


class TooMuch(UnreadableTable):
    """There is more in the file than was asked for: elsewhere, with more room, it may be taken."""


class TableRow(dict[str, str]):
    """Texts by heading, of the columns that the file has. `number` of the row in the file; `faults`: code by heading."""

    __slots__ = ("faults", "number")

    def __init__(self, texts: Mapping[str, str], number: int, faults: Mapping[str, str]) -> None:
        super().__init__(texts)
        self.number = number
        self.faults = dict(faults)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of an import. Others are ignored where `known` names any."""

    needed: Sequence[str]
    known: Sequence[str] = ()
    identifiers: Collection[str] = ()
    """Numbers of people, cards and papers: what a spreadsheet has rounded or grouped is not taken for one."""
    verbatim: Collection[str] = ()
    """Texts that are taken sign by sign, since they are signed."""


class Rows(Protocol):
    """Where rows are kept as they are read, to be gone through again."""

    def append(self, row: TableRow, /) -> None:
        """Keep one more."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[TableRow]: ...


Kept = TypeVar("Kept", bound=Rows)


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Kept]):
    """How a table is read."""

    columns: Columns
    bounds: Bounds
    most_rows: int
    keep: Callable[[], Kept]


def unreadable_words(error: UnreadableTable, language: str) -> str:
    """Why a file cannot be taken, in a sentence."""
    return text(language, f"registers.unreadable.{error.code}", detail=error.detail)


def fault_table(
    headings: Sequence[str], rows: Sequence[Mapping[str, str]], faults: Sequence[RowFault], language: str
) -> bytes:
    """The rows with faults, in the same form, with one more column that says what is wrong, in words."""
    by_row: dict[int, list[str]] = {}
    for fault in faults:
        by_row.setdefault(fault.row, []).append(f"{fault.column}: {fault.beside_the_cell(language)}")
    numbered = {row.number if isinstance(row, TableRow) else place: row for place, row in enumerate(rows, start=2)}
    made: list[list[Value]] = [
        [*(numbered[number].get(name, "") for name in headings), "; ".join(codes)]
        for number, codes in sorted(by_row.items())
    ]
    return write_table([*headings, FAULTS], made)


def read_table(
    content: bytes,
    headings: Sequence[str],
    *,
    columns: Columns | None = None,
    bounds: Bounds = REGISTER_BOUNDS,
) -> list[TableRow]:
    """Rows by heading. `headings` must be there, in any order and spelling of blanks and capitals; `columns` says more of them.

    Raises `UnreadableTable`, and `TooMuch` for more rows than `MAX_ROWS` or more than `bounds`.
    """
    rows: list[TableRow] = read_table_into(list, content, columns or Columns(headings), bounds=bounds)
    return rows


def read_table_into(
    keep: Callable[[], Kept],
    content: bytes,
    columns: Columns,
    *,
    bounds: Bounds = REGISTER_BOUNDS,
    most_rows: int = MAX_ROWS,
) -> Kept:
    """As `read_table`, with the rows kept in what `keep` makes, and at most so many of them."""
    asked = _Asked(columns, bounds, most_rows, keep)
    if content.startswith(_ZIP):
        tables = _tables_of_workbook(content, asked)
    elif content.startswith(_OLE):
        raise UnreadableTable("old_or_locked")
    else:
        tables = _tables_of_text(content, asked)
    whole = [table for table in tables if not table.missing]
    if not whole:
        least = min(tables, key=lambda table: len(table.missing), default=None)
        if least is None:
            raise UnreadableTable("empty")
        raise UnreadableTable("headings", ", ".join(least.missing))
    filled = [table for table in whole if len(table.rows)] or whole[:1]
    if len(filled) > 1:
        raise UnreadableTable("two_tables", ", ".join(table.name for table in filled))
    return filled[0].rows


@dataclass(slots=True)
class _Table(Generic[Kept]):
    """What was found on a sheet, or in a text read in one way."""

    rows: Kept
    name: str = ""
    missing: list[str] = field(default_factory=list)
    places: dict[int, str] = field(default_factory=dict)


def _tables_of_workbook(content: bytes, asked: _Asked[Kept]) -> list[_Table[Kept]]:
    found = []
    try:
        book = Workbook(content, asked.bounds)
        if not book.sheets:
            raise UnreadableTable("not_a_table", "no sheets")
        for name, part in book.sheets:
            table = _Table(asked.keep(), name)
            # Columns beyond the headings are not even kept.
            if _fill(table, book.rows(part, lambda table=table: table.places or None), asked):  # type: ignore[misc]
                found.append(table)
    except DamagedWorkbook as error:
        raise UnreadableTable("not_a_table", str(error)[:100]) from error
    except TooLarge as error:
        raise TooMuch("too_large") from error
    return found


def _tables_of_text(content: bytes, asked: _Asked[Kept]) -> list[_Table[Kept]]:
    found: list[_Table[Kept]] = []
    too_long = unreadable = False
    for encoding, delimiter in delimited.forms(content):
        table = _Table(asked.keep())
        try:
            if _fill(table, delimited.rows(content, encoding, delimiter), asked):
                found.append(table)
        except delimited.TooLong:
            too_long = True
        except csv.Error:
            unreadable = True
        if found and not table.missing and table.places:
            # Nothing after it is likelier.
            return [table]
        if table.places:
            break
    if too_long:
        raise UnreadableTable("too_large")
    if unreadable or b"\x00" in content[:_HEAD_BYTES]:
        raise UnreadableTable("not_a_table")
    return found


def _fill(table: _Table[Kept], rows: Iterator[SheetRow], asked: _Asked[Kept]) -> bool:
    """Find the headings and read what stands below them; whether there was anything at all."""
    if not _find_headings(table, rows, asked.columns):
        return bool(table.missing)
    for row in rows:
        made = _row(row, table.places, asked.columns)
        if made is None:
            continue
        if len(table.rows) == asked.most_rows:
            raise TooMuch("too_many_rows", str(asked.most_rows))
        table.rows.append(made)
    return True


def _find_headings(table: _Table[Kept], rows: Iterator[SheetRow], columns: Columns) -> bool:
    known = {_folded(name): name for name in [*columns.needed, *columns.known]}
    for _ in range(_HEADING_ROWS):
        row = next(rows, None)
        if row is None:
            break
        found = {place: clean_line(cell.text) for place, cell in row.cells.items() if cell.text.strip()}
        if not found:
            continue
        named = {place: known.get(_folded(words), "" if columns.known else words) for place, words in found.items()}
        missing = [name for name in columns.needed if name not in named.values()]
        if not missing:
            names = [name for name in named.values() if name]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise UnreadableTable("headings_twice", ", ".join(twice))
            table.places, table.missing = {place: name for place, name in named.items() if name}, []
            return True
        if not table.missing or len(missing) < len(table.missing):
            table.missing = missing
    return False


def _folded(heading: str) -> str:
    return clean_line(unicodedata.normalize("NFKC", heading)).casefold().replace("ё", "е")


def _row(row: SheetRow, places: Mapping[int, str], columns: Columns) -> TableRow | None:
    texts, faults = dict.fromkeys(places.values(), ""), {}
    for place, cell in row.cells.items():
        name = places.get(place)
        if name is not None:
            texts[name], fault = _taken(cell, name, columns)
            if fault:
                faults[name] = fault
    return TableRow(texts, row.number, faults) if faults or any(texts.values()) else None


def _taken(cell: Cell, name: str, columns: Columns) -> tuple[str, str]:
    if name in columns.verbatim:
        return cell.text.strip(), cell.fault
    words = clean_line(cell.text)
    if name not in columns.identifiers:
        return words, cell.fault
    fault = cell.fault or ("lost_sign" if has_controls(cell.text) else identifier_fault(words))
    return clean_line(ungrouped(cell.text)), fault


def write_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[Value]],
    band: str = "",
    *,
    name: str = "Таблица",
    title: Sequence[str] = (),
    identifiers: Collection[str] = (),
) -> bytes:
    """An XLSX whose cells are of their kind; nothing becomes a formula, and whatever is stored can be written.

    `band`: of a centre whose records have no force; it stands on the sheet's tab and over each printed page. The headings stay as
    they are, since a table may come back through an import; one that does not has the
    band among its titles (`central.words.xlsx_sheet.titles`).
    `identifiers`: headings of the columns in which also what is typed later stays text.
    """
    book = NewWorkbook(write_only=True)
    kept = [place for place, heading in enumerate(headings) if heading in identifiers]
    write_sheet(book, name, headings, rows, title=title, band=band, text_columns=kept)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
