"""Working days: weekends, and what the calendar of a year says otherwise. Pure.

A term counts from the day after the one on which something came (Civil Code of Russia, 191). Years that no calendar is loaded for
have their weekends alone, and whoever shows a term says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class YearDays:
    """One year: weekdays that are free (`off`), and weekends that are worked (`on`)."""

    off: frozenset[date]
    on: frozenset[date]


class Calendar:
    """The years that are known."""

    def __init__(self, years: Mapping[int, YearDays]) -> None:
        self._years = years

    def is_working(self, day: date) -> bool:
        """Whether people work on that day."""
        known = self._years.get(day.year)
        if known is not None and day in known.off:
            return False
        return day.weekday() < _SATURDAY or (known is not None and day in known.on)

    def after(self, day: date, working_days: int) -> date:
        """The day on which a term of so many working days (1 or more) ends that began with `day`. Raises `ValueError`."""
        if working_days < 1:
            raise ValueError("a term has a day at least")
        while working_days:
            day += timedelta(days=1)
            working_days -= self.is_working(day)
        return day

    def unknown(self, first: date, last: date) -> list[int]:
        """Years between two days that no calendar is loaded for."""
        return [year for year in range(first.year, last.year + 1) if year not in self._years]


def year_days(year: int, off: Iterable[str], on: Iterable[str]) -> YearDays:
    """A year as a book has it: days as `MM-DD`. Raises `ValueError` for what is no day, or is both."""
    free, worked = (frozenset(date.fromisoformat(f"{year}-{one}") for one in days) for days in (off, on))
    if both := free & worked:
        raise ValueError(f"{min(both)} is both free and worked")
    return YearDays(free, worked)
