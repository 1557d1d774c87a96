"""The journal as a workbook, row by row. Cells are text: nothing in them is a formula."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell


def write_xlsx(path: Path, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a workbook in one pass; returns the number of rows. Cells are text: dates and numbers stand as they were shown."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Журнал")
    sheet.freeze_panes = "A2"
    count = 0
    for row in itertools.chain([headings], rows):
        made = []
        for cell in row:
            item = WriteOnlyCell(sheet, value=cell)
            item.data_type = "s"
            made.append(item)
        sheet.append(made)
        count += 1
    book.save(path)
    return count - 1
