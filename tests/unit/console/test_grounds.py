"""Grounds from other registers: taken whole or not at all, shown with source and day."""

import contextlib
import io
from collections.abc import Iterator
from datetime import date, timedelta

import httpx
import openpyxl
import pytest
from sqlalchemy import func, select

from central.console.grounds_view import lines, remote_blocks
from central.core.rights import Role
from central.imports.ground_columns import HEADINGS
from central.imports.tables import write_table
from central.store.engine import reading
from central.store.grounds import Ground, ground, latest
from dopusk.lab.demo.sample_people import sample_snils
from tests.console_centre import Browser, ConsoleCentre

TODAY = date(2026, 6, 1)


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


def _row(number: str = "1001", **changes: str) -> dict[str, str]:
    row = {
        "Табельный номер": number,
        "Вид": "Периодический",
        "Дата": "01.02.2026",
        "Действует до": "01.02.2028",
        "Заключение": "годен",
        "Только очно": "нет",
        "Источник": "ПМО 2026",
    }
    return row | changes


def _send(browser: Browser, action: str, *rows: dict[str, str]) -> httpx.Response:
    token = browser.get("/imports/grounds").text.split('name="csrf" value="')[1].split('"')[0]
    content = write_table(HEADINGS, [[row.get(name, "") for name in HEADINGS] for row in rows])
    return browser.http.post(
        "/imports/grounds", data={"csrf": token, "action": action}, files={"file": ("grounds.xlsx", content)}
    )


def _count(centre: ConsoleCentre) -> int:
    with reading(centre.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(ground)).scalar_one())


def test_checked_then_stored_once_and_shown_with_source_and_day(centre: ConsoleCentre, senior: Browser) -> None:
    rows = [
        _row(),
        _row("", СНИЛС=sample_snils("1001"), Вид="наркология", Заключение="", Источник="Диспансер")
        | {"Только очно": "да", "Действует до": ""},
    ]
    assert "Новых записей: 2, уже внесены: 0" in _send(senior, "check", *rows).text
    assert _count(centre) == 0
    assert "Внесено новых записей: 2" in _send(senior, "apply", *rows).text
    assert "Внесено новых записей: 0" in _send(senior, "apply", *rows).text
    assert _count(centre) == 2

    page = senior.get(f"/exams/{centre.exam('1001')}").text
    assert "ПМО 2026" in page
    assert "01.02.2028" in page
    assert "источник требует очного осмотра («Диспансер»)" in page
    assert "запрещает дистанционный осмотр" not in page, "what a rule says is said once"
    assert "ПМО 2026" not in senior.get(f"/exams/{centre.exam('1002')}").text


def test_a_block_of_another_register_decides_nothing(centre: ConsoleCentre, senior: Browser, zoya: Browser) -> None:
    """What it does by the rules that ship: it asks (`test_ground_rules`)."""
    _send(senior, "apply", _row(Заключение="не годен") | {"Только очно": "да"})
    exam_id = centre.exam("1001")
    assert zoya.get("/queue.json").json()["waiting"][0]["exam_id"] == exam_id
    assert zoya.decide(exam_id, outcome="refer", comment="К терапевту.").status_code == 303


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Табельный номер": "9999"}, "такого работника нет"),
        ({"Табельный номер": ""}, "заполните"),
        ({"СНИЛС": "112-233-445 96"}, "контрольное число"),
        ({"СНИЛС": sample_snils("1002")}, "разных людей"),
        ({"Вид": "гадание"}, "выберите одно"),
        ({"Дата": "31.02.2026"}, "это не дата"),
        ({"Дата": "01.01.2999", "Действует до": ""}, "ещё не наступил"),
        ({"Действует до": "01.01.2020"}, "раньше начала"),
        ({"Источник": ""}, "заполните"),
        ({"Только очно": ""}, "заполните"),
        ({"Только очно": "#Н/Д"}, "ошибка вместо значения"),
        ({"Только очно": "может быть"}, "выберите одно"),
        ({"Примечание": "х" * 501}, "слишком длинный"),
    ],
)
def test_one_bad_row_stores_nothing_of_the_file(
    centre: ConsoleCentre, senior: Browser, changes: dict[str, str], said: str
) -> None:
    answer = _send(senior, "apply", _row("1002"), _row(**changes))
    assert answer.status_code == 422
    assert said in answer.text
    assert "строка 3" in answer.text
    assert _count(centre) == 0


