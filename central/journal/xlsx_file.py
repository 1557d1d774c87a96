"""The journal as a workbook, row by row. Cells are text: nothing in them is a formula."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook

from central.words.no_force import marked, sheet_title
from central.words.xlsx_cells import text_cells


def write_xlsx(path: Path, headings: Sequence[str], rows: Iterable[Sequence[str]], band: str = "") -> int:
    """Write a workbook in one pass; returns the number of rows. Cells are text: dates and numbers stand as they were shown.

    `band`: of a centre whose records have no force; it stands in the first cell, on the sheet's tab and over each printed page.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_title("Журнал", band))
    sheet.freeze_panes = "A2"
    sheet.oddHeader.center.text = band
    count = 0
    for row in itertools.chain([marked(headings, band)], rows):
        sheet.append(text_cells(sheet, row))
        count += 1
    book.save(path)
    return count - 1
