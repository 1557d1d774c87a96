"""Looking somebody up by SNILS: found the whole way, and the number stands in no address, log or row."""

import contextlib
import csv
import io
import logging
import re
import sqlite3
from collections.abc import Iterator
from urllib.parse import unquote_plus

import httpx
import pytest
from sqlalchemy import select

from central.core.parties import Worker
from central.core.rights import Role
from central.core.sealed_words import WordsSeal
from central.core.snils import digits_in
from central.store import jobs as job_store
from central.store.audit import audit
from central.store.engine import reading, writing
from dopusk.lab.demo.sample_people import ORG, sample_snils
from tests.console_centre import PASSWORD, Browser, ConsoleCentre, shows
from tests.waiting import until

SNILS = sample_snils("1002")
BARE = digits_in(SNILS)
WRONG = f"{SNILS[:-2]}{(int(SNILS[-2:]) + 1) % 100:02d}"


def _forms(number: str) -> set[str]:
    return {number, digits_in(number), number.replace(" ", "+"), number.replace(" ", "%20"), number.replace(" ", "-")}


def _assert_nowhere(text: str, *numbers: str) -> None:
    for number in numbers:
        for form in _forms(number):
            assert form not in text, form


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


def _find(browser: Browser, person: str, **fields: str) -> httpx.Response:
    return browser.post("/journal", {"person": person} | fields)


def _cells(browser: Browser, query: str) -> list[list[str]]:
    content = browser.get(f"/journal/export/csv?{query}").content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content), delimiter=";"))


@pytest.mark.parametrize("typed", [SNILS, BARE, f" {SNILS.replace('-', ' ')} "])
def test_a_snils_finds_the_exams_of_its_worker_alone(centre: ConsoleCentre, zoya: Browser, typed: str) -> None:
    exams = {number: centre.exam(number) for number in ("1001", "1002", "1003")}
    answer = _find(zoya, typed, exam_type="pre_shift")
    assert answer.status_code == 303, answer.text
    address = str(answer.headers["location"])
    assert address == f"/journal?exam_type=pre_shift&worker_id={centre.people.workers['1002']}"
    page = zoya.get(address).text
    assert {number for number, exam_id in exams.items() if f"/exams/{exam_id}" in page} == {"1002"}
    assert "Заречная Ольга Марковна, 1002" in page
    assert len(_cells(zoya, address.split("?")[1])) == 2, "headings, and the one row"


