"""Writes the journal as a workbook, row by row, with its totals on a second sheet."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook

from central.journal import columns
from central.journal.columns import Reading
from central.journal.totals import JournalTotals
from central.words.table_values import Value
from central.words.texts import text
from central.words.xlsx_sheet import titles, write_sheet


@dataclass(frozen=True, slots=True)
class Totals:
    """The second sheet: asked for its rows when those of the journal are written."""

    name: str
    headings: Sequence[str]
    rows: Callable[[], Iterable[Sequence[Value]]]


def write_xlsx(
    path: Path,
    headings: Sequence[str],
    rows: Iterable[Sequence[Value]],
    band: str = "",
    *,
    name: str = "Журнал",
    title: Sequence[str] = (),
    totals: Totals | None = None,
) -> int:
    """Write a workbook in one pass; returns the number of rows.

    `band`: of a centre whose records have no force; it stands in the first cell, on the sheet's tab and over each printed page.
    """
    book = Workbook(write_only=True)
    over = list(titles(title, band))
    count = write_sheet(book, name, headings, rows, title=over, band=band)
    if totals is not None:
        write_sheet(book, totals.name, totals.headings, totals.rows(), title=over, band=band)
    book.save(path)
    return count


def write_journal(
    path: Path, readings: Iterable[Reading], parts: Sequence[str], language: str, *, band: str, title: Sequence[str]
) -> int:
    """The journal in the columns of `columns.file_keys`, and its totals; returns the number of exams."""
    totals = JournalTotals(language)

    def counted() -> Iterator[Sequence[Value]]:
        for item in readings:
            totals.count(item)
            yield columns.file_values(item, parts)

    table = columns.numbered(columns.headings(tuple(parts), language), counted())
    summed = Totals(text(language, "journal.totals"), totals.headings(), totals.rows)
    return write_xlsx(path, *table, band, name=text(language, "nav.journal"), title=title, totals=summed)
