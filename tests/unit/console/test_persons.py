"""One person with several employers, and employers with the same numbers: in forms, files and lists, and who sees what."""

from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from central.core.parties import Employer, Organisation, Worker
from central.core.rights import Role
from central.deciding.admissions import admissions
from central.store import api_keys
from central.store.accounts import account
from central.store.api_keys import ApiKey
from central.store.engine import reading, writing
from central.store.persons import person
from central.store.register_changes import register_change
from central.store.registry import worker
from dopusk.lab.demo.sample_people import EMPLOYERS, ORG, PEOPLE, sample_snils
from sync.contract.canonical import new_id
from tests.console_centre import Browser, ConsoleCentre, shows
from tests.workbooks import table

FIRST, SECOND = EMPLOYERS
VETROV = PEOPLE[0]


@pytest.fixture
def senior(centre: ConsoleCentre, zoya: Browser) -> Browser:
    """A senior medic, who keeps the registers."""
    with writing(centre.engine) as connection:
        connection.execute(update(account).values(role=str(Role.SENIOR_MEDIC)))
    return zoya


def _fields(centre: ConsoleCentre, employer: int = 1, **changes: str) -> dict[str, str]:
    return {
        "personnel_number": "1001",
        "full_name": "Ковалёв Тимур Олегович",
        "position": "слесарь",
        "employer_id": centre.people.employers[employer],
        "remote_allowed": "yes",
    } | changes


def _send(browser: Browser, path: str, fields: dict[str, str]) -> httpx.Response:
    page = browser.get(path).text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    return browser.post(path, {"seen": seen} | fields, page=path)


def _enter(browser: Browser, fields: dict[str, str]) -> str:
    answer = _send(browser, "/registers/workers/new", fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).split("?")[0].rsplit("/", 1)[1]


def _row(number: str = "1001", employer: str = SECOND, **changes: str) -> dict[str, str]:
    return {
        "Табельный номер": number,
        "ФИО": "Ковалёв Тимур Олегович",
        "Должность": "слесарь",
        "Работодатель": employer,
        "Дистанционный осмотр": "да",
    } | changes


def _import(browser: Browser, *rows: dict[str, str], action: str = "apply") -> httpx.Response:
    names = list(dict.fromkeys(name for row in rows for name in row))
    content = table(names, *rows)
    return _upload(browser, content, action)


def _upload(browser: Browser, content: bytes, action: str) -> httpx.Response:
    csrf = browser.get("/registers/workers").text.split('name="csrf" value="')[1].split('"')[0]
    return browser.http.post(
        "/registers/workers/import", data={"csrf": csrf, "action": action}, files={"file": ("w.xlsx", content)}
    )


def _workers(centre: ConsoleCentre, **values: Any) -> list[Any]:
    with reading(centre.engine) as connection:
        query = select(worker).order_by(worker.c.worker_id)
        for name, value in values.items():
            query = query.where(worker.c[name] == value)
        return list(connection.execute(query))


def _people(centre: ConsoleCentre) -> int:
    with reading(centre.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(person)).scalar_one())


def _at(answer: httpx.Response, field: str) -> str:
    assert answer.status_code == 422, answer.text
    return answer.text.split(f'id="fault-{field}"')[1].split("</label>")[0]


def test_a_second_employer_uses_the_same_number(centre: ConsoleCentre, senior: Browser) -> None:
    _enter(senior, _fields(centre))
    assert {row.full_name for row in _workers(centre, personnel_number="1001")} == {
        VETROV.full_name,
        "Ковалёв Тимур Олегович",
    }
    again = _send(senior, "/registers/workers/new", _fields(centre, full_name="Иной Иван"))
    assert "Ковалёв Тимур Олегович" in _at(again, "personnel_number")
    found = senior.get("/registers/workers?q=1001").text
    assert VETROV.full_name in found
    assert "Ковалёв Тимур Олегович" in found


