"""Papers of one or more A4 pages that list what is on record of one person: the check of a medical book, the sanitary passport."""

import io
from dataclasses import dataclass
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table, TableStyle

from central.papers.code import draw_code
from central.papers.fonts import BOLD, REGULAR, register_fonts

_WIDTH, _HEIGHT = A4
_EDGE = 16 * mm
_INNER = _WIDTH - 2 * _EDGE
_CODE = 34 * mm
_LABELS = 48 * mm
_FOOT = 9 * mm
_SMALL = 8.0
"""Points; nothing is set smaller."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with a table under it, or with one sentence where there is nothing to list."""

    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...]
    """Of the width, one for each column."""
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What stands on the paper, from top to bottom."""

    title: str
    organisation: str
    verdict: str
    lines: tuple[tuple[str, str], ...]
    """Label and value of each line."""
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    foot: str
    """At the foot of every page, before the number of the page."""
    code: str = ""
    """Content of a QR symbol beside the lines; empty: none."""
    code_words: str = ""
    band: str = ""
    """Printed across the top of papers that have no force (demo and test), else empty."""


def listing(content: Listing) -> bytes:
    """The paper as a PDF. Raises `FontsMissing`."""
    register_fonts()
    stream = io.BytesIO()
    frame = Frame(
        _EDGE,
        _EDGE + _FOOT,
        _INNER,
        _HEIGHT - 2 * _EDGE - _FOOT,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )

    def every_page(canvas: Canvas, template: BaseDocTemplate) -> None:
        canvas.setTitle(f"{content.title}" + (f" ({content.band})" if content.band else ""))
        canvas.setAuthor(content.organisation)
        canvas.setSubject(content.verdict)
        canvas.setCreator("Dopusk")
        canvas.setFont(REGULAR, _SMALL)
        canvas.drawString(_EDGE, _EDGE, content.foot)
        canvas.drawRightString(_WIDTH - _EDGE, _EDGE, f"лист {template.page}")
        if content.band:
            canvas.drawCentredString(_WIDTH / 2, _HEIGHT - _EDGE / 2, content.band)

    template = BaseDocTemplate(
        stream, pagesize=A4, lang="ru-RU", pageTemplates=[PageTemplate(frames=[frame], onPage=every_page)]
    )
    template.build(_story(content))
    return stream.getvalue()


class _Code(Flowable):
    """A QR symbol with words below it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self.width = self.height = _CODE

    def draw(self) -> None:
        draw_code(self.canv, self._text, 0, 0, _CODE)


def _story(content: Listing) -> list[Flowable]:
    story: list[Flowable] = [
        _words(content.organisation, REGULAR, 9),
        Spacer(1, 3 * mm),
        _words(content.title, BOLD, 15),
        Spacer(1, 1.5 * mm),
        _words(content.verdict, BOLD, 11),
        Spacer(1, 3 * mm),
    ]
    width = _INNER - (_CODE + 4 * mm if content.code else 0)
    cells = [[_words(label, REGULAR, 9), _words(value, REGULAR, 9)] for label, value in content.lines]
    lines = Table(cells, colWidths=[_LABELS, width - _LABELS], style=_PLAIN, splitInRow=1)
    if content.code:
        beside: list[list[Flowable]] = [[_Code(content.code)], [_words(content.code_words, REGULAR, _SMALL)]]
        code = Table(beside, colWidths=[_CODE + 4 * mm], style=_PLAIN)
        story.append(Table([[lines, code]], colWidths=[width, _CODE + 4 * mm], style=_PLAIN))
    else:
        story.append(lines)
    for section in content.sections:
        story += [Spacer(1, 5 * mm), _words(section.heading, BOLD, 11), Spacer(1, 1 * mm)]
        story.append(_table(section) if section.rows else _words(section.empty, REGULAR, 9))
    story.append(Spacer(1, 5 * mm))
    story += [_words(note, REGULAR, _SMALL) for note in content.notes]
    return story


def _table(section: Section) -> Table:
    rows = [
        [_words(cell, BOLD if place == 0 else REGULAR, 8.5) for cell in row]
        for place, row in enumerate((section.head, *section.rows))
    ]
    widths = [_INNER * share / sum(section.shares) for share in section.shares]
    return Table(rows, colWidths=widths, style=_RULED, repeatRows=1, splitInRow=1)


def _words(words: str, font: str, size: float) -> Paragraph:
    style = ParagraphStyle("", fontName=font, fontSize=size, leading=size * 1.25, splitLongWords=True)
    return Paragraph(escape(words), style)


_PLAIN = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
)
_RULED = TableStyle([*_PLAIN.getCommands(), ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.black)])
