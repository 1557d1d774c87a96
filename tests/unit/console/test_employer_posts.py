"""The staffing table: posts by form and file, who is on them, and what their harm factors do."""

import contextlib
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import openpyxl
import pytest
from sqlalchemy import func, select, update

from central.core.days import day_of
from central.core.rights import Role
from central.imports.posts import HEADINGS
from central.imports.tables import write_table
from central.store.engine import reading, writing
from central.store.posts import post
from central.store.registry import worker
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import CSRF, Browser, ConsoleCentre
from tests.contract_records import add_post
from tests.unit.console.test_employer_workforce import _card
from tests.unit.console.test_ground_rules import entry, publish, senior

__all__ = ["senior"]
PAGE = "/employer/posts"
NEW = {"number": "12", "title": "Водитель автобуса", "places": "2", "harm_factors": "4.1", "sout_class": "3.1"}


@pytest.fixture
def hr(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """HR of the first employer."""
    centre.add_account("hr", Role.EMPLOYER_HR, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("hr", unlock=False)


def _send(hr: Browser, action: str, *rows: dict[str, str]) -> httpx.Response:
    content = write_table(HEADINGS, [[row.get(name, "") for name in HEADINGS] for row in rows])
    fields = {"csrf": CSRF.findall(hr.get(PAGE).text)[-1], "action": action}
    return hr.http.post(f"{PAGE}/file", data=fields, files={"file": ("posts.xlsx", content)})


def _put(hr: Browser, worker_id: str, number: str) -> httpx.Response:
    return hr.post(f"/employer/workers/{worker_id}", _card(hr, worker_id) | {"post_number": number})


def _words(answer: httpx.Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_the_factors_of_a_post_decide_what_a_worker_on_it_needs(
    centre: ConsoleCentre, senior: Browser, hr: Browser
) -> None:
    """A rule about a factor holds whoever is put on a post with it, and lets go when the post is mended."""
    publish(senior, attr__okved="", attr__harm_factors="4", attr__effect="in_person")
    with writing(centre.engine) as connection:
        # A worker of whom nobody has said any factor is asked about; this one is exposed to something else.
        connection.execute(update(worker).where(worker.c.personnel_number == "1001").values(harm_factors=["1.1"]))
    assert hr.post(PAGE, NEW | {"sout_until": "2020-01-31"}).status_code == 303
    stepan = centre.people.workers["1001"]
    assert entry(centre).holds == ()
    assert _put(hr, stepan, "13").status_code == 422, "there is no such post"
    assert _put(hr, stepan, "12").status_code == 303
    assert [one.rule for one in entry(centre).holds] == ["drivers_book"]

    listed = _words(hr.get(PAGE))
    assert "1 из 2" in listed
    assert "Есть места (1)" in listed
    assert "СОУТ кончается (1)" in listed, "what is over is said"
    assert "до 31.01.2020 срок вышел" in listed

    with reading(centre.engine) as connection:
        post_id = connection.execute(select(post.c.post_id)).scalar_one()
    own = f"{PAGE}/{post_id}"
    refused = hr.post(f"{own}/close", {"seen": "1"}, page=own)
    assert refused.status_code == 422
    assert "На этой должности работников: 1" in refused.text
    changed = {"title": "Механик", "places": "2", "seen": "1"}
    assert hr.post(own, changed).status_code == 303
    assert hr.post(own, changed).status_code == 409, "somebody has changed it meanwhile"
    assert entry(centre).holds == (), "the roster is made anew when the post changes"
    assert "Водитель автобуса" in hr.get(own).text, "the history keeps what it was"

    assert _put(hr, stepan, "").status_code == 303
    assert hr.post(f"{own}/close", {"seen": "2"}, page=own).status_code == 303
    assert _put(hr, stepan, "12").status_code == 422, "nobody is put on a closed post"


def test_a_file_is_taken_whole_once_and_its_faults_name_row_and_column(centre: ConsoleCentre, hr: Browser) -> None:
    tomorrow = day_of(centre.now()) + timedelta(days=1)
    good = {
        "Номер строки": "12",
        "Должность": "Водитель",
        "Штатных единиц": "4",
        "Вредные факторы": "4.1",
        "СОУТ до": f"{tomorrow:%d.%m.%Y}",
    }
    bad = (
        good | {"Класс СОУТ": "5"},
        good | {"Номер строки": "12"},
        good | {"Номер строки": "14", "Штатных единиц": "0"},
        good | {"Номер строки": "15", "Вредные факторы": "99.9"},
        good | {"Номер строки": "16", "Работодатель": "ООО «Чужой»"},
        good | {"Номер строки": "17", "СОУТ до": "завтра"},
    )
    refused = _send(hr, "apply", *bad)
    assert refused.status_code == 422
    said = _words(refused)
    for row, column, words in (
        (2, "Класс СОУТ", "выберите одно"),
        (3, "Номер строки", "встречается дважды"),
        (4, "Штатных единиц", "от 1 до 9999"),
        (5, "Вредные факторы", "такого кода нет в справочнике"),
        (6, "Работодатель", "такого работодателя нет"),
        (7, "СОУТ до", "это не дата"),
    ):
        assert re.search(rf"строка {row} {column} «?[^»]*»?.*?{words}", said), (row, said)
    faulty = openpyxl.load_workbook(io.BytesIO(_send(hr, "errors", *bad).content)).active
    assert faulty is not None
    assert faulty.max_row == 7
    with reading(centre.engine) as connection:
        assert connection.execute(select(func.count()).select_from(post)).scalar_one() == 0

    assert "новых 1, изменённых 0" in _send(hr, "check", good).text
    assert "Сохранено: новых 1" in _send(hr, "apply", good).text
    assert "новых 0, изменённых 0, без изменений 1" in _send(hr, "apply", good).text
    assert "изменённых 1" in _send(hr, "apply", good | {"Штатных единиц": "5"}).text
    # What goes out comes back unchanged.
    content = hr.get(f"{PAGE}/form").content
    fields = {"csrf": CSRF.findall(hr.get(PAGE).text)[-1], "action": "apply"}
    back = hr.http.post(f"{PAGE}/file", data=fields, files={"file": ("posts.xlsx", content)})
    assert "новых 0, изменённых 0, без изменений 1" in back.text


def test_posts_of_another_employer_are_not_there(centre: ConsoleCentre, hr: Browser) -> None:
    with writing(centre.engine) as connection:
        theirs = add_post(connection, ORG, centre.people.employers[1], centre.now())
    assert hr.get(f"{PAGE}/{theirs}").status_code == 404
    assert hr.post(f"{PAGE}/{theirs}", NEW | {"seen": "2"}, page=PAGE).status_code == 404
    assert hr.post(f"{PAGE}/{theirs}/close", {"seen": "2"}, page=PAGE).status_code == 404
    assert hr.post(PAGE, NEW | {"employer": centre.people.employers[1]}).status_code == 404
    assert "Автоколонна" not in hr.get(PAGE).text
    assert _put(hr, centre.people.workers["1001"], "12").status_code == 422, "a post of the own employer alone"
