"""Accounts of an employer: two roles, one or several employers, and nothing of anybody else's."""

import pytest
from sqlalchemy import event, insert, update

from central.core.rights import Role
from central.store import accounts, alerts, registry
from central.store.engine import reading, writing
from central.store.registry import employer, worker
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import new_id
from tests.console_centre import Browser, ConsoleCentre, shows


@pytest.fixture
def both(centre: ConsoleCentre, browser: Browser) -> Browser:
    """HR of both employers."""
    centre.add_account("both", Role.EMPLOYER_HR, employer_ids=centre.people.employers)
    return browser.log_in("both", unlock=False)


def test_who_is_of_two_employers_sees_both_and_chooses_one(centre: ConsoleCentre, both: Browser) -> None:
    first, second = centre.people.employers
    with reading(centre.engine) as connection:
        names = [registry.get_employer(connection, one)["name"] for one in (first, second)]  # type: ignore[index]
    page = both.get("/admissions").text
    assert all(name in page for name in names)
    assert "Ветров" in page
    assert "Громов" in page
    of_first, of_second = (both.get(f"/admissions?employer={one}").text.split("<main")[1] for one in (first, second))
    assert "Ветров" in of_first
    assert "Громов" not in of_first
    assert "Громов" in of_second
    assert "Ветров" not in of_second
    found = both.post("/admissions", {"q": "1001", "employer": second}, page="/admissions")
    assert found.status_code == 303
    assert "Ветров" not in both.get(str(found.headers["location"])).text


def test_an_employer_of_others_is_not_told_from_none(centre: ConsoleCentre, both: Browser) -> None:
    strange = new_id()
    with writing(centre.engine) as connection:
        row = dict(registry.get_employer(connection, centre.people.employers[0]) or {})
        connection.execute(insert(employer).values(**(row | {"employer_id": strange})))
    for path in ("/admissions", "/gates", "/admissions/book-check"):
        assert both.get(f"{path}?employer={strange}").status_code == 404, path
        assert both.get(f"{path}?employer={new_id()}").status_code == 404, path
        assert both.get(f"{path}?employer={centre.people.employers[1]}").status_code == 200, path


def test_an_alert_of_either_employer_is_theirs_to_acknowledge(centre: ConsoleCentre, both: Browser) -> None:
    exam_id = centre.exam("1004")
    with writing(centre.engine) as connection:
        for one in centre.people.employers:
            told = {"exam_id": exam_id, "decision_id": "d", "at": centre.now()}
            alerts.add(connection, kind="intoxication", org=ORG, employer_id=one, **told)
    assert both.get("/admissions").text.count('role="alert"') == 2
    for one in centre.people.employers:
        page = f"/admissions?employer={one}"
        assert both.get(page).text.count('role="alert"') == 1
        seen = both.get(page).text.split('action="/admissions/alerts/')[1].split('"')[0]
        assert both.post(f"/admissions/alerts/{seen}", {}, page=page).status_code == 303
        assert 'role="alert"' not in both.get(page).text


def test_an_employer_that_is_put_away_says_so(centre: ConsoleCentre, both: Browser) -> None:
    first, second = centre.people.employers
    with writing(centre.engine) as connection:
        connection.execute(update(employer).where(employer.c.employer_id == first).values(archived_at=centre.now()))
    assert "Ветров" not in both.get("/admissions").text
    assert both.get(f"/admissions?employer={first}").status_code == 404
    with writing(centre.engine) as connection:
        connection.execute(update(employer).where(employer.c.employer_id == second).values(archived_at=centre.now()))
    closed = both.get("/admissions")
    assert closed.status_code == 403
    assert "работодатель закрыт" in closed.text


def test_an_administrator_gives_and_takes_employers(centre: ConsoleCentre, browser: Browser) -> None:
    centre.add_account("admin", Role.ADMINISTRATOR)
    browser.log_in("admin", unlock=False)
    fields = {
        "username": "hr",
        "full_name": "Кадрова Вера",
        "role": "employer_hr",
        "password": "sturdy horse 9 battery",
    }
    refused = browser.post("/accounts", fields)
    assert refused.status_code == 422
    assert "Работодатели" in refused.text
    first, second = centre.people.employers
    assert browser.post("/accounts", fields | {"employer_id": [first, second]}).status_code == 303
    with reading(centre.engine) as connection:
        made = accounts.by_username(connection, "hr")
    assert made is not None
    assert set(made.employer_ids) == {first, second}
    edit = f"/accounts/{made.account_id}/edit"
    assert browser.get(edit).text.count(" checked>") == 3, "the organisation and both employers"
    changed = {"full_name": made.full_name, "role": "employer_hr", "org": ORG, "employer_id": [second]}
    assert browser.post(edit, changed).status_code == 303
    with reading(centre.engine) as connection:
        assert accounts.by_id(connection, made.account_id).employer_ids == (second,)  # type: ignore[union-attr]


def test_a_large_employer_is_counted_and_only_a_page_is_drawn(centre: ConsoleCentre, both: Browser) -> None:
    """As many statements for 40 people as for 2,040, and no page longer than a hundred rows."""
    drawn: list[tuple[int, int]] = []
    for more in (0, 2000):
        with writing(centre.engine) as connection:
            row = dict(connection.execute(worker.select().where(worker.c.personnel_number == "1001")).mappings().one())
            for place in range(more):
                new = {"worker_id": new_id(), "personnel_number": f"9{place:05d}", "full_name": f"Яшин {place:05d}"}
                connection.execute(worker.insert().values(**(row | new | {"search_name": f"яшин {place:05d}"})))
        statements: list[str] = []
        event.listen(centre.engine, "before_cursor_execute", lambda *a, into=statements: into.append(a[2]))
        page = both.get("/admissions").text
        drawn.append((len(statements), page.count("<tr><td>")))
    assert drawn[1][0] <= drawn[0][0]
    assert drawn[1][1] == 100
    assert shows(page, "страница 1 из 21")
    last = both.get("/admissions?page=21").text
    assert "Яшин 01999" in last
    assert "Яшин 00000" not in last


def test_departments_are_counted_and_chosen(centre: ConsoleCentre, zoya: Browser, both: Browser) -> None:
    with writing(centre.engine) as connection:
        for number, name in (("1001", "Гараж"), ("1002", "Склад")):
            of_it = worker.c.personnel_number == number
            connection.execute(update(worker).where(of_it).values(department=name))
    zoya.decide(centre.exam("1001"), outcome="admitted")
    page = both.get("/admissions").text
    garage = next(row for row in page.split("<tr>") if "department=%D0%93" in row)
    assert '<td class="num">1</td><td class="num">1</td><td class="num">0</td>' in garage
    chosen = both.get("/admissions?department=Гараж").text
    assert "Ветров" in chosen
    assert "Заречная" not in chosen.split("<h2")[0].split("<details")[0]
    assert "Все подразделения" in chosen
