"""Registers and their import: everything checked, nothing half-stored."""

import io

import openpyxl
import pytest
from sqlalchemy import func, select, update

from central.core.rights import Role
from central.imports.tables import UnreadableTable, read_table, write_table
from central.imports.workers import HEADINGS, NEEDED
from central.registers.employer_rules import is_inn
from central.store.accounts import account
from central.store.engine import reading, writing
from central.store.outgoing import centre_outbox
from central.store.registry import worker
from dopusk.lab.demo.sample_people import sample_snils
from tests.console_centre import Browser, ConsoleCentre


@pytest.fixture
def senior(centre: ConsoleCentre, zoya: Browser) -> Browser:
    with writing(centre.engine) as connection:
        connection.execute(update(account).values(role=str(Role.SENIOR_MEDIC)))
    return zoya


def _row(number: str, **changes: str) -> dict[str, str]:
    return {
        "Табельный номер": number,
        "ФИО": f"Новиков Лев Ильич {number}",
        "Должность": "слесарь",
        "Работодатель": "ООО «Ромашка-Транс»",
        "Пол": "м",
        "Дата рождения": "01.02.1990",
        "Дистанционный осмотр": "да",
        "Состояние": "работает",
    } | changes


def _file(*rows: dict[str, str]) -> bytes:
    return write_table(HEADINGS, [[row.get(name, "") for name in HEADINGS] for row in rows])


def _send(browser: Browser, content: bytes, action: str):  # type: ignore[no-untyped-def]
    page = browser.get("/registers/workers").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    return browser.http.post(
        "/registers/workers/import", data={"csrf": csrf, "action": action}, files={"file": ("workers.xlsx", content)}
    )


def _count(centre: ConsoleCentre) -> int:
    with reading(centre.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(worker)).scalar_one())


def test_dry_run_stores_nothing_and_apply_stores_everything(centre: ConsoleCentre, senior: Browser) -> None:
    before = _count(centre)
    content = _file(_row("2001", СНИЛС=sample_snils("2001")), _row("2002"), _row("1001", ФИО="Ветров Степан Ильич"))
    checked = _send(senior, content, "check")
    assert "Будет добавлено 2, изменено 1, без изменений 0" in checked.text
    assert _count(centre) == before

    assert "новых 2, изменено 1" in _send(senior, content, "apply").text
    assert _count(centre) == before + 2
    with reading(centre.engine) as connection:
        row = connection.execute(select(worker).where(worker.c.personnel_number == "1001")).one()
    assert row.worker_id == centre.people.workers["1001"]
    assert row.snils_hmac is not None, "an empty cell keeps the number that is stored"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ФИО": ""}, "заполните"),
        ({"Работодатель": "ООО «Неизвестное»"}, "нет в справочнике"),
        ({"СНИЛС": "112-233-445 96"}, "контрольное число СНИЛС"),
        ({"Дата рождения": "31.02.1990"}, "это не дата"),
        ({"Дата рождения": "01.01.2999"}, "ещё не наступил"),
        ({"Пол": "да"}, "выберите одно"),
        ({"Дистанционный осмотр": "нет"}, "заполните"),
        ({"ФИО": "х" * 201}, "слишком длинный"),
        ({"СНИЛС": sample_snils("1004")}, "за другим работником"),
    ],
)
def test_one_bad_row_stores_nothing_of_the_file(
    centre: ConsoleCentre, senior: Browser, changes: dict[str, str], said: str
) -> None:
    before = _count(centre)
    answer = _send(senior, _file(_row("2001"), _row("2002", **changes)), "apply")
    assert answer.status_code == 422
    assert said in answer.text
    assert "строка 3" in answer.text
    assert _count(centre) == before


def test_file_of_faults_has_the_form_of_the_import(senior: Browser) -> None:
    answer = _send(senior, _file(_row("2001"), _row("2001"), _row("2003", Пол="?")), "errors")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == (*HEADINGS, "Ошибка")
    assert [row[-1] for row in rows[1:]] == ["Табельный номер: встречается дважды", "Пол: выберите одно"]


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"PK\x03\x04 not a zip", b"a;b\n1;2\n"])
def test_what_is_no_table_is_refused_in_words(senior: Browser, content: bytes) -> None:
    answer = _send(senior, content, "check")
    assert answer.status_code == 422
    assert 'class="notice bad"' in answer.text


def test_csv_of_russian_spreadsheets_is_read() -> None:
    words = ";".join(NEEDED) + "\r\n7;Ёлкин Пётр;сторож;Вымысел\r\n;;;\r\n"
    for encoding in ("utf-8-sig", "cp1251"):
        (row,) = read_table(words.encode(encoding), NEEDED)
        assert row["ФИО"] == "Ёлкин Пётр"


def test_too_many_rows_are_refused() -> None:
    content = ("\n".join([";".join(NEEDED), *["1;2;3;4"] * 20_001])).encode()
    with pytest.raises(UnreadableTable, match="too_many_rows"):
        read_table(content, NEEDED)


def test_export_can_be_taken_back(centre: ConsoleCentre, senior: Browser) -> None:
    content = senior.get("/registers/workers/export").content
    assert "Будет добавлено 0, изменено 0, без изменений 8" in _send(senior, content, "check").text
    with reading(centre.engine) as connection:
        sent = connection.execute(select(func.count()).select_from(centre_outbox)).scalar_one()
    assert "новых 0, изменено 0, без изменений 8" in _send(senior, content, "apply").text
    with reading(centre.engine) as connection:
        assert connection.execute(select(func.count()).select_from(centre_outbox)).scalar_one() == sent


def test_number_of_an_archived_worker_is_not_taken_over(centre: ConsoleCentre, senior: Browser) -> None:
    path = f"/registers/workers/{centre.people.workers['1001']}"
    assert senior.post(f"{path}/archive", {"action": "archive"}, page=path).status_code == 303
    answer = _send(senior, _file(_row("1001")), "apply")
    assert answer.status_code == 422
    assert "из архива" in answer.text


@pytest.mark.parametrize("kind", ["workers", "employers", "medics", "devices", "carriers", "organisations"])
def test_every_register_opens(zoya: Browser, kind: str) -> None:
    assert zoya.get(f"/registers/{kind}").status_code == 200


@pytest.mark.parametrize(
    ("inn", "right"),
    [("7707083893", True), ("7707083894", False), ("500100732259", True), ("500100732258", False), ("1", False)],
)
def test_check_digits_of_taxpayer_numbers(inn: str, right: bool) -> None:
    assert is_inn(inn) is right


@pytest.mark.parametrize(
    ("kind", "there"),
    [("employers", "ООО «Ромашка-Транс»"), ("medics", "Луговая Зоя Марковна"), ("organisations", "Медпункт «Заря»")],
)
def test_every_register_leaves_as_a_table_without_keys(zoya: Browser, kind: str, there: str) -> None:
    answer = zoya.get(f"/registers/{kind}/export")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    heads, *rows = sheet.iter_rows(min_row=int(str(sheet.freeze_panes)[1:]) - 1, values_only=True)
    assert there in [cell for row in rows for cell in row]
    assert all(heads)
    assert "BEGIN" not in str(rows)
    assert zoya.get("/registers/secrets/export").status_code == 404
