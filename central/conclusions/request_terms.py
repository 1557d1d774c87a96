"""The terms of a request for copies: three working days, extended once to seven at most, with notice and reason. Pure."""

from collections.abc import Sequence
from datetime import date

from central.core.workdays import Calendar, YearDays, year_days
from sync.contract.books import BookItem

WORKDAYS = "workdays"
TERM_DAYS = 3
LONGEST_DAYS = 7
"""Working days after the day of receipt, an extension among them."""


def calendar_of(items: Sequence[BookItem]) -> Calendar:
    """The calendar that a version of the book `workdays` holds. A year that cannot be read counts as not loaded."""
    years: dict[int, YearDays] = {}
    for item in items:
        try:
            year = int(item.code)
            years[year] = year_days(year, item.attrs.get("off", ()), item.attrs.get("on", ()))
        except (ValueError, TypeError):
            continue
    return Calendar(years)


def due_on(received: date, calendar: Calendar) -> date:
    """The last day for an answer."""
    return calendar.after(received, TERM_DAYS)


def extension_faults(
    received: date, due: date, until: date | None, notice: date | None, reason: str, calendar: Calendar
) -> dict[str, str]:
    """What is wrong with an extension, by field.

    The new day is a working day after the old one and within seven of the receipt; who asked was told before the old term ended.
    """
    faults: dict[str, str] = {}
    if until is None:
        faults["until"] = "needed"
    elif until > calendar.after(received, LONGEST_DAYS):
        faults["until"] = "too_far"
    elif until <= due:
        faults["until"] = "not_later"
    elif not calendar.is_working(until):
        faults["until"] = "day_off"
    if notice is None:
        faults["notice"] = "needed"
    elif not received <= notice <= due:
        faults["notice"] = "notice_late"
    if not reason:
        faults["reason"] = "needed"
    return faults
