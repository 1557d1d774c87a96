"""The notice on every exported file of a demonstration's or a test's centre: its records have no force."""

from collections.abc import Sequence

from central.words.texts import text

_TAB_LETTERS = 31
_NOT_ON_A_TAB = frozenset(":\\/?*[]")
"""What a spreadsheet allows for the name of a sheet."""


def band(generation: str, language: str) -> str:
    """The words across each page and over each table; empty for a real centre. `generation`: `real`, `demo` or `test`."""
    return "" if generation == "real" else text(language, f"app.{generation}_band")


def file_name(generation: str, name: str) -> str:
    """The name of a file for downloading: `demo-journal.xlsx`; unchanged for a real centre."""
    return name if generation == "real" else f"{generation}-{name}"


def marked(headings: Sequence[str], band: str) -> list[str]:
    """Headings whose first says it: the first cell that anybody sees, and no row that a program would take for data."""
    return [f"{headings[0]} ({band})", *headings[1:]] if band else list(headings)


def sheet_title(title: str, band: str) -> str:
    """The name of a sheet: `Журнал ДЕМО`. A tab shows 31 letters, and none of those that addresses of cells are made of."""
    title = "".join(" " if sign in _NOT_ON_A_TAB else sign for sign in title)
    mark = f" {band.split(':')[0]}" if band else ""
    return title[: _TAB_LETTERS - len(mark)] + mark
