"""Which vaccinations are due, by the intervals of the book `vaccines`. Pure; nothing follows from it for an admission.

The book says how many entries make a course, how far apart they are at least, and after how long the next one comes. Where the book
says nothing of an infection, nothing is due but the end that an entry names itself.
"""

import calendar
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

from central.core.ground_effects import GroundFacts
from sync.contract.books import BookItem

SOON = timedelta(days=30)
PlanState = Literal["due", "soon", "held", "missing"]


@dataclass(frozen=True, slots=True)
class Planned:
    """One infection. `next_on`: the day from which the next entry is due; None: none is, as far as the book says.

    `too_early`: entries that came sooner after the one before than the book has it; they may be one entered twice.
    """

    vaccine: str
    entries: int
    doses: int
    last_on: date | None
    next_on: date | None
    state: PlanState
    too_early: frozenset[str] = frozenset()
    unconfirmed: bool = False
    """What is due follows an interval of the book that nobody has compared with the act that it names."""


def vaccination_plan(
    rows: Sequence[GroundFacts], items: Mapping[str, BookItem], needed: Collection[str], today: date
) -> list[Planned]:
    """By infection: those on record, and those that rules need. `rows`: vaccinations that are not replaced or refuted."""
    by_infection: dict[str, list[GroundFacts]] = {vaccine: [] for vaccine in needed}
    for row in rows:
        by_infection.setdefault(row.vaccine, []).append(row)
    plan = [_planned(vaccine, found, items.get(vaccine), today) for vaccine, found in by_infection.items()]
    return sorted(plan, key=lambda one: (one.next_on is None, one.next_on or date.max, one.vaccine))


def months_after(day: date, months: int) -> date:
    """That day so many months later; the last day of a shorter month. The last day of the calendar where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _planned(vaccine: str, found: Sequence[GroundFacts], item: BookItem | None, today: date) -> Planned:
    attrs = item.attrs if item is not None else {}
    doses, interval = _number(attrs, "doses"), _number(attrs, "interval_days")
    rows = sorted(found, key=lambda row: (row.at, row.ground_id))
    if not rows:
        return Planned(vaccine, 0, doses, None, today, "missing")
    early = frozenset(row.ground_id for before, row in pairwise(rows) if (row.at - before.at).days < interval)
    counted = [row for row in rows if row.ground_id not in early]
    last = rows[-1]
    next_on = last.valid_until
    by_book = next_on is None
    if next_on is None and doses and len(counted) < doses:
        next_on = counted[-1].at + timedelta(days=interval)
    elif next_on is None and (again := _number(attrs, "again_months")):
        next_on = months_after(last.at, again)
    unconfirmed = bool(early) or (by_book and next_on is not None)
    return Planned(
        vaccine,
        len(counted),
        doses,
        last.at,
        next_on,
        _state(next_on, today),
        early,
        unconfirmed and is_unconfirmed(item),
    )


def is_unconfirmed(item: BookItem | None) -> bool:
    """Whether an item has intervals that nobody has compared with the act: `compared_with` says with which edition somebody has."""
    attrs = item.attrs if item is not None else {}
    return any(_number(attrs, name) for name in ("interval_days", "again_months")) and not attrs.get("compared_with")


def _state(next_on: date | None, today: date) -> PlanState:
    if next_on is None:
        return "held"
    if next_on <= today:
        return "due"
    return "soon" if next_on - today <= SOON else "held"


def _number(attrs: Mapping[str, Any], name: str) -> int:
    value = attrs.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
