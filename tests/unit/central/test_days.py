"""A day begins at midnight of the centre's machine."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from central.core.days import day_of
from central.people import consents

EVENING = datetime(2026, 2, 1, 20, tzinfo=UTC)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", 1), ("Europe/Moscow", 1), ("Asia/Kamchatka", 2), ("America/St_Johns", 1)],
    indirect=["zone"],
)
@pytest.mark.usefixtures("zone")
def test_the_day_is_that_of_the_machine(day: int) -> None:
    assert day_of(EVENING) == date(2026, 2, day)


@pytest.mark.parametrize(
    ("zone", "fault"), [("UTC", "future"), ("Asia/Kamchatka", None)], indirect=["zone"], ids=["UTC", "Kamchatka"]
)
@pytest.mark.usefixtures("zone")
def test_a_consent_of_today_is_not_of_the_future(monkeypatch: pytest.MonkeyPatch, fault: str | None) -> None:
    monkeypatch.setattr(consents, "now_utc", lambda: EVENING)
    faults = consents.faults_of_paper(date(2026, 2, 2), "paper", "лист 12", "given_on")
    assert faults.get("given_on") == fault
