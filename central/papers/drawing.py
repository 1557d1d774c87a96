"""Drawing papers as PDF: a sticker of 70 × 50 mm for the mark, A5 sheets for the others. Pure bytes, no files."""

from central.papers.document import document
from central.papers.mark import sticker
from central.papers.sheet import Sheet

__all__ = ["Sheet", "document", "sticker"]
