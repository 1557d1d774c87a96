"""The mark: a label of 70 × 50 mm whose shape, and not only its words, shows the outcome.

An admission is a white label with one big word. A refusal stands in a thick black frame between two black bands with white
words. Each half of a label, whichever is covered, still shows which of the two it is: a glance from some metres, a bad
photocopy or a thumb on the paper must not turn a refusal into an admission.
"""

import io

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from central.papers.code import draw_code
from central.papers.fitting import Block, draw_blocks, one_line
from central.papers.fonts import BOLD, REGULAR, register_fonts
from central.papers.sheet import Sheet, describe

WIDTH, HEIGHT = 70 * mm, 50 * mm
_FRAME = 2.4 * mm
_HEAD = 12 * mm
"""Height of the place of the outcome's big words."""
_FOOT = 6.5 * mm
"""Height of the lower band of a refusal."""
_CODE = 18 * mm
_EDGE = 3.4 * mm
_GAP = 0.8 * mm


def sticker(sheet: Sheet) -> bytes:
    """The mark as a PDF. Raises `FontsMissing`."""
    register_fonts()
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(WIDTH, HEIGHT), lang="ru-RU")
    describe(canvas, sheet)
    (_draw_refused if sheet.is_refusal else _draw_admitted)(canvas, sheet)
    foot = _FOOT if sheet.is_refusal else _EDGE
    code_bottom = foot + _GAP
    draw_code(canvas, sheet.check_url, WIDTH - _EDGE - _CODE, code_bottom, _CODE)
    top = HEIGHT - _HEAD - _GAP
    inner = WIDTH - 2 * _EDGE
    upper = top - (code_bottom + _CODE)
    person = [Block(value, BOLD if not label else REGULAR, 6.4) for label, value in sheet.lines]
    draw_blocks(
        canvas,
        [Block(sheet.band, BOLD, 5.6, 1), *person, *_statement(sheet)],
        _EDGE,
        top,
        inner,
        upper,
    )
    draw_blocks(
        canvas,
        [
            Block(sheet.number, BOLD, 5.2, 1),
            Block(sheet.organisation, REGULAR, 5.2),
            *(Block(line, REGULAR, 4.8) for line in sheet.signature),
            Block(sheet.licence, REGULAR, 4.6),
        ],
        _EDGE,
        code_bottom + _CODE,
        inner - _CODE - _GAP,
        _CODE,
    )
    canvas.save()
    return stream.getvalue()


def _draw_admitted(canvas: Canvas, sheet: Sheet) -> None:
    inner = WIDTH - 2 * _EDGE
    middle = WIDTH / 2
    size = one_line(canvas, sheet.headline, BOLD, 18.5, inner)
    until = sheet.headline_note
    y = HEIGHT - _EDGE - (size * 0.76)
    canvas.setFont(BOLD, size)
    canvas.drawCentredString(middle, y, sheet.headline)
    if until:
        note = one_line(canvas, until, BOLD, 7.5, inner)
        canvas.setFont(BOLD, note)
        canvas.drawCentredString(middle, y - note - 1.2 * mm, until)


def _draw_refused(canvas: Canvas, sheet: Sheet) -> None:
    canvas.setFillGray(0)
    for x, y, width, height in (
        (0, HEIGHT - _HEAD, WIDTH, _HEAD),
        (0, 0, WIDTH, _FOOT),
        (0, 0, _FRAME, HEIGHT),
        (WIDTH - _FRAME, 0, _FRAME, HEIGHT),
    ):
        canvas.rect(x, y, width, height, stroke=0, fill=1)
    canvas.setFillGray(1)
    for words, bottom, height, largest in (
        (sheet.headline, HEIGHT - _HEAD, _HEAD, 22),
        (sheet.headline_note, 0, _FOOT, 13),
    ):
        size = one_line(canvas, words, BOLD, largest, WIDTH - 2 * _EDGE)
        canvas.setFont(BOLD, size)
        canvas.drawCentredString(WIDTH / 2, bottom + (height - size * 0.73) / 2, words)
    canvas.setFillGray(0)


def _statement(sheet: Sheet) -> list[Block]:
    """The words of the order. The "not" of a refusal begins a line of its own: no break and no cover parts it from its verb."""
    before, refusing, verb = sheet.statement.rpartition("НЕ ")
    if not (sheet.is_refusal and refusing):
        return [Block(sheet.statement, REGULAR, 5.8, 3)]
    return [Block(before.strip(), REGULAR, 5.8), Block(f"НЕ\N{NO-BREAK SPACE}{verb}", BOLD, 6.2, 1)]