def test_the_number_is_in_no_address_log_or_row(
    centre: ConsoleCentre, zoya: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    centre.exam("1002")
    with caplog.at_level(logging.DEBUG):
        found = _find(zoya, SNILS)
        pages = [zoya.get(str(found.headers["location"])), zoya.get("/audit")]
        query = str(found.headers["location"]).split("?")[1]
        job = zoya.post(f"/journal/exports/csv?{query}", {}, page="/journal")
        path = str(job.headers["location"])
        assert until(lambda: "data-job" not in zoya.get(path).text)
        pages += [zoya.get(path), zoya.get(f"{path}/file")]
        refused = [_find(zoya, WRONG), _find(zoya, BARE[:10])]
        in_register = zoya.post("/registers/workers", {"q": SNILS})
    assert [answer.status_code for answer in refused] == [422, 422]
    for answer in [*pages, found, job, in_register]:
        _assert_nowhere(unquote_plus(answer.text), SNILS, WRONG)
        _assert_nowhere(unquote_plus(str(answer.headers)) + str(answer.url), SNILS, WRONG)
    for answer in refused:
        _assert_nowhere(unquote_plus(str(answer.headers)) + str(answer.url), SNILS, WRONG)
        kept = re.sub(r'<input name="person"[^>]*>', "", answer.text)
        _assert_nowhere(kept, SNILS, WRONG)
    _assert_nowhere(caplog.text, SNILS, WRONG)
    with contextlib.closing(sqlite3.connect(centre.folder / "central.db")) as store:
        _assert_nowhere("\n".join(store.iterdump()), SNILS, WRONG)
    with reading(centre.engine) as connection:
        rows = connection.execute(
            select(audit.c.subject, audit.c.detail).where(audit.c.action == "worker.find").order_by(audit.c.audit_id)
        ).all()
    worker_id = centre.people.workers["1002"]
    assert [tuple(row) for row in rows] == [
        (worker_id, {"found": 1}),
        ("", {"found": 0}),
        ("", {"found": 0}),
        (worker_id, {"found": 1}),
    ]


def test_an_export_in_the_background_carries_the_worker(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.exam("1001")
    centre.exam("1002")
    query = str(_find(zoya, SNILS).headers["location"]).split("?")[1]
    path = str(zoya.post(f"/journal/exports/csv?{query}", {}, page="/journal").headers["location"])
    assert until(lambda: "data-job" not in zoya.get(path).text)
    with reading(centre.engine) as connection:
        job = job_store.find(connection, path.rsplit("/", 1)[1])
    assert job is not None
    assert job.params["filter"]["worker_ids"] == [centre.people.workers["1002"]]
    assert job.rows_done == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (WRONG, "контрольное число СНИЛС не сходится"),
        (sample_snils("7777"), "работника с таким СНИЛС в реестре нет"),
        (BARE[:10], "в СНИЛС 11 цифр"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_the_rest_stays(
    centre: ConsoleCentre, zoya: Browser, typed: str, said: str
) -> None:
    answer = _find(zoya, typed, since="2026-01-01", deviation="1")
    assert answer.status_code == 422
    field = answer.text.split('name="person"')[1].split("</label>")[0]
    assert 'aria-invalid="true"' in field
    assert said in field
    assert f'value="{typed}"' in field
    assert 'autocomplete="off"' in field
    assert 'value="2026-01-01"' in answer.text
    assert "Найдено" not in answer.text, "rows of others would be taken for the wanted ones"
    register = zoya.post("/registers/workers", {"q": typed})
    assert register.status_code == 422
    assert said in register.text.split('name="q"')[1].split("</label>")[0]


def test_no_name_and_no_number_stands_in_an_address_and_both_are_found(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam("1002")
    for typed in (" заречная  ольга ", "1002"):
        for path, field, shown in (("/journal", "person", exam_id), ("/registers/workers", "q", "Заречная Ольга")):
            location = str(zoya.post(path, {field: typed}).headers["location"])
            assert re.fullmatch(rf"{path}\?sought=[\w-]+", location)
            page = zoya.get(location).text
            assert shown in page
            assert f'value="{" ".join(typed.split())}"' in page, "what was typed stands in its field"
            assert "Ветров" not in page
            links = "".join(re.findall(r'(?:href|action)="([^"]*)"', page))
            assert not shows(links, "1002")
            assert "%D0%B7" not in links.lower().replace("%d0%97", "")


def test_links_carry_a_search_on_that_was_written_into_the_address_by_hand(
    centre: ConsoleCentre, zoya: Browser
) -> None:
    hers, his = centre.exam("1002"), centre.exam("1001")
    page = zoya.get("/journal?person=Зареч").text
    assert hers in page
    assert his not in page
    tab = re.findall(r'href="(/journal\?[^"]*unfinished=1[^"]*)"', page)[0].replace("&amp;", "&")
    assert "sought=" in tab
    assert "person=" not in tab
    centre.exam("1002", state="unfinished", end_reason="interrupted", measurements=[])
    assert "Заречная" in zoya.get(tab).text


@pytest.mark.parametrize("path", ["/journal", "/registers/workers"])
def test_a_search_that_was_sealed_elsewhere_is_asked_for_again(centre: ConsoleCentre, zoya: Browser, path: str) -> None:
    exam_id = centre.exam("1002")
    for wrong in ("x", "я", "A" * 60, "A" * 2000, WordsSeal(b"another secret").seal("Заречная")):
        answer = zoya.get(path, params={"sought": wrong})
        assert answer.status_code == 422
        assert "введите его снова" in answer.text
        assert exam_id not in answer.text
        assert "Заречная" not in answer.text


def test_who_was_found_stays_until_somebody_else_is_typed(centre: ConsoleCentre, zoya: Browser) -> None:
    worker_id = centre.people.workers["1002"]
    kept = _find(zoya, "", worker_id=worker_id, outcome="waiting")
    assert kept.headers["location"] == f"/journal?outcome=waiting&worker_id={worker_id}"
    another = str(_find(zoya, "1001", worker_id=worker_id).headers["location"])
    assert another.startswith("/journal?sought=")
    assert worker_id not in another


@pytest.mark.parametrize("path", ["/journal?person=", "/journal/export/csv?person=", "/registers/workers?q="])
def test_a_number_in_an_address_is_refused_and_carried_no_further(
    centre: ConsoleCentre, zoya: Browser, path: str
) -> None:
    exam_id = centre.exam("1002")
    answer = zoya.get(f"{path}{BARE}")
    assert answer.status_code == 422
    assert "СНИЛС не должен стоять в адресе" in answer.text
    _assert_nowhere(answer.text, SNILS)
    assert exam_id not in answer.text
    assert "Заречная" not in answer.text


def test_others_workers_are_not_found(centre: ConsoleCentre, address: str) -> None:
    centre.exam("1002")
    centre.add_account("chuzhaya", Role.SENIOR_MEDIC, orgs=("another",))
    with contextlib.closing(Browser(address)) as stranger:
        stranger.log_in("chuzhaya", unlock=False)
        assert "в реестре нет" in _find(stranger, SNILS).text
        page = stranger.get(f"/journal?worker_id={centre.people.workers['1002']}").text
        assert "Заречная" not in page
        assert "Ничего не найдено" in page
        assert "Заречная" not in stranger.get(f"/registers/workers?worker_id={centre.people.workers['1002']}").text


def test_a_long_personnel_number_is_found_and_stays_out_of_the_address(centre: ConsoleCentre, zoya: Browser) -> None:
    with writing(centre.engine) as connection:
        long = Worker(ORG, centre.people.employers[0], "12345678901", "Дальний Егор Ильич", "слесарь")
        centre.registry.save_workers(connection, [long])
    assert _find(zoya, "12345678901").headers["location"] == f"/journal?worker_id={long.worker_id}"


def test_a_worker_in_the_archive_is_found_and_marked(centre: ConsoleCentre, senior: Browser) -> None:
    worker_id = centre.people.workers["1002"]
    senior.post(
        f"/registers/workers/{worker_id}/archive", {"action": "archive"}, page=f"/registers/workers/{worker_id}"
    )
    answer = senior.post("/registers/workers", {"q": SNILS})
    page = senior.get(str(answer.headers["location"])).text
    assert "Заречная Ольга Марковна" in page
    assert "в архиве" in page


def test_an_ended_session_keeps_no_number(centre: ConsoleCentre, zoya: Browser) -> None:
    zoya.http.cookies.clear()
    for path, fields in (
        ("/journal", {"person": SNILS}),
        ("/registers/workers", {"q": SNILS}),
        ("/registers/workers/new", {"snils": SNILS, "full_name": "Новый Олег"}),
    ):
        ended = zoya.http.post(path, data=fields)
        assert ended.status_code == 401
        draft = ended.text.split('name="draft" value="')[1].split('"')[0]
        token = ended.text.split('name="csrf" value="')[1].split('"')[0]
        entered = zoya.http.post(
            "/login", data={"csrf": token, "draft": draft, "username": "zoya", "password": PASSWORD}
        )
        assert entered.headers["location"] == path
        assert zoya.get(path).status_code in (200, 403)
        with contextlib.closing(sqlite3.connect(centre.folder / "central.db")) as store:
            _assert_nowhere("\n".join(store.iterdump()), SNILS)
        zoya.http.cookies.clear()
