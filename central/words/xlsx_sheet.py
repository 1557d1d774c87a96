"""Writes a sheet of a workbook row by row: titles, a heading row, typed values, ready to be sorted and printed.

Whatever is stored can be written, nothing becomes a formula, and memory does not grow with the rows. The head stays in view and on
each page, has filters, and is found by our own imports below the titles (`central.imports.tables`).
"""

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from central.core.text_cleaning import xlsx_text
from central.words.no_force import sheet_title
from central.words.table_values import Number, Value

MOST_TITLES = 14
"""Lines over a head; imports look for it in the first twenty rows."""
_SAMPLE = 300
"""So many rows are looked at for the widths, which stand before the rows in the file."""
_NARROWEST, _WIDEST = 7, 46
_A4 = "9"
_ARROWS = {"low": "↓", "high": "↑", "": ""}
_RED = "B00020"
_LONGEST_IDENTIFIER = 60


def write_sheet(
    book: Workbook,
    name: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    title: Sequence[str] = (),
    band: str = "",
    text_columns: Collection[int] = (),
) -> int:
    """Add a sheet to a workbook that is written in one pass; returns the number of rows.

    `band`: of a centre whose records have no force; it stands on the sheet's tab and over each printed page (a caller whose
    table does not come back puts it into `title` as well). `text_columns`: places of the columns, from 0, in which whatever is
    typed later stays text: numbers of people and papers.
    """
    sheet = book.create_sheet(sheet_title(name, band))
    upcoming = iter(rows)
    sample = list(itertools.islice(upcoming, _SAMPLE))
    head = len(title) + 1
    _set_up(sheet, headings, sample, head, band, text_columns)
    styles = _Styles(sheet)
    for line in title:
        sheet.append([styles.cell(line, "title")])
    sheet.append([styles.cell(heading, "head") for heading in headings])
    count = 0
    for row in itertools.chain(sample, upcoming):
        sheet.append([styles.of_value(value) for value in row])
        count += 1
    sheet.auto_filter.ref = f"A{head}:{get_column_letter(max(1, len(headings)))}{head + count}"
    return count


def _set_up(
    sheet: Any,
    headings: Sequence[str],
    sample: Sequence[Sequence[Value]],
    head: int,
    band: str,
    text_columns: Collection[int],
) -> None:
    sheet.freeze_panes = f"A{head + 1}"
    sheet.print_title_rows = f"{head}:{head}"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", _A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.oddHeader.center.text = band or None
    sheet.oddFooter.center.text = "&P / &N"
    for place, heading in enumerate(headings):
        column = sheet.column_dimensions[get_column_letter(place + 1)]
        # A head may break between its words, a value may not.
        longest = max((len(word) for word in heading.split()), default=0) + 3
        longest = max([longest, *(_length(row[place]) + 2 for row in sample if place < len(row))])
        column.width = min(_WIDEST, max(_NARROWEST, longest))
        if place in text_columns:
            column.number_format = "@"


def _length(value: Value) -> int:
    if value is None:
        return 0
    if isinstance(value, datetime):
        return 16
    if isinstance(value, date):
        return 10
    return len(f"{value.value:.{value.decimals}f}") + 2 if isinstance(value, Number) else len(str(value))


class _Styles:
    """The few looks that cells have. Each is made once: a style looked up for every cell would double the time."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._made: dict[str, Cell] = {}

    def of_value(self, value: Value) -> Cell | None:
        """The cell of a value; none for what is not known."""
        if value is None or value == "":
            return None
        if isinstance(value, Number):
            return self.cell(value.value, f"number {value.decimals} {value.side}")
        if isinstance(value, datetime):
            return self.cell(value, "moment")
        if isinstance(value, date):
            return self.cell(value, "day")
        if isinstance(value, int):
            return self.cell(value, "number 0 ")
        return self.cell(value, "identifier" if _is_identifier(value) else "text")

    def cell(self, value: str | float | Decimal | date, look: str) -> Cell:
        """A cell of that look."""
        like = self._made.get(look)
        if like is None:
            like = self._made[look] = self._make(look)
        given: Any = xlsx_text(value) if isinstance(value, str) else value
        cell: Any = WriteOnlyCell(self._sheet, value=given)
        if isinstance(value, str):
            cell.data_type = "s"  # a text that begins like a formula is none
        cell._style = like._style  # type: ignore[attr-defined]  # noqa: SLF001  # as `copy` would, which takes ten times as long
        return cell  # type: ignore[no-any-return]

    def _make(self, look: str) -> Cell:
        cell = WriteOnlyCell(self._sheet)
        kind, *more = look.split(" ")
        if kind == "title":
            cell.font = _font()
            return cell
        cell.alignment = Alignment(vertical="top", wrap_text=kind in {"text", "head", "identifier"})
        if kind == "head":
            cell.font, cell.fill = _font(), PatternFill("solid", fgColor="E8ECF1")
            cell.border = Border(bottom=Side("thin"))
        elif kind == "number":
            decimals, side = int(more[0]), more[1]
            code = f"0.{'0' * decimals}" if decimals else "0"
            cell.number_format = f'{code}" {_ARROWS[side]}"' if side else code
            if side:
                cell.font = _font(_RED)
        else:
            codes = {"moment": "dd.mm.yyyy hh:mm", "day": "dd.mm.yyyy", "identifier": "@"}
            cell.number_format = codes.get(kind, "General")
        return cell


def _font(color: str | None = None) -> Font:
    """Bold. A font without name and size is another one in each program."""
    return Font(name="Calibri", size=11, bold=True, color=color)


def _is_identifier(text: str) -> bool:
    """Whether a spreadsheet, once the cell is edited, would take it for a number and drop what stands in front."""
    return len(text) <= _LONGEST_IDENTIFIER and text[0].isdigit() and text.replace(" ", "").replace("-", "").isalnum()


def titles(title: Iterable[str], band: str) -> Iterator[str]:
    """The lines over a table, that of a centre whose records have no force first."""
    return itertools.islice(itertools.chain([band] if band else [], filter(None, title)), MOST_TITLES)
