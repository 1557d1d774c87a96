"""Every table that leaves, opened as an accountant opens it: real numbers and days, one head that stays, a sheet that prints."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from central.core.rights import Role
from central.imports.workers import HEADINGS
from central.jobs import queue
from central.words.table_values import words
from tests.console_centre import Browser, ConsoleCentre
from tests.job_processes import DoneHere
from tests.waiting import until
from tests.written_papers import write_paper

REGISTERS = ("workers", "employers", "medics", "devices", "carriers", "organisations")


@pytest.fixture(autouse=True)
def _done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "JobProcess", DoneHere)


def _exported(browser: Browser, form: str, query: str = "") -> bytes:
    path = browser.post(f"/journal/exports/{form}{query}", {}, page="/journal").headers["location"]
    assert until(lambda: 'id="download"' in browser.get(path).text)
    return browser.get(f"{path}/file").content


def _journal(browser: Browser, query: str = "") -> Any:
    return openpyxl.load_workbook(io.BytesIO(_exported(browser, "xlsx", query)))


def _head(sheet: Worksheet) -> int:
    """The number of the row that stays in view above the others."""
    return int(str(sheet.freeze_panes)[1:]) - 1


def _cells(sheet: Worksheet) -> Iterator[dict[str, Any]]:
    rows = list(sheet.iter_rows(min_row=_head(sheet)))
    for row in rows[1:]:
        yield {str(head.value): cell for head, cell in zip(rows[0], row, strict=True)}


def test_values_of_the_journal_are_of_their_kind(centre: ConsoleCentre, zoya: Browser) -> None:
    started = datetime.fromisoformat("2026-11-20T05:07:00+00:00")
    payload = centre.payload("1001", systolic_mmhg=162, started_at=started)
    zoya.http.cookies.set("dopusk_zone", "Europe/Moscow")
    centre.receive(payload)
    book = _journal(zoya)
    (cells,) = _cells(book.worksheets[0])
    values = {name: value for item in payload["measurements"] for name, value in item["values"].items()}
    for heading, name in (
        ("Темп., °C", "temperature_celsius"),
        ("Давление верхнее, мм рт. ст.", "systolic_mmhg"),
        ("Давление нижнее, мм рт. ст.", "diastolic_mmhg"),
        ("Пульс, уд/мин", "pulse_bpm"),
        ("Алкоголь, мг/л", "breath_alcohol_mg_per_l"),
    ):
        assert (cells[heading].data_type, cells[heading].value) == ("n", values[name]), heading
    assert cells["Темп., °C"].number_format == "0.0"
    assert cells["Алкоголь, мг/л"].number_format == "0.000"
    high = cells["Давление верхнее, мм рт. ст."]
    assert high.font.bold, "a value outside its limits is marked"
    assert "↑" in high.number_format
    assert not cells["Пульс, уд/мин"].font.bold
    finished = datetime.fromisoformat(payload["finished_at"]) + timedelta(hours=3)
    moment = cells["Дата и время"]
    assert (moment.data_type, moment.number_format) == ("d", "dd.mm.yyyy hh:mm")
    assert moment.value == finished.replace(tzinfo=None, second=0, microsecond=0)
    assert cells["Часовой пояс"].value == "UTC+03:00"
    assert cells["№"].value == 1
    assert (cells["Табельный №"].data_type, cells["Табельный №"].value) == ("s", "1001")


def test_what_was_not_measured_is_no_cell_and_never_nought(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.exam("1001", measurements=[])
    (cells,) = _cells(_journal(zoya).worksheets[0])
    for heading in ("Темп., °C", "Давление верхнее, мм рт. ст.", "Пульс, уд/мин", "Алкоголь, мг/л"):
        assert cells[heading].value is None


def test_titles_say_whose_and_of_what(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.exam("1001")
    book = _journal(zoya, "?since=2026-11-01&until=2099-11-30&outcome=waiting")
    sheet = book.worksheets[0]
    lines = [str(row[0].value) for row in sheet.iter_rows(max_row=_head(sheet) - 1)]
    assert "записи не имеют силы" in lines[0]
    assert any("Медпункт" in line for line in lines)
    assert "Период: 01.11.2026 – 30.11.2099" in lines
    assert "Условия: Исход: Ждёт решения" in lines


def test_totals_count_by_employer_day_and_outcome(centre: ConsoleCentre, zoya: Browser) -> None:
    for number in ("1001", "1001", "1002"):
        zoya.decide(centre.exam(number), outcome="admitted")
    centre.exam("1001")
    old = centre.exam("1002", started_at=centre.now() - timedelta(days=3), systolic_mmhg=190)
    zoya.decide(old, outcome="not_admitted", reasons="pressure_high")
    book = _journal(zoya)
    assert book.sheetnames[1].startswith("Итоги")
    rows = [{head: cell.value for head, cell in row.items()} for row in _cells(book.worksheets[1])]
    assert [(row["Допущен"], row["Не допущен"], row["Ждёт решения"], row["Всего"]) for row in rows] == [
        (3, 0, 1, 4),
        (0, 1, 0, 1),
        (3, 1, 1, 5),
    ]
    assert isinstance(rows[0]["День"], datetime)
    assert rows[0]["Работодатель"] == rows[1]["Работодатель"]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_csv_and_workbook_say_the_same_numbers(centre: ConsoleCentre, zoya: Browser, language: str) -> None:
    zoya.http.cookies.set("dopusk_language", language)
    for place in range(7):
        centre.exam("1001" if place % 2 else "1002", systolic_mmhg=120 + 9 * place)
    centre.exam("1003", measurements=[])
    content = _exported(zoya, "csv")
    assert content.startswith("\ufeff".encode())
    assert b"\r\n" in content
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    sheet = _journal(zoya).worksheets[0]
    in_book = [
        [_as_words(cell, "ru" if "Темп., °C" in lines[0] else "en") for cell in row]
        for row in sheet.iter_rows(min_row=_head(sheet) + 1)
    ]
    assert lines[1:] == in_book


def _as_words(cell: Any, language: str) -> str:
    if isinstance(cell.value, float) or cell.number_format.startswith("0."):
        shown = f"{cell.value:.{len(cell.number_format.split(' ')[0].strip(chr(34))) - 2}f}"
        return shown.replace(".", ",") if language == "ru" else shown
    value = cell.value
    if isinstance(value, datetime) and cell.number_format == "dd.mm.yyyy":
        value = value.date()
    return words(value, language)


def _is_in_shape(sheet: Worksheet) -> None:
    head = _head(sheet)
    heads = next(sheet.iter_rows(min_row=head, max_row=head))
    assert all(cell.font.bold and cell.value for cell in heads)
    assert sheet.auto_filter.ref == f"A{head}:{heads[-1].coordinate.rstrip('0123456789')}{sheet.max_row}"
    assert sheet.print_title_rows == f"${head}:${head}"
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    widths = {sheet.column_dimensions[cell.column_letter].width for cell in heads}
    assert widths, "each column has a width of its own"
    assert all(sheet.column_dimensions[cell.column_letter].customWidth for cell in heads)
    assert {type(value) for value in _days(sheet)} <= {date, datetime}, [*_days(sheet)]


def _days(sheet: Worksheet) -> Iterator[Any]:
    """What stands in the columns whose heading speaks of a day."""
    for row in _cells(sheet):
        for heading, cell in row.items():
            if heading.split(" ")[0].rstrip(":") in {"Дата", "День", "Выдана"} and cell.value not in {None, "Всего"}:
                yield cell.value


def test_every_table_is_in_shape(centre: ConsoleCentre, zoya: Browser, browser: Browser) -> None:
    exam_id = centre.exam("1001", systolic_mmhg=180)
    zoya.decide(exam_id, outcome="not_admitted", reasons="pressure_high")
    write_paper(zoya, exam_id)
    zoya.post(f"/exams/{exam_id}/papers", {"kind": "refusal"}, page=f"/exams/{exam_id}")
    centre.add_account("senior", Role.SENIOR_MEDIC)
    browser.log_in("senior", unlock=False)
    year = centre.now().year
    files = [browser.get(f"/registers/{kind}/export").content for kind in REGISTERS]
    files += [
        browser.get(path).content for path in ("/consents/export", "/imports/grounds/form", "/imports/history/form")
    ]
    files += [zoya.get(f"/papers/refusals/export?year={year}").content, _exported(zoya, "xlsx")]
    for content in files:
        for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
            _is_in_shape(sheet)


def test_the_workers_file_comes_back_unchanged_and_keeps_numbers_of_people_text(
    centre: ConsoleCentre, browser: Browser
) -> None:
    centre.add_account("senior", Role.SENIOR_MEDIC)
    browser.log_in("senior", unlock=False)
    content = browser.get("/registers/workers/export").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert isinstance(sheet, Worksheet)
    rows = list(_cells(sheet))
    assert [*rows[0]] == list(HEADINGS)
    assert {row["Табельный номер"].data_type for row in rows} == {"s"}
    assert {row["Дата рождения"].data_type for row in rows if row["Дата рождения"].value} == {"d"}
    assert sheet.column_dimensions["A"].number_format == "@", "what is typed below stays text as well"
    token = browser.get("/registers/workers").text.split('name="csrf" value="')[-1].split('"')[0]
    answer = browser.http.post(
        "/registers/workers/import",
        data={"csrf": token, "action": "check"},
        files={"file": ("workers.xlsx", content)},
    )
    assert answer.status_code == 200, answer.text
    assert f"{len(rows)}" in answer.text
    assert 'class="faults"' not in answer.text