def test_a_second_job_is_of_the_same_person(centre: ConsoleCentre, senior: Browser) -> None:
    before = _people(centre)
    fields = _fields(centre, full_name=VETROV.full_name, snils=sample_snils("1001"))
    worker_id = _enter(senior, fields)
    rows = _workers(centre, full_name=VETROV.full_name)
    assert len(rows) == 2
    assert len({row.person_id for row in rows}) == 1
    assert _people(centre) == before
    # What was left out of the second entry is known of the person.
    assert {row.birth_date for row in rows} == {VETROV.birth_date}
    assert {row.sex for row in rows} == {"male"}
    # What is the person's changes in both, and stands in the history of both.
    renamed = fields | {"full_name": "Ветров-Лис Степан Ильич", "birth_date": "1981-03-15", "sex": "male", "snils": ""}
    assert _send(senior, f"/registers/workers/{worker_id}", renamed).status_code == 303
    rows = _workers(centre, person_id=rows[0].person_id)
    assert {(row.full_name, row.search_name, row.birth_date) for row in rows} == {
        ("Ветров-Лис Степан Ильич", "ветров-лис степан ильич", date(1981, 3, 15))
    }
    with reading(centre.engine) as connection:
        told = connection.execute(
            select(register_change.c.entry_id, register_change.c.fields).where(register_change.c.action == "change")
        ).all()
    assert {row.entry_id for row in told} == {row.worker_id for row in rows}
    assert all(row.fields["full_name"] == [VETROV.full_name, "Ветров-Лис Степан Ильич"] for row in told)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"birth_date": "1990-01-01", "full_name": VETROV.full_name}, "birth_date", "записано иначе"),
        ({"birth_date": "1981-03-14"}, "full_name", "записано иначе"),
        ({}, "snils", "за другим работником"),
        ({"employer": "0", "full_name": VETROV.full_name, "personnel_number": "77"}, "snils", VETROV.full_name),
    ],
)
def test_a_number_of_a_person_under_another_name_is_said_at_the_field(
    centre: ConsoleCentre, senior: Browser, changes: dict[str, str], field: str, said: str
) -> None:
    rows, people = len(_workers(centre)), _people(centre)
    employer = int(changes.pop("employer", "1"))
    answer = _send(senior, "/registers/workers/new", _fields(centre, employer, snils=sample_snils("1001"), **changes))
    assert said in _at(answer, field)
    assert (len(_workers(centre)), _people(centre)) == (rows, people)


def test_a_file_says_by_its_employer_whose_number_it_means(centre: ConsoleCentre, senior: Browser) -> None:
    snils = sample_snils("1001")
    same = _row("1001", SECOND, **{"ФИО": VETROV.full_name, "СНИЛС": snils, "Принят": "01.02.2026"})
    changed = _row("1001", FIRST, **{"ФИО": VETROV.full_name, "Должность": "механик", "СНИЛС": ""})
    answer = _import(senior, same, changed)
    assert answer.status_code == 200, answer.text
    rows = {row.employer_id: row for row in _workers(centre, full_name=VETROV.full_name)}
    first, second = (rows[employer_id] for employer_id in centre.people.employers)
    assert (first.position, second.position) == ("механик", "слесарь")
    assert first.person_id == second.person_id
    assert second.since == date(2026, 2, 1)
    # The same file again changes nothing.
    assert "добавлено 0, изменено 0, без изменений 2" in _import(senior, same, changed, action="check").text
    # And what leaves can be taken back.
    export = senior.get("/registers/workers/export").content
    page = _upload(senior, export, "check")
    assert "добавлено 0, изменено 0" in page.text


@pytest.mark.parametrize(
    ("rows", "column", "said"),
    [
        ([{"ФИО": VETROV.full_name, "Дата рождения": "01.01.1990"}], "Дата рождения", "записано иначе"),
        ([{"ФИО": "Ветров Семён Ильич", "Дата рождения": "14.03.1981"}], "ФИО", VETROV.full_name),
        ([{}], "СНИЛС", "за другим работником"),
        ([{"Работодатель": FIRST, "Табельный номер": "77", "ФИО": VETROV.full_name}], "СНИЛС", VETROV.full_name),
        (
            [{"ФИО": VETROV.full_name}, {"Табельный номер": "78", "ФИО": VETROV.full_name}],
            "СНИЛС",
            "встречается дважды: строка 2",
        ),
    ],
)
def test_a_file_that_calls_a_person_otherwise_stores_nothing(
    centre: ConsoleCentre, senior: Browser, rows: list[dict[str, str]], column: str, said: str
) -> None:
    before = len(_workers(centre))
    other = _row("90", SECOND, **{"ФИО": "Новая Нина Ивановна"})
    answer = _import(senior, *(_row(**{"СНИЛС": sample_snils("1001")} | row) for row in rows), other)
    assert answer.status_code == 422
    cells = answer.text.split('data-fixed="file"')[1].split("</table>")[0]
    assert any(f"<td>{column}</td>" in line and said in line for line in cells.split("<tr>")), cells
    assert len(_workers(centre)) == before


