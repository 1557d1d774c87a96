"""Due dates of an employer's workers: dates alone, and only of the own."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from central.console.routes.employer_due import ON_A_PAGE
from central.core.days import day_of
from central.core.rights import Role
from central.store import persons, roster_entries
from central.store.engine import writing
from central.store.registry import worker
from sync.contract.canonical import new_id
from tests.console_centre import Browser, ConsoleCentre
from tests.unit.console.test_ground_rules import a_book, entry, publish, send, senior

__all__ = ["senior"]


@pytest.fixture
def hr(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """HR of the first employer."""
    centre.add_account("hr", Role.EMPLOYER_HR, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("hr", unlock=False)


def _person(connection: Connection) -> str:
    """Somebody new."""
    row: dict[str, Any] = dict(connection.execute(persons.person.select().limit(1)).mappings().one())
    made = row | {"person_id": new_id(), "snils_hmac": None}
    connection.execute(persons.person.insert().values(**made))
    return str(made["person_id"])


def test_what_is_over_and_what_ends_soon_stand_as_dates(centre: ConsoleCentre, senior: Browser, hr: Browser) -> None:
    publish(senior, attr__okved="", attr__warn_days="30")
    today = day_of(centre.now())
    over, soon = today - timedelta(days=3), today + timedelta(days=9)
    note = {"Примечание": "диоптрии"}
    theirs = {"Табельный номер": "1003"}
    rows = (a_book(over) | note, a_book(soon) | {"Табельный номер": "1002"}, a_book(over) | theirs)
    assert "Сохранено" not in send(senior, centre, *rows).text
    with writing(centre.engine) as connection:
        # Before the name of the first one stand more people than a page has.
        row = dict(connection.execute(worker.select().where(worker.c.personnel_number == "1001")).mappings().one())
        for place in range(ON_A_PAGE):
            new = {"worker_id": new_id(), "personnel_number": f"7{place:03d}", "person_id": _person(connection)}
            name = f"Абрамов {place:03d}"
            new |= {"full_name": name, "search_name": name.lower(), "snils_hmac": None, "harm_factors": ["4.1"]}
            connection.execute(worker.insert().values(**(row | new)))
            roster_entries.mark_due(connection, [new["worker_id"]])
    entry(centre)
    assert "Ветров" not in hr.get("/employer/due").text
    page = hr.get("/employer/due?page=2").text
    assert f"{over:%d.%m.%Y}" in page
    assert f"{soon:%d.%m.%Y}" in page
    assert "диоптрии" not in page
    assert "Громов" not in page
    late = hr.get("/employer/due?state=over").text
    assert "Ветров" in late
    assert "Заречная" not in late
    assert "Абрамов" not in late, "whom it concerns is sought among all, and not on one page"
    without = hr.get("/employer/due?state=absent").text
    assert "Абрамов 000" in without
    assert "действующего нет" in without
    assert "Вредные факторы: 4.1" in without
    near = hr.get("/employer/due?state=soon").text
    assert "Заречная" in near
    assert "Ветров" not in near
