"""People found on the pages however their names are written: register, journal, the employer's page."""

import contextlib
import unicodedata
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from central.core.parties import Worker
from central.core.rights import Role
from central.store.accounts import account
from central.store.engine import reading, writing
from central.store.registry import worker
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre

PEOPLE = ("ИВАНОВ ИВАН ПЕТРОВИЧ", "Мамедов Эльчин Ибрагим оглы", "фон Берг Анна", "Королёв Пётр Ильич", "Цой Виктор")
TYPED = [
    ("Иванов", 0),
    ("иванов иван", 0),
    ("Мамедов Эльчин Ибрагим оглы", 1),
    ("Фон Берг", 2),
    ("фон берг", 2),
    ("Королев", 3),
    ("КОРОЛЕВ ПЕТР", 3),
    (unicodedata.normalize("NFD", "цой"), 4),
]


@pytest.fixture
def crowd(centre: ConsoleCentre) -> None:
    people = [Worker(ORG, centre.people.employers[0], f"9{n}", name, "водитель") for n, name in enumerate(PEOPLE)]
    with writing(centre.engine) as connection:
        centre.registry.save_workers(connection, people)
    centre.people.workers.update({one.personnel_number: one.worker_id for one in people})
    for n in range(len(PEOPLE)):
        centre.exam(f"9{n}")


@pytest.fixture
def employer(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("kadry", Role.EMPLOYER, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("kadry", unlock=False)


def _shown(text: str) -> set[str]:
    rows = text.split("<tbody")[-1] if "<tbody" in text else text
    return {name for name in PEOPLE if name in rows}


@pytest.mark.usefixtures("crowd")
def test_every_spelling_finds_its_person_on_every_page(centre: ConsoleCentre, zoya: Browser, employer: Browser) -> None:
    for typed, place in TYPED:
        for browser, path, field in (
            (zoya, "/registers/workers", "q"),
            (zoya, "/journal", "person"),
            (employer, "/admissions", "q"),
        ):
            answer = browser.post(path, {field: typed}, page=path)
            assert answer.status_code == 303, (path, typed)
            page = browser.get(answer.headers["location"]).text
            assert _shown(page) == {PEOPLE[place]}, (path, typed)


@pytest.mark.usefixtures("crowd")
def test_a_double_in_another_spelling_is_asked_about(centre: ConsoleCentre, zoya: Browser) -> None:
    with writing(centre.engine) as connection:
        connection.execute(update(account).where(account.c.username == "zoya").values(role=str(Role.SENIOR_MEDIC)))
    for name in ("Королев Петр Ильич", "иванов иван петрович", unicodedata.normalize("NFD", "ЦОЙ ВИКТОР")):
        fields = {
            "personnel_number": "7001",
            "full_name": name,
            "position": "водитель",
            "employer_id": centre.people.employers[0],
            "remote_allowed": "yes",
            "seen": "0",
        }
        answer = zoya.post("/registers/workers/new", fields, page="/registers/workers/new")
        assert answer.status_code == 422
        assert "похоже, это уже внесено" in answer.text
    with reading(centre.engine) as connection:
        assert connection.execute(select(worker).where(worker.c.personnel_number == "7001")).all() == []