def test_rows_of_one_person_in_one_file_agree(centre: ConsoleCentre, senior: Browser) -> None:
    snils = sample_snils("3001")
    rows = [
        _row("11", FIRST, **{"СНИЛС": snils, "Дата рождения": "01.02.1980"}),
        _row("11", SECOND, **{"СНИЛС": snils, "Дата рождения": "01.02.1981"}),
    ]
    answer = _import(senior, *rows)
    assert answer.status_code == 422
    assert "записано иначе: строка 2" in answer.text
    rows[1]["Дата рождения"] = "01.02.1980"
    people = _people(centre)
    assert _import(senior, *rows).status_code == 200
    assert len({row.person_id for row in _workers(centre, personnel_number="11")}) == 1
    assert _people(centre) == people + 1
    # A new name in both rows is a new name of the person; in one alone it is a fault.
    married = [row | {"ФИО": "Иная Фамилия"} for row in rows]
    assert "записано иначе" in _import(senior, married[0]).text
    assert _import(senior, *married).status_code == 200
    assert {row.full_name for row in _workers(centre, personnel_number="11")} == {"Иная Фамилия"}


def test_who_comes_back_to_an_employer_has_two_employments(centre: ConsoleCentre, senior: Browser) -> None:
    today = centre.now().astimezone().date()
    fields = _fields(centre, 0, full_name=VETROV.full_name, snils=sample_snils("1001"), personnel_number="77")
    assert VETROV.full_name in _at(_send(senior, "/registers/workers/new", fields), "snils")
    with reading(centre.engine) as connection:
        [row] = connection.execute(select(worker).where(worker.c.full_name == VETROV.full_name)).mappings().all()
    left = {name: str(row[name] or "") for name in ("personnel_number", "full_name", "position", "employer_id", "sex")}
    left |= {"birth_date": str(row["birth_date"]), "remote_allowed": "yes", "until": str(today - timedelta(days=1))}
    assert _send(senior, f"/registers/workers/{row['worker_id']}", left).status_code == 303
    _enter(senior, fields | {"since": str(today)})
    assert len({one.person_id for one in _workers(centre, full_name=VETROV.full_name)}) == 1


def test_an_employer_is_changed_by_a_transfer_alone(centre: ConsoleCentre, senior: Browser) -> None:
    worker_id = centre.people.workers["1001"]
    fields = _fields(centre, 1, full_name=VETROV.full_name)
    answer = _send(senior, f"/registers/workers/{worker_id}", fields)
    assert "Перевести" in _at(answer, "employer_id")


def test_what_another_organisation_knows_of_a_person_is_not_told(centre: ConsoleCentre, senior: Browser) -> None:
    snils = sample_snils("5001")
    with writing(centre.engine) as connection:
        centre.registry.add_organisation(connection, Organisation("luch", "Медпункт «Луч»", ""))
        theirs = centre.registry.add_employer(connection, Employer("luch", "ООО «Чужое депо»"))
        known = Worker(
            "luch", theirs, "555", "Тайная Юлия Ильинична", "кладовщик", snils=snils, birth_date=date(1977, 7, 7)
        )
        centre.registry.save_workers(connection, [known])
    wrong = _fields(centre, snils=snils, birth_date="1990-01-01")
    for answer in (
        _send(senior, "/registers/workers/new", wrong),
        _import(senior, _row(**{"СНИЛС": snils, "Дата рождения": "01.01.1990"})),
    ):
        assert answer.status_code == 422
        assert "с другими ФИО или датой рождения" in answer.text
        for secret in ("Тайная", "07.07.1977", "1977-07-07", "Чужое депо", "Луч"):
            assert secret not in answer.text
        assert not shows(answer.text, "555"), "ids are full of such digits"
    # Who is called as the centre knows the person is the same one, of whom nothing is filled in from there.
    worker_id = _enter(senior, _fields(centre, snils=snils, full_name="Тайная Юлия Ильинична"))
    [own] = _workers(centre, worker_id=worker_id)
    [other] = _workers(centre, worker_id=known.worker_id)
    assert own.person_id == other.person_id
    assert (own.birth_date, other.birth_date) == (None, date(1977, 7, 7))
    # A new name here leaves the other organisation's record as it is.
    renamed = _fields(centre, full_name="Явная Юлия Ильинична")
    assert _send(senior, f"/registers/workers/{worker_id}", renamed).status_code == 303
    assert [row.full_name for row in _workers(centre, worker_id=known.worker_id)] == ["Тайная Юлия Ильинична"]
    page = senior.get(f"/registers/workers/{worker_id}").text
    for secret in ("Тайная", "Чужое депо", ">555<", "Луч"):
        assert secret not in page.replace("Тайная Юлия Ильинична</del>", "")


