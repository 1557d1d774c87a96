"""Fits text into a given place on a paper: it is wrapped, set smaller, and finally shortened with "…"."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

LEADING = 1.22
"""Distance of two lines in sizes of the font."""
_SCALES = (1.0, 0.92, 0.85, 0.78, 0.72)
"""How far text is set smaller before it is shortened."""
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """Words that stand together. `size` in points at full scale."""

    words: str
    font: str
    size: float
    most_lines: int = 2
    """What it may take of a place that is too small for everything."""


def draw_blocks(canvas: Canvas, blocks: Sequence[Block], x: float, top: float, width: float, height: float) -> float:
    """Write the blocks from `top` (points) downward into `width` × `height`; returns the lowest point that was used."""
    blocks = [block for block in blocks if block.words]
    scale, lines = _fitted(blocks, width, height)
    y = top
    for block, wrapped in zip(blocks, lines, strict=True):
        size = block.size * scale
        canvas.setFont(block.font, size)
        for line in wrapped:
            canvas.drawString(x, y - size, line)
            y -= size * LEADING
    return y


def _fitted(blocks: Sequence[Block], width: float, height: float) -> tuple[float, list[list[str]]]:
    for scale in _SCALES:
        lines = [wrapped(block.words, width, block.font, block.size * scale) for block in blocks]
        if _height(blocks, lines, scale) <= height:
            return scale, lines
    scale = _SCALES[-1]
    lines = [shortened(block.words, width, block.font, block.size * scale, block.most_lines) for block in blocks]
    # What stands first matters most: the last blocks give up their lines until the rest has its place.
    for place in reversed(range(len(lines))):
        block = blocks[place]
        while len(lines[place]) > 1 and _height(blocks, lines, scale) > height:
            lines[place] = shortened(block.words, width, block.font, block.size * scale, len(lines[place]) - 1)
    for place in reversed(range(len(lines))):
        if _height(blocks, lines, scale) <= height:
            break
        lines[place] = []
    return scale, lines


def _height(blocks: Sequence[Block], lines: Sequence[Sequence[str]], scale: float) -> float:
    return sum(len(one) * block.size * scale * LEADING for block, one in zip(blocks, lines, strict=True))


def wrapped(words: str, width: float, font: str, size: float) -> list[str]:
    """Lines no wider than `width` points. A word that is wider than a line is broken. No-break spaces hold words together."""
    lines = [""]
    for word in words.replace("\n", " ").split(" "):
        if not word:
            continue
        candidate = f"{lines[-1]} {word}" if lines[-1] else word
        if stringWidth(candidate, font, size) <= width:
            lines[-1] = candidate
            continue
        if lines[-1]:
            lines.append("")
        while stringWidth(word, font, size) > width and len(word) > 1:
            cut = _fitting(word, width, font, size)
            lines[-1], word = word[:cut], word[cut:]
            lines.append("")
        lines[-1] = word
    return [line for line in lines if line]


def shortened(words: str, width: float, font: str, size: float, most_lines: int) -> list[str]:
    """As `wrapped`, but no more than `most_lines`, the last of which then ends in "…"."""
    lines = wrapped(words, width, font, size)
    if len(lines) <= most_lines:
        return lines
    last = " ".join(lines[most_lines - 1 :])
    while last and stringWidth(last + ELLIPSIS, font, size) > width:
        last = last[:-1]
    return [*lines[: most_lines - 1], last.rstrip() + ELLIPSIS]


def one_line(canvas: Canvas, words: str, font: str, size: float, width: float) -> float:
    """The size (points, at most `size`) at which the words fit one line of `width`."""
    needed = canvas.stringWidth(words, font, size)
    return size if needed <= width else size * width / needed


def _fitting(word: str, width: float, font: str, size: float) -> int:
    """How many letters fit, one at least."""
    count = 1
    while count < len(word) and stringWidth(word[: count + 1], font, size) <= width:
        count += 1
    return count
