"""Drawing papers as PDF: a sticker of 70 × 50 mm for the mark, A5 sheets for the others. Pure bytes, no files."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import segno
from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from central.papers.fonts import BOLD, REGULAR, register_fonts

STICKER = (70 * mm, 50 * mm)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on a paper, from top to bottom."""

    title: str
    number: str
    organisation: str
    licence: str
    statement: str
    lines: tuple[tuple[str, str], ...]
    """Label and value of each line."""
    table: tuple[tuple[str, ...], ...]
    signature: tuple[str, ...]
    check_url: str
    band: str
    """Printed across the top of papers that have no force (demo and test), else empty."""


def sticker(sheet: Sheet) -> bytes:
    """The mark as a label."""
    register_fonts()
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=STICKER)
    width, height = STICKER
    edge, qr = 3 * mm, 19 * mm
    y = height - edge - 2.4 * mm
    if sheet.band:
        y = _paragraph(canvas, sheet.band, edge, y, width - 2 * edge, BOLD, 6)
    y = _paragraph(canvas, sheet.organisation, edge, y, width - 2 * edge, BOLD, 6.4)
    y = _paragraph(canvas, sheet.licence, edge, y, width - 2 * edge, REGULAR, 5)
    for label, value in sheet.lines:
        y = _paragraph(
            canvas, f"{label} {value}".strip(), edge, y, width - 2 * edge, BOLD if not label else REGULAR, 6.2
        )
    y = _paragraph(canvas, sheet.statement, edge, y - 0.6 * mm, width - 2 * edge, BOLD, 7)
    _qr(canvas, sheet.check_url, width - edge - qr, edge, qr)
    foot = edge + (len(sheet.signature) + 1) * 2.6 * mm
    foot = _paragraph(canvas, sheet.number, edge, foot, width - qr - 3 * edge, REGULAR, 5.4)
    for line in sheet.signature:
        foot = _paragraph(canvas, line, edge, foot, width - qr - 3 * edge, REGULAR, 5.4)
    canvas.save()
    return stream.getvalue()


def document(sheet: Sheet) -> bytes:
    """An A5 paper."""
    register_fonts()
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A5)
    width, height = A5
    edge = 14 * mm
    inner = width - 2 * edge
    y = height - edge
    if sheet.band:
        y = _paragraph(canvas, sheet.band, edge, y, inner, BOLD, 9)
    y = _paragraph(canvas, sheet.organisation, edge, y, inner, BOLD, 10)
    y = _paragraph(canvas, sheet.licence, edge, y, inner, REGULAR, 8)
    y = _paragraph(canvas, f"{sheet.title} {sheet.number}", edge, y - 6 * mm, inner, BOLD, 12)
    y = _paragraph(canvas, sheet.statement, edge, y - 2 * mm, inner, REGULAR, 9.5) - 2 * mm
    for label, value in sheet.lines:
        canvas.setFont(REGULAR, 8.5)
        canvas.drawString(edge, y, label)
        y = _paragraph(canvas, value, edge + 42 * mm, y, inner - 42 * mm, REGULAR, 8.5)
    y -= 2 * mm
    for row in sheet.table:
        step = inner / len(row)
        ends = [
            _paragraph(canvas, cell, edge + step * place, y, step - 2 * mm, REGULAR, 7.5)
            for place, cell in enumerate(row)
        ]
        y = min(ends) - 0.6 * mm
        canvas.setLineWidth(0.3)
        canvas.line(edge, y + 2.6 * mm, width - edge, y + 2.6 * mm)
    qr = 24 * mm
    _qr(canvas, sheet.check_url, width - edge - qr, edge, qr)
    foot = edge + len(sheet.signature) * 4 * mm
    for line in sheet.signature:
        foot = _paragraph(canvas, line, edge, foot, inner - qr - 4 * mm, REGULAR, 7.5)
    canvas.save()
    return stream.getvalue()


def _paragraph(canvas: Canvas, words: str, x: float, y: float, width: float, font: str, size: float) -> float:
    """Write wrapped text; returns where the next line begins."""
    canvas.setFont(font, size)
    for line in _lines(canvas, words, width, font, size):
        canvas.drawString(x, y, line)
        y -= size * 1.22
    return y


def _lines(canvas: Canvas, words: str, width: float, font: str, size: float) -> Sequence[str]:
    lines = [""]
    for word in words.split():
        candidate = f"{lines[-1]} {word}".strip()
        if lines[-1] and canvas.stringWidth(candidate, font, size) > width:
            lines.append(word)
        else:
            lines[-1] = candidate
    return [line for line in lines if line]


def _qr(canvas: Canvas, address: str, x: float, y: float, size: float) -> None:
    code = segno.make(address, error="m", micro=False)
    rows = list(code.matrix_iter(border=1))
    module = size / len(rows)
    canvas.setFillGray(0)
    for down, row in enumerate(rows):
        for right, dark in enumerate(row):
            if dark:
                canvas.rect(x + right * module, y + size - (down + 1) * module, module, module, stroke=0, fill=1)
