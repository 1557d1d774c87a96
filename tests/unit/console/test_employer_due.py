"""Due dates of an employer's workers: dates alone, and only of the own."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from central.core.days import day_of
from central.core.rights import Role
from tests.console_centre import Browser, ConsoleCentre
from tests.unit.console.test_ground_rules import a_book, publish, send, senior

__all__ = ["senior"]


@pytest.fixture
def hr(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """HR of the first employer."""
    centre.add_account("hr", Role.EMPLOYER_HR, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("hr", unlock=False)


def test_what_is_over_and_what_ends_soon_stand_as_dates(centre: ConsoleCentre, senior: Browser, hr: Browser) -> None:
    publish(senior, attr__when="over", attr__okved="", attr__warn_days="30")
    today = day_of(centre.now())
    over, soon = today - timedelta(days=3), today + timedelta(days=9)
    note = {"Примечание": "диоптрии"}
    theirs = {"Табельный номер": "1003"}
    rows = (a_book(over) | note, a_book(soon) | {"Табельный номер": "1002"}, a_book(over) | theirs)
    assert "Сохранено" not in send(senior, centre, *rows).text
    page = hr.get("/employer/due").text
    assert f"{over:%d.%m.%Y}" in page
    assert f"{soon:%d.%m.%Y}" in page
    assert "диоптрии" not in page
    assert "Громов" not in page
    late = hr.get("/employer/due?state=over").text
    assert "Ветров" in late
    assert "Заречная" not in late
    near = hr.get("/employer/due?state=soon").text
    assert "Заречная" in near
    assert "Ветров" not in near
