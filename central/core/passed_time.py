"""How many days have really passed, whatever the clock says now. Pure.

A clock that is set far ahead would end every term at once. So a day counts where the centre was in use about that time: between two
days of use that lie apart, and between the newest of them and now, at most `LONGEST_PAUSE_DAYS` are believed.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

LONGEST_PAUSE_DAYS = 14
"""Longer than the holidays of January, in which a centre may stand still."""


class PassedTime:
    """The believed part of the time before `now`. `days_of_use`: newest first, as many as are wanted."""

    def __init__(self, now: datetime, days_of_use: Iterable[date], enough_days: int) -> None:
        """No more of `days_of_use` is taken than `enough_days` need."""
        self._now = now
        self._spans: list[tuple[date, date]] = []
        after, believed = now.date(), 0
        for day in days_of_use:
            if believed > enough_days:
                break
            believed += min((after - day).days, LONGEST_PAUSE_DAYS)
            self._spans.append((day, after))
            after = day
        self._oldest = after

    def days_since(self, moment: datetime) -> int:
        """Whole days since that moment that count; 0 for one that lies ahead."""
        if moment >= self._now:
            return 0
        begin, believed = moment.date(), 0
        for day, after in self._spans:
            if after <= begin:
                break
            believed += min((after - max(day, begin)).days, LONGEST_PAUSE_DAYS)
        if begin < self._oldest:
            believed += min((self._oldest - begin).days, LONGEST_PAUSE_DAYS)
        return min(believed, (self._now - moment) // timedelta(days=1))
