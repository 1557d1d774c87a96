"""Cells of the workbooks that we write: whatever is stored can be written, and nothing becomes a formula."""

from collections.abc import Sequence

from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from central.core.text_cleaning import xlsx_text


def text_cells(sheet: WriteOnlyWorksheet, row: Sequence[str]) -> list[Cell]:
    """Cells of text, as every workbook of ours has them."""
    cells = []
    for value in row:
        cell = WriteOnlyCell(sheet, value=xlsx_text(value))
        cell.data_type = "s"
        cells.append(cell)
    return cells
