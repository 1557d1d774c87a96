"""The journal as a print (A3, landscape), page by page."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from reportlab.lib.pagesizes import A3, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from central.papers.fonts import BOLD, REGULAR, register_fonts

_PAGE = landscape(A3)
_MARGIN = 10 * mm
_LINE = 3.4 * mm
_SIZE = 6.2
_SQUEEZE = 0.8
"""Letters are set so much narrower than the font has them: all 28 columns then hold their longest words uncut."""
_NUMBER = 9 * mm
"""Width of the column №."""


def write_pdf(
    path: Path,
    title: Sequence[str],
    headings: Sequence[str],
    shares: Sequence[float],
    rows: Iterable[Sequence[str]],
    first_number: int = 1,
    band: str = "",
) -> int:
    """Write a printable journal (A3, landscape), page by page; returns the number of rows. `shares` of the width add up to 1.

    Rows are numbered from `first_number` on: a journal on paper has a column №. `band` stands over every page, of a centre whose
    records have no force.
    """
    register_fonts()
    canvas = Canvas(str(path), pagesize=_PAGE, pageCompression=1, lang="ru-RU")
    canvas.setTitle(" ".join([*title[:1], *title[2:], band]).strip())
    canvas.setAuthor(title[1] if len(title) > 1 else "")
    canvas.setCreator("Dopusk")
    inner = _PAGE[0] - 2 * _MARGIN - _NUMBER
    widths = [_NUMBER, *(inner * share for share in shares)]
    headings = ["№", *headings]
    page, count = 1, 0
    y = _head(canvas, title, headings, widths, page, band)
    for row in rows:
        numbered = (str(first_number + count), *row)
        lines = [_wrapped(cell, width - 1.2 * mm) for cell, width in zip(numbered, widths, strict=True)]
        height = max(len(item) for item in lines) * _LINE + 1.2 * mm
        if y - height < _MARGIN + 6 * mm:
            _foot(canvas, page)
            canvas.showPage()
            page += 1
            y = _head(canvas, title, headings, widths, page, band)
        _draw_row(canvas, lines, y, widths)
        y -= height
        canvas.line(_MARGIN, y, _PAGE[0] - _MARGIN, y)
        count += 1
    _foot(canvas, page)
    canvas.save()
    return count


def _head(
    canvas: Canvas, title: Sequence[str], headings: Sequence[str], widths: Sequence[float], page: int, band: str
) -> float:
    y = _PAGE[1] - _MARGIN - 4 * mm
    if band:
        canvas.setFont(BOLD, 9)
        canvas.drawCentredString(_PAGE[0] / 2, _PAGE[1] - _MARGIN + 1 * mm, band)
    if page == 1:
        for line in title:
            canvas.setFont(BOLD, 10)
            canvas.drawString(_MARGIN, y, line)
            y -= 5 * mm
    canvas.setLineWidth(0.3)
    lines = [_wrapped(cell, width - 1.2 * mm, BOLD) for cell, width in zip(headings, widths, strict=True)]
    _draw_row(canvas, lines, y, widths, font=BOLD)
    y -= max(len(item) for item in lines) * _LINE + 1.2 * mm
    canvas.line(_MARGIN, y, _PAGE[0] - _MARGIN, y)
    return y


def _foot(canvas: Canvas, page: int) -> None:
    canvas.setFont(REGULAR, 7)
    canvas.drawRightString(_PAGE[0] - _MARGIN, _MARGIN / 2, str(page))


def _draw_row(
    canvas: Canvas, lines: Sequence[Sequence[str]], y: float, widths: Sequence[float], font: str = REGULAR
) -> None:
    # One text of many lines: a text of its own for each takes half as long again.
    text = canvas.beginText()
    text.setFont(font, _SIZE)
    text.setHorizScale(100 * _SQUEEZE)
    x = _MARGIN
    for cell, width in zip(lines, widths, strict=True):
        for place, line in enumerate(cell):
            text.setTextOrigin(x + 0.6 * mm, y - (place + 1) * _LINE + 0.8 * mm)
            text.textOut(line)
        x += width
    canvas.drawText(text)


def _wrapped(cell: str, width: float, font: str = REGULAR) -> list[str]:
    """Lines that fit the column; words that are too long are cut (with a hyphen between letters), never lost."""
    lines, used = [""], 0.0
    for word in cell.split():
        rest, code = word, _is_code(word)
        while rest:
            needed = _width(rest, font) + (_width(" ", font) if lines[-1] else 0.0)
            if used + needed <= width:
                lines[-1] = f"{lines[-1]} {rest}".strip()
                used += needed
                break
            if lines[-1]:
                lines.append("")
                used = 0.0
                continue
            cut = _fitting(rest, width - _width("-", font), font)
            cut = rest.rfind("-", 1, cut) + 1 or cut  # a hyphen of its own is the best place
            hyphen = "-" if rest[cut - 1].isalpha() and rest[cut : cut + 1].isalpha() and not code else ""
            lines[-1], rest = rest[:cut] + hyphen, rest[cut:]
            lines.append("")
    return lines


def _is_code(word: str) -> bool:
    """Whether a hyphen would change what is meant: numbers of records and certificates."""
    return any(letter.isdigit() for letter in word)


def _fitting(word: str, width: float, font: str) -> int:
    """How many letters fit, one at least."""
    used = 0.0
    for place, letter in enumerate(word):
        used += _width(letter, font)
        if used > width:
            return max(1, place)
    return len(word)


@lru_cache(maxsize=20_000)
def _width(text: str, font: str) -> float:
    # Letters stand side by side without kerning: a line is as wide as its words and blanks. The same words come again and again.
    return float(stringWidth(text, font, _SIZE)) * _SQUEEZE
