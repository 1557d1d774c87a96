"""The page of all changes: what it shows, to whom, in which words."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from central.console.routes.changes import ROWS
from central.core.parties import Worker
from central.core.rights import RIGHTS, Right, Role
from central.registers.forms import FORMS
from central.store import accounts
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.register_changes import Author, register_change
from central.words.texts import LANGUAGES, catalogue
from dopusk.lab.demo.sample_people import ORG, sample_snils
from tests.console_centre import Browser, ConsoleCentre


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


def _author(centre: ConsoleCentre, username: str) -> str:
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, username)
    assert found is not None
    return found.account_id


def _change(centre: ConsoleCentre, number: str, position: str, username: str, days_ago: int = 0) -> str:
    worker_id = centre.people.workers[number]
    with writing(centre.engine) as connection:
        worker = Worker(
            ORG, centre.people.employers[0], number, "Ветров Степан Ильич", position, worker_id=worker_id,
            snils=sample_snils(number),
        )  # fmt: skip
        author = Author(_author(centre, username), centre.now() - timedelta(days=days_ago))
        centre.registry.save_workers(connection, [worker], author)
    return worker_id


def test_who_changed_what_from_what_to_what(centre: ConsoleCentre, senior: Browser) -> None:
    worker_id = _change(centre, "1001", "кузнец", "zoya")
    page = senior.get("/changes").text
    row = next(part for part in page.split("<tr>") if "<ins>кузнец</ins>" in part)
    assert f'href="/registers/workers/{worker_id}">Ветров Степан Ильич, ООО «Ромашка-Транс», 1001</a>' in row
    assert "Луговая Зоя Марковна" in row
    assert "Должность: <del>" in row
    assert "Работники" in row
    assert "из командной строки" in page, "the entries of the beginning"
    assert 'aria-current="page">Все изменения' in page
    with reading(centre.engine) as connection:
        entries = connection.execute(select(audit.c.detail).where(audit.c.action == "changes.read")).scalars().all()
    assert [list(entry) for entry in entries] == [["rows"]]


def test_filters_by_register_person_and_period(centre: ConsoleCentre, senior: Browser) -> None:
    _change(centre, "1001", "кузнец", "zoya", days_ago=10)
    _change(centre, "1001", "маляр", "starshaya")

    def shown(query: str) -> set[str]:
        page = senior.get(f"/changes?{query}").text
        return {name for name in ("кузнец", "маляр") if f"<ins>{name}</ins>" in page}

    week_ago = (centre.now() - timedelta(days=7)).date()
    assert shown("") == {"кузнец", "маляр"}
    assert shown("kind=workers") == {"кузнец", "маляр"}
    assert shown("kind=devices") == set()
    assert shown(f"account_id={_author(centre, 'zoya')}") == {"кузнец"}
    assert shown("account_id=-") == set()
    assert shown(f"since={week_ago}") == {"маляр"}
    assert shown(f"until={week_ago}") == {"кузнец"}
    assert "Измените условия" in senior.get("/changes?kind=devices&account_id=-").text


def test_pages_go_on_from_the_last_row(centre: ConsoleCentre, senior: Browser) -> None:
    with writing(centre.engine) as connection:
        many = [Worker(ORG, centre.people.employers[0], f"9{n:03d}", f"Новый Номер {n}", "x") for n in range(ROWS + 5)]
        centre.registry.save_workers(connection, many, Author(_author(centre, "zoya"), centre.now()))
    path, seen = f"/changes?account_id={_author(centre, 'zoya')}", []
    while path:
        page = senior.get(path).text
        seen += re.findall(r">(Новый Номер \d+), ООО «Ромашка-Транс», 9\d+</a>", page)
        following = re.search(r'id="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert sorted(seen) == sorted(worker.full_name for worker in many)


@pytest.mark.parametrize("query", ["since=tomorrow", "since=2026-02-02&until=2026-02-01"])
def test_a_wrong_period_is_said_at_its_field(senior: Browser, query: str) -> None:
    answer = senior.get(f"/changes?{query}")
    assert answer.status_code == 422
    assert 'aria-describedby="fault-' in answer.text


def test_a_place_that_is_none_begins_anew(senior: Browser) -> None:
    assert senior.get("/changes?after_moment=now&after_id=x").status_code == 200


def test_others_see_nothing_of_it_and_an_empty_list_says_what_will_come(centre: ConsoleCentre, address: str) -> None:
    centre.add_account("chuzhoy", Role.AUDITOR, orgs=("another",))
    with contextlib.closing(Browser(address)) as stranger:
        page = stranger.log_in("chuzhoy", unlock=False).get("/changes").text
        assert "Здесь появится каждое изменение" in page
        assert "Ветров" not in page
        stranger.post("/preferences", {"language": "en", "back": "/changes"}, page="/changes")
        assert "Every change of the registers will stand here" in stranger.get("/changes").text


def test_no_secret_stands_on_the_page(centre: ConsoleCentre, senior: Browser) -> None:
    _change(centre, "1001", "кузнец", "zoya")
    page = senior.get("/changes").text
    assert "СНИЛС: заменено" in page or "СНИЛС: внесено" in page
    with reading(centre.engine) as connection:
        kept = str(connection.execute(select(register_change.c.fields)).scalars().all())
    for text in (page, kept):
        assert sample_snils("1001") not in text
        assert "BEGIN CERTIFICATE" not in text


def test_it_belongs_to_those_who_watch_over_registers(zoya: Browser) -> None:
    assert {role for role in Role if Right.SEE_CHANGES in RIGHTS[role]} == {
        Role.SENIOR_MEDIC,
        Role.ADMINISTRATOR,
        Role.AUDITOR,
    }
    assert zoya.get("/changes").status_code == 403
    assert 'href="/changes"' not in zoya.get("/registers/workers").text


def test_every_field_that_can_change_has_words(centre: ConsoleCentre, senior: Browser) -> None:
    with reading(centre.engine) as connection:
        stored = connection.execute(select(register_change.c.fields)).scalars().all()
    names = {name for fields in stored for name in fields} | {
        field.name for form in FORMS.values() for field in form.fields
    }
    assert len(names) > 20
    for language in LANGUAGES:
        words = catalogue(language)
        assert {name for name in names if f"entry.field.{name}" not in words} <= {"archived_at", "active", "medic_id"}
