"""Content of a paper, independent of its form."""

from dataclasses import dataclass

from reportlab.pdfgen.canvas import Canvas


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
    headline: str = ""
    """The outcome in one or two big words, on a mark."""
    headline_note: str = ""
    """Until when an admission holds; on a refusal the same once more in other words, for the lower band."""
    is_refusal: bool = False
    """Whether the mark has the shape of a refusal."""
    is_large: bool = False
    """On A4 and not on A5."""
    copy_mark: str = ""
    """Which copy it is and for whom; empty where copies are not counted."""
    stamp: tuple[str, ...] = ()
    """Lines of the registration stamp."""


def describe(canvas: Canvas, sheet: Sheet) -> None:
    """Tell viewers and readers of documents what this is."""
    canvas.setTitle(f"{sheet.title} {sheet.number}" + (f" ({sheet.band})" if sheet.band else ""))
    canvas.setAuthor(sheet.organisation)
    canvas.setSubject(sheet.statement)
    canvas.setCreator("Dopusk")
