"""Fonts with Cyrillic letters for papers: DejaVu, from the Debian package `fonts-dejavu-core`."""

from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
_FOLDER = Path("/usr/share/fonts/truetype/dejavu")


class FontsMissing(Exception):
    """The machine lacks the fonts. The message says which package the administrator has to install."""


@cache
def register_fonts() -> None:
    """Make the fonts known to the PDF writer. Raises `FontsMissing`."""
    for name in (REGULAR, BOLD):
        file = _FOLDER / f"{name}.ttf"
        if not file.is_file():
            raise FontsMissing(f"{file} is missing: install the Debian package fonts-dejavu-core on the centre")
        pdfmetrics.registerFont(TTFont(name, str(file)))
