"""Working days, and the terms of a request for copies."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.conclusions.request_terms import LONGEST_DAYS, calendar_of, due_on, extension_faults
from central.core.workdays import Calendar, year_days
from sync.contract.books import BookItem

PLAIN = Calendar({})
YEAR = BookItem(code="2026", ru="2026", attrs={"off": ["12-07", "12-31"], "on": ["12-12"], "basis": "испытание"})
FRIDAY = date(2026, 12, 4)
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def test_a_request_of_friday_is_due_on_wednesday() -> None:
    assert due_on(FRIDAY, PLAIN) == date(2026, 12, 9)


def test_a_holiday_and_a_worked_saturday_move_the_day() -> None:
    assert due_on(FRIDAY, calendar_of([YEAR])) == date(2026, 12, 10), "Monday the 7th is free"
    assert due_on(date(2026, 12, 9), calendar_of([YEAR])) == date(2026, 12, 12), "Saturday the 12th is worked"


def test_a_request_that_came_on_a_day_off_counts_from_the_next_day() -> None:
    assert due_on(date(2026, 12, 5), PLAIN) == due_on(date(2026, 12, 6), PLAIN) == date(2026, 12, 9)


def test_years_without_a_calendar_are_named() -> None:
    assert calendar_of([YEAR]).unknown(date(2026, 12, 30), date(2027, 1, 5)) == [2027]
    broken = YEAR.model_copy(update={"attrs": {"off": ["13-40"]}})
    assert calendar_of([broken]).unknown(FRIDAY, FRIDAY) == [2026], "what cannot be read is not loaded"
    with pytest.raises(ValueError, match="both free and worked"):
        year_days(2026, ["12-12"], ["12-12"])


@pytest.mark.parametrize(
    ("until", "notice", "reason", "wrong"),
    [
        (date(2026, 12, 15), date(2026, 12, 8), "архив", {}),
        (date(2026, 12, 16), date(2026, 12, 8), "архив", {"until": "too_far"}),
        (date(2026, 12, 9), date(2026, 12, 8), "архив", {"until": "not_later"}),
        (date(2026, 12, 12), date(2026, 12, 8), "архив", {"until": "day_off"}),
        (date(2026, 12, 11), None, "архив", {"notice": "needed"}),
        (date(2026, 12, 11), date(2026, 12, 10), "архив", {"notice": "notice_late"}),
        (None, date(2026, 12, 8), "", {"until": "needed", "reason": "needed"}),
    ],
)
def test_an_extension_needs_a_day_within_seven_a_notice_and_a_reason(
    until: date | None, notice: date | None, reason: str, wrong: dict[str, str]
) -> None:
    assert extension_faults(FRIDAY, date(2026, 12, 9), until, notice, reason, PLAIN) == wrong


@given(DAYS, st.integers(1, 30), st.sets(DAYS, max_size=20), st.sets(DAYS, max_size=20))
def test_a_term_has_exactly_so_many_working_days(day: date, count: int, free: set[date], worked: set[date]) -> None:
    years = {
        year: year_days(
            year,
            [f"{one:%m-%d}" for one in free if one.year == year],
            [f"{one:%m-%d}" for one in worked - free if one.year == year],
        )
        for year in {one.year for one in free | worked}
    }
    calendar = Calendar(years)
    end = calendar.after(day, count)
    passed = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert sum(map(calendar.is_working, passed)) == count
    assert calendar.is_working(end)


@given(DAYS, st.integers(-5, 40))
def test_no_extension_goes_beyond_the_longest(received: date, later: int) -> None:
    due = due_on(received, PLAIN)
    until = due + timedelta(days=later)
    if not extension_faults(received, due, until, received, "архив", PLAIN):
        days = [received + timedelta(days=n) for n in range(1, (until - received).days + 1)]
        assert sum(map(PLAIN.is_working, days)) <= LONGEST_DAYS
