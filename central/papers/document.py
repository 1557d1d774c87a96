"""Papers of one or more pages, A5 or A4: certificate, protocol, conclusion. What is too long for a page goes on to the next one."""

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, A5
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table, TableStyle

from central.papers.code import draw_code
from central.papers.fitting import Block, draw_blocks
from central.papers.fonts import BOLD, REGULAR, register_fonts
from central.papers.sheet import Sheet, describe

_EDGE = 14 * mm
_NARROWEST, _WIDEST = 8, 26
"""Letters: the least and the most by which a column of a table is measured."""
_CODE = 24 * mm
_LABELS, _LABELS_LARGE = 38 * mm, 52 * mm
_STAMP = 100 * mm
"""As wide as the number of an electronic record in one line."""
_FOOT = _CODE + 3 * mm
"""Signature and code stand at the foot of every page."""


def document(sheet: Sheet) -> bytes:
    """The paper as a PDF. Raises `FontsMissing`."""
    register_fonts()
    stream = io.BytesIO()
    width, height = size = A4 if sheet.is_large else A5
    inner = width - 2 * _EDGE
    frame = Frame(
        _EDGE,
        _EDGE + _FOOT,
        inner,
        height - 2 * _EDGE - _FOOT,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )

    def foot(canvas: Canvas, template: BaseDocTemplate) -> None:
        describe(canvas, sheet)
        _draw_foot(canvas, sheet, template.page, width, height)

    template = BaseDocTemplate(
        stream, pagesize=size, lang="ru-RU", pageTemplates=[PageTemplate(frames=[frame], onPage=foot)]
    )
    template.build(_story(sheet, inner))
    return stream.getvalue()


def _story(sheet: Sheet, inner: float) -> list[Flowable]:
    labels = _LABELS_LARGE if sheet.is_large else _LABELS
    story: list[Flowable] = []
    if sheet.band:
        story.append(_paragraph(sheet.band, BOLD, 9))
    if sheet.copy_mark:
        story += [Table([[_paragraph(sheet.copy_mark, BOLD, 8.5)]], colWidths=[inner], style=_BOXED), Spacer(1, 2 * mm)]
    story += [
        _paragraph(sheet.organisation, BOLD, 10),
        _paragraph(sheet.licence, REGULAR, 8),
        Spacer(1, 5 * mm),
        _paragraph(f"{sheet.title} {sheet.number}", BOLD, 12),
        Spacer(1, 2 * mm),
        _paragraph(sheet.statement, REGULAR, 9.5),
        Spacer(1, 2 * mm),
    ]
    if sheet.lines:
        rows = [[_paragraph(label, REGULAR, 8.5), _paragraph(value, REGULAR, 8.5)] for label, value in sheet.lines]
        story.append(Table(rows, colWidths=[labels, inner - labels], style=_PLAIN, splitInRow=1))
    if sheet.table:
        story.append(Spacer(1, 2 * mm))
        cells = [
            [_paragraph(cell, BOLD if place == 0 else REGULAR, 7.5) for cell in row]
            for place, row in enumerate(sheet.table)
        ]
        story.append(Table(cells, colWidths=_widths(sheet.table, inner), style=_RULED, repeatRows=1, splitInRow=1))
    if sheet.stamp:
        stamp = [[_paragraph(line, REGULAR, 7.5)] for line in sheet.stamp]
        story += [Spacer(1, 2 * mm), Table(stamp, colWidths=[_STAMP], style=_BOXED, hAlign="LEFT")]
    return story


def _widths(table: Sequence[Sequence[str]], inner: float) -> list[float]:
    """Points of each column, by its longest cell; neither a short column nor a long one takes the page."""
    shares = [min(max(_NARROWEST, *map(len, column)), _WIDEST) for column in zip(*table, strict=True)]
    return [inner * share / sum(shares) for share in shares]


def _draw_foot(canvas: Canvas, sheet: Sheet, page: int, width: float, height: float) -> None:
    draw_code(canvas, sheet.check_url, width - _EDGE - _CODE, _EDGE, _CODE)
    lines = [Block(line, REGULAR, 7.5, 3) for line in sheet.signature]
    draw_blocks(canvas, lines, _EDGE, _EDGE + _CODE, width - 2 * _EDGE - _CODE - 4 * mm, _CODE)
    if page > 1:
        canvas.setFont(REGULAR, 7)
        canvas.drawRightString(
            width - _EDGE, height - _EDGE / 2, ", ".join(filter(None, (sheet.number, sheet.copy_mark, f"лист {page}")))
        )
        canvas.drawString(_EDGE, height - _EDGE / 2, sheet.band)


def _paragraph(words: str, font: str, size: float) -> Paragraph:
    style = ParagraphStyle("", fontName=font, fontSize=size, leading=size * 1.25, splitLongWords=True)
    return Paragraph(escape(words), style)


_PLAIN = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("TOPPADDING", (0, 0), (-1, -1), 0.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0.6),
    ]
)
_RULED = TableStyle([*_PLAIN.getCommands(), ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.black)])
_BOXED = TableStyle(
    [("BOX", (0, 0), (-1, -1), 0.8, colors.black), *_PLAIN.getCommands(), ("LEFTPADDING", (0, 0), (-1, -1), 4)]
)
