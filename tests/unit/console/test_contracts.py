"""Contracts, prices by their own days, and statements that are billed by them: from the exams of the journal, in whole kopecks."""

import contextlib
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

from central.contracts.billing import difference, lines_of, terms_of, total
from central.contracts.money import parse_kopecks, roubles
from central.contracts.statements import content_hash
from central.core.rights import Role
from central.store import contracts, statements
from central.store.contracts import Contract, ContractPrice
from central.store.engine import reading
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre

TYPES = {"exam_type": "pre_trip"}


def last_month() -> list[date]:
    """Its days."""
    first = (datetime.now().astimezone().date().replace(day=1) - timedelta(days=1)).replace(day=1)
    return [day for place in range(31) if (day := first + timedelta(days=place)).month == first.month]


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """Who keeps contracts."""
    centre.add_account("senior", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("senior", unlock=False)


def at(day: date, hour: int = 12) -> datetime:
    """A moment of a day by the centre's clock."""
    return datetime.combine(day, time(hour)).astimezone()


def decided(centre: ConsoleCentre, medic: Browser, day: date, hour: int = 12, **fields: Any) -> str:
    """An exam of that day with a decision that is billed, unless another one is given."""
    exam_id = centre.exam("1001", started_at=at(day, hour), **TYPES)
    said = {"outcome": "not_admitted", "reasons": "complaints"} | fields
    assert medic.decide(exam_id, **said).status_code == 303
    return exam_id


def contract_of(centre: ConsoleCentre, senior: Browser, **changes: str) -> str:
    """Enter a contract; its id."""
    said = {
        "employer_id": centre.people.employers[0],
        "number": "12/26",
        "since_day": f"{last_month()[0]}",
        "until_day": "",
        "vat_note": "НДС не облагается",
    } | changes
    answer = senior.post("/contracts", said)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


def priced(senior: Browser, contract_id: str, day: date, price: str, exam_type: str = "pre_trip") -> int:
    """Enter a price; the status of the answer."""
    said = {"exam_type": exam_type, "first_day": f"{day}", "price": price}
    return senior.post(f"/contracts/{contract_id}/prices", said, page=f"/contracts/{contract_id}").status_code


def issued(centre: ConsoleCentre, senior: Browser, month: str) -> Any:
    """Ask for a statement; the answer."""
    employer_id = centre.people.employers[0]
    return senior.post("/statements", {"employer_id": employer_id, "month": month}, page="/account")


@pytest.mark.parametrize(
    ("typed", "kopecks"),
    [
        *(("150", 15000), ("150,50", 15050), ("1 150.05", 115005), ("0", 0)),
        *(("", None), ("1,5", None), ("-3", None), ("1000000,01", None), ("1e3", None)),
    ],
)
def test_money_is_read_in_whole_kopecks(typed: str, kopecks: int | None) -> None:
    assert parse_kopecks(typed) == kopecks


def test_money_is_shown_with_two_decimals() -> None:
    assert (roubles(115005, "ru"), roubles(115005, "en"), roubles(-5, "ru")) == (
        "1\u00a0150,05",
        "1\u00a0150.05",
        "−0,05",
    )


def test_a_day_without_contract_or_price_costs_nothing_that_is_known() -> None:
    made = Contract("c1", ORG, "e1", "7", date(2026, 3, 10), date(2026, 3, 20), "", at(date(2026, 3, 1)), "a")
    prices = [
        ContractPrice(f"p{n}", "c1", ORG, "pre_trip", date(2026, 3, n), n * 100, at(date(2026, 3, 1)), "a")
        for n in (10, 15)
    ]
    terms = terms_of([made], {}, prices)
    counted = {(date(2026, 3, day), "pre_trip"): (2, 1) for day in (9, 10, 14, 15, 20, 21)}
    lines = lines_of(counted | {(date(2026, 3, 12), "post_trip"): (1, 0)}, terms)
    assert [(line.day.day, line.sum_kopecks) for line in lines] == [
        (9, None), (10, 2000), (12, None), (14, 2000), (15, 3000), (20, 3000), (21, None)
    ]  # fmt: skip
    assert total(lines) is None
    priced_lines = [line for line in lines if line.kopecks is not None]
    assert total(priced_lines) == 10000
    assert difference([one.stored() for one in priced_lines], [one.stored() for one in priced_lines]) == []


def test_a_price_that_changes_in_mid_month_counts_from_its_day(
    centre: ConsoleCentre, zoya: Browser, senior: Browser
) -> None:
    days = last_month()
    month = f"{days[0]:%Y-%m}"
    for day, hour in ((days[0], 0), (days[13], 12), (days[14], 1), (days[-1], 22)):
        decided(centre, zoya, day, hour)
    corrected = decided(centre, zoya, days[14])
    decided(centre, zoya, days[5], outcome="not_identified", reasons="")
    centre.exam("1002", started_at=at(days[6]), **TYPES)
    decided(centre, zoya, days[0] - timedelta(days=1))
    decided(centre, zoya, days[-1] + timedelta(days=1), 1)
    shown = senior.get(f"/statements?employer_id={centre.people.employers[0]}&month={month}").text
    assert "нет договора" in shown
    assert "суммы нет" in shown
    assert issued(centre, senior, month).status_code == 422
    contract_id = contract_of(centre, senior)
    assert priced(senior, contract_id, days[0], "100") == 303
    assert priced(senior, contract_id, days[14], "120,5") == 422, "one digit of kopecks is a slip"
    assert priced(senior, contract_id, days[14], "120,50") == 303
    answer = issued(centre, senior, month)
    assert answer.status_code == 303
    statement_id = answer.headers["location"].rpartition("/")[2]
    with reading(centre.engine) as connection:
        item = statements.find(connection, statement_id)
    assert item is not None
    assert (item.sum_kopecks, item.content["count"], item.words) == (2 * 10000 + 3 * 12050, 5, f"1/{days[0].year}")
    assert item.content["left_out"] == {"not_identified": 1, "waiting": 1}
    assert item.sha256 == content_hash(item.content)
    page = senior.get(f"/statements/{statement_id}").text
    assert "561,50" in page
    assert item.sha256 in page
    assert "Ждут решения и пока не посчитаны: 1" in page

    assert priced(senior, contract_id, days[20], "1") == 422, "what was billed stays as it was billed"
    ended = {"last_day": f"{days[20]}", "basis": "соглашение"}
    assert senior.post(f"/contracts/{contract_id}/end", ended, page=f"/contracts/{contract_id}").status_code == 422
    assert issued(centre, senior, month).status_code == 422, "nothing has changed"

    with reading(centre.engine) as connection:
        decision_id = _decision_of(connection, corrected)
    said = {"outcome": "not_identified", "comment": "не тот работник", "corrects": decision_id}
    assert zoya.decide(corrected, **said).status_code == 303
    again = issued(centre, senior, month)
    assert again.status_code == 303
    with reading(centre.engine) as connection:
        second = statements.find(connection, again.headers["location"].rpartition("/")[2])
    assert second is not None
    assert (second.number, second.version, second.sum_kopecks) == (1, 2, 56150 - 12050)
    (changed,) = second.content["difference"]
    assert (changed["day"], changed["count_was"], changed["count"]) == (f"{days[14]}", 2, 1)
    assert second.content["previous_sha256"] == item.sha256
    assert "заменён новой версией" in senior.get(f"/statements/{statement_id}").text


def _decision_of(connection: Any, exam_id: str) -> str:
    from central.store import decisions

    return decisions.of_exam(connection, exam_id)[-1].decision_id


def test_files_say_the_stored_numbers_and_the_employer_takes_only_the_own_ones(
    centre: ConsoleCentre, zoya: Browser, senior: Browser, browser: Browser
) -> None:
    days = last_month()
    decided(centre, zoya, days[0])
    decided(centre, zoya, days[3])
    contract_id = contract_of(centre, senior)
    assert priced(senior, contract_id, days[0], "100") == 303
    assert priced(senior, contract_id, days[2], "200,07") == 303
    statement_id = issued(centre, senior, f"{days[0]:%Y-%m}").headers["location"].rpartition("/")[2]
    book = load_workbook(io.BytesIO(senior.get(f"/statements/{statement_id}/xlsx").content))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert rows[-1][0] == "Итого"
    assert (rows[-1][3], rows[-1][6]) == (2, 300.07)
    assert [row[6] for row in rows[-3:-1]] == [100, 200.07]
    act = Document(io.BytesIO(senior.get(f"/statements/{statement_id}/docx").content))
    cells = [[cell.text for cell in row.cells] for row in act.tables[0].rows]
    assert cells[1:] == [
        ["Медицинский осмотр, предрейсовый", "12/26", "1", "100,00", "100,00"],
        ["Медицинский осмотр, предрейсовый", "12/26", "1", "200,07", "200,07"],
        ["Итого", "", "2", "", "300,07"],
    ]
    assert "НДС не облагается" in "\n".join(one.text for one in act.paragraphs)

    centre.add_account("hr", Role.EMPLOYER, employer_ids=(centre.people.employers[0],))
    browser.log_in("hr", unlock=False)
    assert "300,07" in browser.get("/employer/statements").text
    for form in ("xlsx", "docx"):
        assert browser.get(f"/employer/statements/{statement_id}/{form}").status_code == 200
        assert browser.get(f"/statements/{statement_id}/{form}").status_code == 403
    centre.add_account("other", Role.EMPLOYER, employer_ids=(centre.people.employers[1],))
    browser.log_in("other", unlock=False)
    assert "300,07" not in browser.get("/employer/statements").text
    assert browser.get(f"/employer/statements/{statement_id}/xlsx").status_code == 404


def test_what_is_wrong_with_a_contract_is_said_and_nothing_is_stored(centre: ConsoleCentre, senior: Browser) -> None:
    first = contract_of(centre, senior, since_day="2026-01-01", until_day="2026-06-15")
    good = {
        "employer_id": centre.people.employers[0],
        "number": "13",
        "since_day": "2026-06-16",
        "until_day": "2026-12-31",
        "vat_note": "НДС не облагается",
    }
    for name, value, words in (
        ("employer_id", "", "выберите одно"),
        ("number", "", "заполните"),
        ("number", "я" * 300, "слишком длинный"),
        ("since_day", "вчера", "это не дата"),
        ("until_day", "2026-06-15", "раньше первого дня договора"),
        ("since_day", "2026-06-15", "уже действует договор: 12/26"),
        ("vat_note", "", "заполните"),
    ):
        answer = senior.post("/contracts", good | {name: value})
        assert answer.status_code == 422, (name, value)
        assert words in answer.text.partition(f'id="fault-{name}"')[2][:200], (name, value)
    other = good | {"employer_id": centre.people.employers[1], "number": "12/26"}
    assert "занято" in senior.post("/contracts", other).text
    with reading(centre.engine) as connection:
        assert [one.contract_id for one in contracts.listed(connection, [ORG])] == [first]
    assert senior.post("/contracts", good).status_code == 303
    assert priced(senior, first, date(2026, 6, 16), "1") == 422, "after its last day"
    assert priced(senior, first, date(2025, 12, 31), "1") == 422, "before its first day"
    path = f"/contracts/{first}"
    for last_day in ("", "2025-12-31", "2026-06-16"):
        ended = senior.post(f"{path}/end", {"last_day": last_day, "basis": "письмо"}, page=path)
        assert ended.status_code == 422, last_day
    token = {"last_day": "2026-05-01", "basis": "письмо"}
    assert senior.post(f"{path}/end", token, page=path).status_code == 303
    assert senior.post(f"{path}/end", token, page=path).status_code == 409
    assert priced(senior, first, date(2026, 5, 2), "1") == 422, "after its earlier end"
    open_month = f"{datetime.now().astimezone().date():%Y-%m}"
    assert "месяц ещё не кончился" in issued(centre, senior, open_month).text
    assert senior.get("/statements?month=2026-13&employer_id=x").status_code == 422
    assert senior.get("/statements?month=2026-01&employer_id=x").status_code == 404