def _employ(centre: ConsoleCentre, number: str, **days: date | None) -> None:
    with writing(centre.engine) as connection:
        connection.execute(update(worker).where(worker.c.worker_id == centre.people.workers[number]).values(**days))


def test_who_is_not_employed_today_is_not_admitted(centre: ConsoleCentre, zoya: Browser) -> None:
    today = centre.now().astimezone().date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    exam_id, own = centre.exam("1001"), (centre.people.employers[0], centre.people.workers["1001"])
    for days in ({"until": yesterday}, {"since": tomorrow, "until": None}):
        _employ(centre, "1001", **{"since": None} | days)
        answer = zoya.decide(exam_id, outcome="admitted")
        assert answer.status_code == 422
        assert "сегодня не числится" in answer.text
    # What refuses is never kept back; and on the last day somebody still works.
    _employ(centre, "1001", since=today, until=today)
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    with reading(centre.engine) as connection:
        [state] = admissions(connection, own[0], centre.now(), own[1])
        assert state.state == "admitted"
    _employ(centre, "1001", until=yesterday, since=None)
    with reading(centre.engine) as connection:
        assert admissions(connection, own[0], centre.now(), own[1]) == []
        assert own[1] not in {one.worker_id for one in admissions(connection, own[0], centre.now())}
    # The last shift may end after the last day: its exam is decided, and admits to nothing.
    after = centre.exam("1001", exam_type="post_shift")
    assert zoya.decide(after, outcome="admitted").status_code == 303
    refused = centre.exam("1001")
    assert zoya.decide(refused, outcome="not_admitted", reasons="alcohol_breath").status_code == 303


def test_one_entry_after_another(centre: ConsoleCentre, senior: Browser) -> None:
    page = senior.get("/registers/workers/new").text
    assert 'id="save-next"' in page
    answer = _send(senior, "/registers/workers/new", _fields(centre) | {"then": "next"})
    assert answer.status_code == 303
    following = senior.get(str(answer.headers["location"])).text
    assert "Ковалёв Тимур Олегович" in following
    assert f'value="{centre.people.employers[1]}" selected' in following
    # Whether the next may be examined remotely has to be said anew.
    assert 'value="yes" selected' not in following
    fault = _send(senior, "/registers/workers/new", _fields(centre) | {"then": "next"})
    assert fault.status_code == 422
    assert 'id="save-next"' in fault.text


def test_a_gate_of_one_employer_never_learns_of_anothers_number(centre: ConsoleCentre, senior: Browser) -> None:
    other = Worker(ORG, centre.people.employers[1], "1001", "Ковалёв Тимур Олегович", "слесарь")
    with writing(centre.engine) as connection:
        centre.registry.save_workers(connection, [other])
        for place, theirs in enumerate(centre.people.employers):
            hashed = sha256(f"secret-{place}".encode()).hexdigest()
            api_keys.add(
                connection, ApiKey(new_id(), ORG, theirs, f"gate {place}", hashed, centre.now(), "test", None, None)
            )
    exam_id = centre.exam("1001")
    senior.decide(exam_id, outcome="admitted")
    base = str(senior.http.base_url).rstrip("/")
    for path in ("/admissions/1001", "/admissions?personnel_number=1001", "/admissions"):
        first, second = (
            httpx.get(f"{base}/api/v1{path}", headers={"Authorization": f"Bearer secret-{place}"}).text
            for place in (0, 1)
        )
        assert exam_id in first
        assert '"admitted"' in first
        assert exam_id not in second
        assert '"admitted"' not in second
    # Nor when only the other has the number.
    with writing(centre.engine) as connection:
        connection.execute(update(worker).where(worker.c.worker_id == other.worker_id).values(personnel_number="90"))
    answer = httpx.get(f"{base}/api/v1/admissions/90", headers={"Authorization": "Bearer secret-0"})
    assert answer.status_code == 404
