"""Prints the journal (A4, landscape) page by page.

ReportLab writes no tags: a screen reader gets title, language, author and the words in the order of the rows, and no table. Who
needs one takes the workbook.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from central.journal.print_layout import INNER_MM, NUMBER_MM, Legend, PrintCell, PrintRow
from central.papers.fonts import BOLD, REGULAR, register_fonts
from central.words.texts import text

_PAGE = landscape(A4)
_INNER = INNER_MM * mm
_MARGIN = (_PAGE[0] - _INNER) / 2
_TOP, _BOTTOM = 12 * mm, 13 * mm
_LINE = 3.5 * mm
SIZE = 8.0
"""Points. Nothing on the print is set smaller."""
_TITLE_SIZE = 10.0
_SQUEEZE = 0.82
"""Letters are set so much narrower than the font has them, and as high."""
_NUMBER = NUMBER_MM * mm
_PAD = 1.4 * mm
_RED = (0.69, 0.0, 0.13)
_TOTAL = "pages"

Lines = Sequence[str]


def write_pdf(
    path: Path,
    title: Sequence[str],
    headings: Sequence[str],
    shares: Sequence[float],
    rows: Iterable[PrintRow | Sequence[str]],
    first_number: int = 1,
    band: str = "",
    *,
    language: str = "ru",
    legend: Legend | None = None,
) -> int:
    """Write a printable journal, page by page; returns the number of rows. `shares` of the width add up to 1.

    Rows are numbered from `first_number` on: a journal on paper has a column №. `band` stands over every page, of a centre whose
    records have no force. What `legend` was asked for while the rows were made is explained below the last row.
    """
    register_fonts()
    printed = _Print(path, title, headings, shares, band, language)
    count = 0
    for row in rows:
        made = row if isinstance(row, PrintRow) else PrintRow(tuple(PrintCell(cell) for cell in row))
        printed.row(first_number + count, made)
        count += 1
    printed.end([] if legend is None else legend.take(), is_empty=not count)
    return count


class _Print:
    """The document while it is written: where on which page the next line stands."""

    def __init__(
        self,
        path: Path,
        title: Sequence[str],
        headings: Sequence[str],
        shares: Sequence[float],
        band: str,
        language: str,
    ) -> None:
        self._band, self._language = band, language
        self._widths = [_NUMBER, *((_INNER - _NUMBER) * share for share in shares)]
        cells = [PrintCell(heading, marked=True) for heading in ("№", *headings)]
        self._head = [_cell_lines(cell, width) for cell, width in zip(cells, self._widths, strict=True)]
        self._canvas = Canvas(str(path), pagesize=_PAGE, pageCompression=1, lang={"ru": "ru-RU"}.get(language, "en-GB"))
        self._canvas.setTitle(" · ".join(filter(None, [*title[:1], *title[2:3], band])))
        self._canvas.setAuthor(title[1] if len(title) > 1 else "")
        self._canvas.setSubject(title[0] if title else "")
        self._canvas.setCreator("Dopusk")
        self._canvas.setViewerPreference("DisplayDocTitle", "true")
        self._page = 0
        self._y = 0.0
        self._begin(title)

    def row(self, number: int, row: PrintRow) -> None:
        """One exam. It stays on one page where one page holds it."""
        cells = (PrintCell(str(number)), *row.cells)
        lines = [_cell_lines(cell, width) for cell, width in zip(cells, self._widths, strict=True)]
        marks = [cell.marked for cell in cells]
        below = _wrapped(row.below, _INNER - _NUMBER - _PAD) if row.below else []
        count = max(len(item) for item in lines)
        if count + len(below) > self._room():
            self._next_page_if(count + len(below))
        done = 0
        while done < count:
            part = [item[done : done + max(1, self._room())] for item in lines]
            self._table_lines(part, marks)
            done += max(len(item) for item in part)
            if done < count:
                self._rule()
                self._next_page()
        for line in below:
            if self._room() < 1:
                self._rule()
                self._next_page()
            self._line(line, _MARGIN + _NUMBER)
        self._rule()

    def end(self, entries: Sequence[tuple[int, str]], *, is_empty: bool) -> None:
        """What stands below the last row; then the file is whole."""
        if is_empty:
            self._y -= 10 * mm
            self._canvas.setFont(REGULAR, _TITLE_SIZE)
            self._canvas.drawCentredString(_PAGE[0] / 2, self._y, text(self._language, "journal.print_empty"))
        if entries:
            self._y -= _LINE
            words = [f"№ {number} – {entry}" for number, entry in entries]
            self._free_lines([text(self._language, "journal.legend"), *words])
        self._foot()
        self._canvas.beginForm(_TOTAL)
        self._canvas.setFont(REGULAR, SIZE)
        self._canvas.drawString(0, 0, str(self._page))
        self._canvas.endForm()
        self._canvas.save()

    def _free_lines(self, paragraphs: Iterable[str]) -> None:
        for place, paragraph in enumerate(paragraphs):
            for line in _wrapped(paragraph, _INNER - _PAD, REGULAR if place else BOLD):
                if self._room() < 1:
                    self._next_page()
                self._line(line, _MARGIN, REGULAR if place else BOLD)

    def _room(self) -> int:
        """How many lines of a row still fit on this page."""
        return int((self._y - _PAD - _BOTTOM) / _LINE)

    def _next_page_if(self, count: int) -> None:
        """Go on on a fresh page, unless the row is longer than a page and a good part of it fits here."""
        whole = int((_PAGE[1] - _TOP - _BOTTOM) / _LINE) - max(len(item) for item in self._head) - 1
        if count <= whole or self._room() < whole // 4:
            self._next_page()

    def _next_page(self) -> None:
        self._foot()
        self._canvas.showPage()
        self._begin(())

    def _begin(self, title: Sequence[str]) -> None:
        self._page += 1
        self._y = _PAGE[1] - _TOP
        if self._band:
            self._canvas.setFont(BOLD, 9)
            self._canvas.drawCentredString(_PAGE[0] / 2, self._y + 1.5 * mm, self._band)
            self._y -= 2 * mm
        self._canvas.setFont(BOLD, _TITLE_SIZE)
        for paragraph in title:
            for line in _wrapped(paragraph, _INNER, BOLD, _TITLE_SIZE, 1.0):
                self._y -= 4.6 * mm
                self._canvas.drawString(_MARGIN, self._y, line)
        self._y -= 1.5 * mm if title else 0
        self._canvas.setLineWidth(0.3)
        self._rule()
        self._table_lines(self._head, [True] * len(self._head), is_head=True)
        self._rule()

    def _foot(self) -> None:
        words = text(self._language, "journal.page_of", page=self._page)
        right = _PAGE[0] - _MARGIN - 10 * mm
        self._canvas.setFont(REGULAR, SIZE)
        self._canvas.drawRightString(right, _BOTTOM - 5 * mm, words)
        # How many pages there will be is known at the end alone: each page draws what is filled in then.
        self._canvas.saveState()
        self._canvas.translate(right + 0.9 * mm, _BOTTOM - 5 * mm)
        self._canvas.doForm(_TOTAL)
        self._canvas.restoreState()

    def _rule(self) -> None:
        self._canvas.line(_MARGIN, self._y, _MARGIN + _INNER, self._y)

    def _line(self, words: str, x: float, font: str = REGULAR) -> None:
        self._table_lines([[words]], [font == BOLD], x=x, is_head=True)

    def _table_lines(
        self, cells: Sequence[Lines], marks: Sequence[bool], x: float = _MARGIN, *, is_head: bool = False
    ) -> None:
        # One text of many lines: a text of its own for each takes half as long again.
        drawn = self._canvas.beginText()
        drawn.setHorizScale(100 * _SQUEEZE)
        for cell, width, marked in zip(cells, self._widths, marks, strict=False):
            drawn.setFont(BOLD if marked else REGULAR, SIZE)
            if marked and not is_head:
                drawn.setFillColorRGB(*_RED)
            for place, line in enumerate(cell):
                drawn.setTextOrigin(x + _PAD / 2, self._y - (place + 1) * _LINE + 0.6 * mm)
                drawn.textOut(line)
            if marked and not is_head:
                drawn.setFillColorRGB(0, 0, 0)
            x += width
        drawn.setHorizScale(100)  # it would hold for whatever is drawn next
        self._canvas.drawText(drawn)
        self._y -= max(len(cell) for cell in cells) * _LINE + (_PAD / 2 if len(cells) > 1 else 0)


def _cell_lines(cell: PrintCell, width: float) -> list[str]:
    font = BOLD if cell.marked else REGULAR
    return [line for part in cell.text.split("\n") for line in _wrapped(part, width - _PAD, font)]


def _wrapped(cell: str, width: float, font: str = REGULAR, size: float = SIZE, squeeze: float = _SQUEEZE) -> list[str]:
    """Lines that fit the column; words that are too long are cut (with a hyphen between letters), never lost."""
    lines, used = [""], 0.0
    for word in cell.split():
        rest, code = word, _is_code(word)
        while rest:
            needed = _width(rest, font, size, squeeze)
            needed += _width(" ", font, size, squeeze) if lines[-1] else 0.0
            if used + needed <= width:
                lines[-1] = f"{lines[-1]} {rest}".strip()
                used += needed
                break
            if lines[-1]:
                lines.append("")
                used = 0.0
                continue
            cut = _fitting(rest, width - _width("-", font, size, squeeze), font, size, squeeze)
            cut = rest.rfind("-", 1, cut) + 1 or cut  # a hyphen of its own is the best place
            hyphen = "-" if rest[cut - 1].isalpha() and rest[cut : cut + 1].isalpha() and not code else ""
            lines[-1], rest = rest[:cut] + hyphen, rest[cut:]
            lines.append("")
    return lines


def _is_code(word: str) -> bool:
    """Whether a hyphen would change what is meant: numbers of records and certificates."""
    return any(letter.isdigit() for letter in word)


def _fitting(word: str, width: float, font: str, size: float, squeeze: float) -> int:
    """How many letters fit, one at least."""
    used = 0.0
    for place, letter in enumerate(word):
        used += _width(letter, font, size, squeeze)
        if used > width:
            return max(1, place)
    return len(word)


@lru_cache(maxsize=20_000)
def _width(text: str, font: str, size: float = SIZE, squeeze: float = _SQUEEZE) -> float:
    # Letters stand side by side without kerning: a line is as wide as its words and blanks. The same words come again and again.
    return float(stringWidth(text, font, size)) * squeeze
