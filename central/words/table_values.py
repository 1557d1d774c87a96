"""Values of cells in our files: numbers with decimals and mark, days, moments, words, or nothing. Pure.

One list of values makes every form of a file, so that a workbook and a text file of the same rows say the same numbers.
"""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

Side = Literal["low", "high", ""]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is shown: with so many decimals, rounded to them. `side`: where it lies outside its limits."""

    value: int | float | Decimal
    decimals: int = 0
    side: Side = ""


Value = str | int | Number | date | None
"""A `datetime` (a `date` too) is the clock's of the place that the file names, without an offset. None: nothing is known."""


def number_of(value: float, decimals: int, side: Side = "") -> Number:
    """The number that a page shows with so many decimals."""
    shown = f"{value:.{decimals}f}"
    return Number(float(shown) if decimals else int(shown), decimals, side)


def local(moment: datetime, zone: tzinfo) -> datetime:
    """The minute by the clock of that zone, as tables have it."""
    return moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)


def words(value: Value, language: str) -> str:
    """The value as text: `36,6`, `29.11.2026 20:07`; nothing is an empty text and never a number."""
    if value is None:
        return ""
    if isinstance(value, Number):
        shown = f"{value.value:.{value.decimals}f}"
        return shown.replace(".", ",") if language == "ru" else shown
    if isinstance(value, datetime):
        return f"{value:%d.%m.%Y %H:%M}"
    return f"{value:%d.%m.%Y}" if isinstance(value, date) else str(value)
