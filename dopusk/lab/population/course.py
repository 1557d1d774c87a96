"""The number of exams of each day, the holidays, and the hours at which shifts begin. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

WEEKDAYS = (1.0, 1.02, 1.02, 1.0, 0.98, 0.55, 0.45)
"""Exams of a day against a plain one, Monday first: at the weekend only who works in shifts."""
HOLIDAY = 0.4
_HOLIDAYS = frozenset(
    {(1, day) for day in range(1, 9)} | {(2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)},
)
"""Month and day: those that Russian labour law names."""
SEASON = 0.08
"""So much more work there is in July than on average, and so much less in January."""


@dataclass(frozen=True, slots=True)
class Regime:
    """When somebody works: hour at which the shift begins, its length, and on which days of a cycle."""

    name: str
    begins_h: float
    lasts_h: float
    on: int
    of: int
    """So many days on in a cycle of so many; a cycle of 7 follows the calendar week and its holidays."""

    def works(self, day: date, phase: int) -> bool:
        """Whether the shift of this day is worked by somebody whose cycle begins at `phase`."""
        if self.of == 7:
            return day.weekday() < self.on and not is_holiday(day)
        return (day.toordinal() + phase) % self.of < self.on


DAY = Regime("5/2", 7.6, 8.5, 5, 7)
LONG_DAY = Regime("2/2", 7.4, 11.5, 2, 4)
NIGHT = Regime("2/2 ночь", 19.4, 11.5, 2, 4)
EARLY = Regime("три смены, первая", 5.9, 8.0, 2, 4)
LATE = Regime("три смены, вторая", 13.9, 8.0, 2, 4)
SECOND_JOB = Regime("совмещение", 19.4, 3.5, 2, 5)
"""After the first job, which is by day."""
FIRST_JOBS = ((DAY, 55), (LONG_DAY, 17), (NIGHT, 12), (EARLY, 8), (LATE, 8))
"""Regimes of first jobs, with the share of workers that each has."""


def is_holiday(day: date) -> bool:
    """A day off by the calendar, whatever weekday it is."""
    return (day.month, day.day) in _HOLIDAYS


def weight(day: date) -> float:
    """How many exams this day has against an average plain one."""
    season = 1.0 - SEASON * math.cos((day.timetuple().tm_yday - 15) * 2.0 * math.pi / 365.25)
    return season * WEEKDAYS[day.weekday()] * (HOLIDAY if is_holiday(day) else 1.0)


@cache
def drinking(day: date) -> float:
    """How much more often than on average alcohol is found on a day: on Mondays, and on the day after a holiday."""
    yesterday = day - timedelta(days=1)
    if is_holiday(yesterday) and not is_holiday(day):
        return 3.0
    return (2.4, 0.9, 0.7, 0.7, 0.8, 0.9, 1.2)[day.weekday()]


def illness(day: date) -> float:
    """How much more often than on average somebody has a fever: in winter."""
    return 1.0 + 0.8 * math.cos((day.timetuple().tm_yday - 30) * 2.0 * math.pi / 365.25)


def quotas(days: Sequence[date], exams: int, last_part: float) -> tuple[int, ...]:
    """How many of the exams each day has: by `weight`, the last day by that part of it which is over. Their sum is `exams`."""
    weights = [weight(day) for day in days]
    if len(days) > 1:
        weights[-1] *= last_part
    total = sum(weights)
    exact = [exams * one / total for one in weights]
    found = [int(share) for share in exact]
    rest = sorted(range(len(days)), key=lambda place: (found[place] - exact[place], place))
    for place in rest[: exams - sum(found)]:
        found[place] += 1
    return tuple(found)


_PARTS = (3, 2, 2, 3, 8, 14, 16, 12, 6, 3, 3, 3, 3, 5, 3, 3, 4, 4, 6, 8, 3, 2, 2, 2)
"""Of a hundred and more exams, how many end in each hour of a day."""


def part_of_day(hour: float) -> float:
    """Which part of a day's exams is over at that hour (0 to 24)."""
    whole = int(hour)
    return (sum(_PARTS[:whole]) + (hour - whole) * (_PARTS[whole] if whole < 24 else 0)) / sum(_PARTS)
