"""Exams of before: taken whole or not at all, shown as foreign with their source, and never an admission or a journal entry."""

import contextlib
import io
from collections.abc import Iterator
from datetime import timedelta

import httpx
import openpyxl
import pytest
from sqlalchemy import func, select

from central.core.rights import Role
from central.imports.history_columns import HEADINGS
from central.imports.tables import write_table
from central.store.engine import reading
from central.store.exams import exam
from central.store.foreign_exams import foreign_exam
from central.store.worklist import waiting
from dopusk.lab.demo.sample_people import ORG, sample_snils
from tests.console_centre import Browser, ConsoleCentre


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


def _row(centre: ConsoleCentre, **changes: str) -> dict[str, str]:
    """An exam of yesterday, admitted, as another system says."""
    row = {
        "Табельный номер": "1001",
        "Дата": f"{centre.now() - timedelta(days=1):%d.%m.%Y}",
        "Время": "7:05",
        "Вид осмотра": "Предрейсовый",
        "Заключение": "допущен",
        "Систолическое, мм рт. ст.": "191",
        "Диастолическое, мм рт. ст.": "101",
        "Температура, °C": "36,6",
        "Алкоголь в выдохе, мг/л": "0",
        "Номер записи": "0077",
        "Медработник": "Лесная Вера Ильинична",
        "Источник": "Журнал № 4, 2025",
    }
    return row | changes


def _send(browser: Browser, action: str, *rows: dict[str, str]) -> httpx.Response:
    token = browser.get("/imports/history").text.split('name="csrf" value="')[1].split('"')[0]
    content = write_table(HEADINGS, [[row.get(name, "") for name in HEADINGS] for row in rows])
    return browser.http.post(
        "/imports/history", data={"csrf": token, "action": action}, files={"file": ("history.xlsx", content)}
    )


def _count(centre: ConsoleCentre) -> int:
    with reading(centre.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(foreign_exam)).scalar_one())


def test_it_is_shown_as_foreign_counts_nowhere_and_is_withdrawn_as_a_whole(
    centre: ConsoleCentre, senior: Browser, zoya: Browser
) -> None:
    rows = [_row(centre), _row(centre, **{"Табельный номер": "", "СНИЛС": sample_snils("1002"), "Дата": "01.02.2024"})]
    assert "Новых осмотров: 2, уже внесены: 1" in _send(senior, "check", *rows, rows[0]).text
    assert _count(centre) == 0, "a check stores nothing"
    assert "Внесено осмотров: 2." in _send(senior, "apply", *rows).text
    assert "Внесено осмотров: 0." in _send(senior, "apply", *rows).text, "the same rows twice change nothing"
    assert _count(centre) == 2

    exam_id = centre.exam("1001")
    with reading(centre.engine) as connection:
        item = next(one for one in waiting(connection, [ORG]) if one.exam_id == exam_id)
        person_id = connection.exec_driver_sql(
            "SELECT person_id FROM worker WHERE personnel_number = '1001'"
        ).scalar_one()
        assert connection.execute(select(func.count()).select_from(exam)).scalar_one() == 1, "only our own exam is one"
    assert item.suggestion == "within_limits", "no rule reads what others measured"
    for page in (f"/exams/{exam_id}", f"/persons/{person_id}"):
        shown = senior.get(page).text.split('id="foreign"')[1]
        for words in (
            "сторонний",
            "Журнал № 4, 2025",
            "№ 0077",
            "07:05",
            "строка 2 файла",
            "Систолическое 191 мм рт. ст.",
            "Лесная Вера",
        ):
            assert words in shown, (page, words)
    journal = zoya.get("/journal").text
    assert "Журнал № 4" not in journal
    assert "191" not in journal
    assert zoya.get("/queue.json").json()["waiting"][0]["exam_id"] == exam_id

    page = senior.get("/imports/history").text
    import_id = page.split('name="import_id" value="')[1].split('"')[0]
    fields = {"import_id": import_id, "reason": ""}
    refused = senior.post("/imports/history/withdrawal", fields, page="/imports/history")
    assert refused.status_code == 422
    assert "назовите причину" in refused.text
    fields["reason"] = "не тот файл"
    assert senior.post("/imports/history/withdrawal", fields, page="/imports/history").status_code == 303
    assert "уже отозвана" in senior.post("/imports/history/withdrawal", fields, page="/imports/history").text
    assert "Журнал № 4" not in senior.get(f"/exams/{exam_id}").text
    assert "не тот файл" in senior.get("/imports/history").text
    assert _count(centre) == 2, "records stay"
    assert "Внесено осмотров: 2." in _send(senior, "apply", *rows).text, "and the file may come again"


def test_who_is_admitted_by_others_is_not_admitted_here(centre: ConsoleCentre, senior: Browser, address: str) -> None:
    assert _send(senior, "apply", _row(centre, Дата=f"{centre.now():%d.%m.%Y}")).status_code == 200
    centre.add_account("kadry", Role.EMPLOYER, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as employer:
        page = employer.log_in("kadry", unlock=False).get("/admissions").text
    line = next(part for part in page.split("<tr") if "1001" in part)
    assert "Не проходил" in line, line
    assert "Журнал № 4" not in page


def test_one_bad_row_stores_nothing_and_comes_back_in_the_form_of_the_file(
    centre: ConsoleCentre, senior: Browser
) -> None:
    wrong = _row(centre, **{"Диастолическое, мм рт. ст.": "210", "Алкоголь в выдохе, мг/л": "160"})
    answer = _send(senior, "apply", _row(centre), wrong)
    assert answer.status_code == 422
    assert "строка 3" in answer.text
    assert "нижнее давление должно быть меньше верхнего" in answer.text
    assert _count(centre) == 0
    sheet = openpyxl.load_workbook(io.BytesIO(_send(senior, "errors", _row(centre), wrong).content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == (*HEADINGS, "Ошибка")
    assert len(rows) == 2


def test_an_empty_cell_stays_missing(centre: ConsoleCentre, senior: Browser) -> None:
    bare = {name: _row(centre)[name] for name in ("Табельный номер", "Дата", "Вид осмотра", "Заключение", "Источник")}
    assert _send(senior, "apply", bare, _row(centre)).status_code == 200
    with reading(centre.engine) as connection:
        found = connection.execute(select(foreign_exam).order_by(foreign_exam.c.row_no)).mappings().all()
    assert [row["breath_alcohol_mg_per_l"] for row in found] == [None, 0.0]
    assert [row["pulse_bpm"] for row in found] == [None, None]
    # Of one day and kind, but at no time and at 07:05: nobody says that they are one.
    exam_id = centre.exam("1001")
    assert "возможный повтор" not in senior.get(f"/exams/{exam_id}").text
    assert _send(senior, "apply", _row(centre, Источник="МИС")).status_code == 200
    assert senior.get(f"/exams/{exam_id}").text.count("возможный повтор") == 2
