"""The sanitary passport: what complies, what ends, what is due; on paper dates and no finding, with the longest names."""

import contextlib
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from central.core.days import day_of
from central.core.rights import Role
from central.store.engine import writing
from central.store.passport_records import passport_record
from central.store.registry import employer, worker
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre
from tests.unit.console.test_ground_rules import a_book, send, senior

__all__ = ["senior"]


@pytest.fixture
def passport(centre: ConsoleCentre, senior: Browser) -> str:
    """Its address, of a worker with a book, an examination, and vaccinations of which one came too early."""
    today = day_of(centre.now())

    def ago(days: int) -> str:
        return f"{today - timedelta(days=days):%d.%m.%Y}"

    shots = [
        {"Вид": "Прививка", "Прививка": vaccine, "Дата": ago(days), "Источник": "Кабинет прививок", "Номер": number}
        for vaccine, days, number in (
            ("Корь", 200, "V1"),
            ("Корь", 190, "V2"),
            ("Дифтерия и столбняк", 4000, "D1"),
            ("Гепатит A", 50, "A1"),
        )
    ]
    exam = {
        "Вид": "Периодический осмотр",
        "Действует до": ago(-100),
        "Заключение": "ограничения",
        "Примечание": "диоптрии",
    }
    send(senior, centre, a_book(today + timedelta(days=3)), exam, *shots)
    return f"/workers/{centre.people.workers['1001']}/passport"


def test_the_page_says_what_complies_and_what_is_due(senior: Browser, passport: str) -> None:
    assert passport in senior.get(passport.removesuffix("/passport")).text
    shown = senior.get(passport).text
    assert "Соответствует" in shown
    for words in (
        "86-01-027970-25",
        "Дифтерия и столбняк",
        "пора",
        "возможный повтор",
        "срок не сверен с приказом",
        "Медкнижку ещё не проверяли",
    ):
        assert words in shown, words
    assert "срок не сверен с приказом" in senior.get("/books/vaccines").text
    senior.http.cookies.set("dopusk_language", "en")
    assert "Sanitary passport" in senior.get(passport).text


def test_documents_are_chosen_by_kind_and_day(centre: ConsoleCentre, senior: Browser, passport: str) -> None:
    today = day_of(centre.now())
    table = senior.get(f"{passport}?kind=medical_book").text.split('name="until"')[1]
    assert "Медицинская книжка" in table
    assert "Прививка:" not in table
    recent = senior.get(f"{passport}?kind=vaccination&since={today - timedelta(days=60)}").text.split('name="until"')[1]
    assert "Гепатит A" in recent
    assert ">Прививка</a>: Корь" not in recent
    wrong = senior.get(f"{passport}?since=вчера")
    assert wrong.status_code == 422
    assert 'id="fault-since"' in wrong.text


def test_the_paper_has_dates_and_no_finding_and_the_longest_names_wrap(
    centre: ConsoleCentre, senior: Browser, passport: str, tmp_path: Path
) -> None:
    long = "Общество с ограниченной ответственностью «Североуральскгеологоразведкатрансстроймеханизация»" + "я" * 60
    name = "Вышневолоцкобородулинокрасноармейскинская Константинополина Александровна"
    with writing(centre.engine) as connection:
        connection.execute(update(employer).values(name=long))
        connection.execute(update(worker).where(worker.c.personnel_number == "1001").values(full_name=name))
    paper = senior.get(f"{passport}/file")
    assert paper.headers["content-type"] == "application/pdf"
    (tmp_path / "passport.pdf").write_bytes(paper.content)
    command = ["pdftotext", "-layout", tmp_path / "passport.pdf", "-"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for words in (
        "Санитарный паспорт",
        *name.split(),
        "Соответствует",
        "86-01-027970-25",
        "Дифтерия и столбняк",
        "не сверен",
        "пора",
    ):
        assert words in printed, words
    assert "я" * 20 in printed.replace("\n", "")
    for finding in ("диоптрии", "ограничения", "годен"):
        assert finding not in printed


def test_what_the_page_showed_is_signed_and_printed_as_it_was(
    centre: ConsoleCentre, senior: Browser, zoya: Browser, passport: str, tmp_path: Path
) -> None:
    assert zoya.get(f"{passport}/signed/file").status_code == 404
    seen = re.findall(r'name="seen" value="(\w{64})"', zoya.get(passport).text)[0]
    assert 'name="seen"' not in zoya.get(f"{passport}?kind=medical_book").text, "a choice is not signed"
    assert senior.post(f"{passport}/sign", {"seen": seen}, page=passport).status_code == 403, "no medic of the register"
    answer = zoya.post(f"{passport}/sign", {"seen": seen}, page=passport)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{passport}?signed=1")
    assert "Луговая Зоя Марковна" in zoya.get(passport).text.split('id="signed"')[1].split("</section>")[0]

    # What has changed since is not signed by a page of before; what was signed stays as it was.
    vaccination = {
        "Вид": "Прививка",
        "Прививка": "Грипп",
        "Дата": f"{day_of(centre.now()):%d.%m.%Y}",
        "Источник": "каб.",
    }
    send(senior, centre, vaccination)
    changed = zoya.post(f"{passport}/sign", {"seen": seen}, page=passport)
    assert changed.status_code == 409
    assert "ничего не подписано" in changed.text
    assert ">Прививка</a>: Грипп" in changed.text
    (tmp_path / "passport.pdf").write_bytes(zoya.get(f"{passport}/signed/file").content)
    command = ["pdftotext", "-layout", tmp_path / "passport.pdf", "-"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for words in ("86-01-027970-25", "Подписано электронно", "Луговая Зоя Марковна", "Сертификат"):
        assert words in printed, words
    assert "Грипп" not in printed

    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        record = connection.execute(select(passport_record.c.record)).scalar_one()
        connection.execute(update(passport_record).values(record=record + b" "))
    assert zoya.get(f"{passport}/signed/file").status_code == 409, "a record that was changed is not printed"
    zoya.post("/signature/close", {}, page="/signature")
    seen = re.findall(r'name="seen" value="(\w{64})"', zoya.get(passport).text)[0]
    assert zoya.post(f"{passport}/sign", {"seen": seen}, page=passport).headers["location"] == "/signature"


def test_without_grounds_nothing_complies(centre: ConsoleCentre, senior: Browser) -> None:
    shown = senior.get(f"/workers/{centre.people.workers['1002']}/passport").text
    assert "Не соответствует" in shown
    assert "Сведений о прививках нет" in shown
    assert "Документов нет" in shown


@pytest.fixture
def administrator(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("admin", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("admin", unlock=False)


def test_who_sees_no_exams_sees_no_passport(administrator: Browser, passport: str) -> None:
    assert administrator.get(passport).status_code == 403
    assert passport not in administrator.get(passport.removesuffix("/passport")).text
