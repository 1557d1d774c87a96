"""How much of the time before now is believed: a clock that is set ahead ends no term."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from central.core.account_config import AccountsConfig
from central.core.passed_time import LONGEST_PAUSE_DAYS, PassedTime

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def _ago(*days: int) -> list[date]:
    return [(NOW - timedelta(days=one)).date() for one in days]


def _believed(days_of_use: Iterable[date], days: int) -> int:
    return PassedTime(NOW, days_of_use, 90).days_since(NOW - timedelta(days=days))


@pytest.mark.parametrize("step", [1, 3, 7, LONGEST_PAUSE_DAYS])
def test_time_with_somebody_at_work_counts_whole(step: int) -> None:
    days_of_use = _ago(*range(step, 200, step))
    assert [_believed(days_of_use, days) for days in (0, 1, 59, 60, 90)] == [0, 1, 59, 60, 90]


def test_of_a_jump_of_the_clock_no_more_than_a_pause_counts() -> None:
    year = 365
    before = [year + days for days in range(30)]
    assert _believed(_ago(*before), year + 29) == LONGEST_PAUSE_DAYS + 29
    wrong_for_a_week = [*range(1, 8), *(7 + one for one in before)]
    assert _believed(_ago(*wrong_for_a_week), 7 + year + 29) == 7 + LONGEST_PAUSE_DAYS + 29


def test_of_a_centre_that_nobody_uses_a_pause_is_believed() -> None:
    assert _believed([], 1000) == LONGEST_PAUSE_DAYS
    assert _believed([], 5) == 5


def test_what_lies_ahead_has_not_passed() -> None:
    assert _believed(_ago(*range(1, 100)), -3) == 0


def test_no_more_days_are_looked_for_than_are_wanted() -> None:
    asked = []

    def endless() -> Iterable[date]:
        for days in range(1, 100_000):
            asked.append(days)
            yield (NOW - timedelta(days=days)).date()

    assert _believed(endless(), 400) >= 90
    assert len(asked) < 100


def test_a_warning_that_comes_after_the_closing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unused_warn_days \(91\) is more than unused_close_days \(90\)"):
        AccountsConfig(unused_warn_days=91)
    assert AccountsConfig(unused_warn_days=90).unused_close_days == 90