def test_faults_come_back_in_the_form_of_the_file(senior: Browser) -> None:
    answer = _send(senior, "errors", _row(), _row("9999"))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == (*HEADINGS, "Ошибка")
    assert [row[0] for row in rows[1:]] == ["9999"]


def test_the_administrator_sees_no_medical_register(centre: ConsoleCentre, address: str) -> None:
    centre.add_account("sedov", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("sedov", unlock=False)
        assert browser.get("/imports/grounds").status_code == 403


def _ground(kind: str, at: date, **changes: object) -> Ground:
    values = {
        "ground_id": f"{kind}-{at}",
        "org": "zarya",
        "worker_id": "w",
        "kind": kind,
        "at": at,
        "valid_until": None,
        "finding": "fit",
        "blocks_remote": False,
        "note": "",
        "source": "ПМО",
        "sha256": "",
        "entered_at": at,
        "entered_by": None,
    }
    return Ground(**(values | changes))  # type: ignore[arg-type]


def _worker(**changes: object) -> dict[str, object]:
    return {"toxicology_at": None, "status": "active", "remote_allowed": True, "block_text": ""} | changes


def test_the_last_of_each_kind_and_source_holds() -> None:
    rows = [
        _ground("periodic", TODAY - timedelta(days=400), finding="unfit"),
        _ground("periodic", TODAY - timedelta(days=10)),
        _ground("periodic", TODAY - timedelta(days=20), source="другой", finding="restricted"),
    ]
    assert [(row.source, row.finding) for row in latest(rows)] == [("ПМО", "fit"), ("другой", "restricted")]


def test_end_of_validity_is_marked() -> None:
    day = timedelta(days=1)
    rows = [
        _ground("periodic", TODAY - 300 * day, valid_until=TODAY - day),
        _ground("psychiatric", TODAY - 300 * day, valid_until=TODAY + 30 * day),
        _ground("narcology", TODAY - 300 * day),
    ]
    shown = {item.kind: item.state for item in lines(rows, _worker(toxicology_at=TODAY - 10 * day), TODAY, 183)}
    assert shown == {"periodic": "over", "psychiatric": "ending", "narcology": "", "toxicology": "valid"}


@pytest.mark.parametrize(
    ("rows", "worker", "codes"),
    [
        ([], _worker(), []),
        ([], None, []),
        ([], _worker(status="suspended", remote_allowed=False), ["suspended", "in_person_only"]),
        ([], _worker(toxicology_at=TODAY - timedelta(days=183)), []),
        ([], _worker(toxicology_at=TODAY - timedelta(days=184)), ["toxicology_over"]),
        ([_ground("toxicology", TODAY)], _worker(toxicology_at=TODAY - timedelta(days=900)), []),
        ([_ground("narcology", TODAY, blocks_remote=True)], _worker(), ["by_source"]),
        ([_ground("periodic", TODAY, finding="unfit", valid_until=TODAY)], _worker(), ["unfit"]),
        ([_ground("periodic", TODAY, finding="unfit", valid_until=TODAY - timedelta(days=1))], _worker(), []),
    ],
)
def test_what_speaks_against_a_remote_exam(
    rows: list[Ground], worker: dict[str, object] | None, codes: list[str]
) -> None:
    assert [item.code for item in remote_blocks(rows, worker, TODAY, 183)] == codes
