"""The code on a paper: a QR symbol that leads to the public check page."""

import segno
from reportlab.pdfgen.canvas import Canvas


def draw_code(canvas: Canvas, address: str, x: float, y: float, size: float) -> None:
    """Draw the symbol with its quiet margin into a square of `size` points whose lower left corner is at `x`, `y`."""
    code = segno.make(address, error="m", micro=False)
    rows = list(code.matrix_iter(border=1))
    module = size / len(rows)
    canvas.setFillGray(0)
    for down, row in enumerate(rows):
        for right, dark in enumerate(row):
            if dark:
                canvas.rect(x + right * module, y + size - (down + 1) * module, module, module, stroke=0, fill=1)
