"""The journal's page: filters by what is stored, order by its headings, values out of their limits."""

import html
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest

from central.books import drafting, publishing
from central.console.routes import journal
from central.jobs import queue
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.store.engine import writing
from dopusk.lab.demo.sample_people import ORG
from sync.contract.books import BookItem
from tests.console_centre import Browser, ConsoleCentre
from tests.job_processes import DoneHere
from tests.waiting import until
from tests.written_papers import write_paper


def _shown(page: str) -> list[str]:
    return re.findall(r'href="/exams/([^"]+)"', page)


@pytest.fixture
def exams(centre: ConsoleCentre, zoya: Browser) -> dict[str, str]:
    """One refused with everything that can be looked for, one admitted against the suggestion, one plain."""
    loud: dict[str, Any] = centre.payload(
        "1003", systolic_mmhg=171, complaints={"feels_well": False, "codes": ["headache"], "text": ""}
    )
    loud["measurements"][1]["device"]["serial"] = "СН-0042"
    loud["examinee"]["identified_by"] = "card"
    found = {
        "refused": centre.receive(loud),
        "override": centre.exam("1001", systolic_mmhg=150),
        "plain": centre.exam("1002"),
    }
    assert zoya.decide(found["refused"], outcome="not_admitted", reasons="pressure_high").status_code == 303
    assert zoya.decide(found["override"], outcome="admitted", override_reason="осмотрен очно").status_code == 303
    write_paper(zoya, found["refused"])
    paper = zoya.post(f"/exams/{found['refused']}/papers", {"kind": "refusal"}, page=f"/exams/{found['refused']}")
    assert paper.status_code == 200
    return found


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"reason": "pressure_high"}, {"refused"}),
        ({"reason_class": "measurement"}, {"refused"}),
        ({"complaint": "headache"}, {"refused"}),
        ({"quantity": "systolic_mmhg", "low": "149,5", "high": "171"}, {"refused", "override"}),
        ({"quantity": "systolic_mmhg", "high": "140"}, {"plain"}),
        ({"device_serial": "СН-0042"}, {"refused"}),
        ({"paper_number": "№ 1"}, {"refused"}),
        ({"paper_number": "1/1999"}, set()),
        ({"identified_by": "card"}, {"refused"}),
        ({"override": "1"}, {"override"}),
        ({"corrected": "1"}, set()),
    ],
)
def test_the_form_leads_to_an_address_that_finds_them(
    zoya: Browser, exams: dict[str, str], fields: dict[str, str], names: set[str]
) -> None:
    answer = zoya.post("/journal", fields, page="/journal")
    assert answer.status_code == 303
    address = str(answer.headers["location"])
    assert {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()} == fields
    page = zoya.get(address).text
    assert {name for name, exam_id in exams.items() if exam_id in _shown(page)} == names
    assert '<details class="more-filters" open>' in page, "what is set is in view"


def test_the_certificate_that_an_exam_shows_finds_it(zoya: Browser, exams: dict[str, str]) -> None:
    page = zoya.get("/journal?columns=moment&columns=signature").text
    serial = re.findall(r"сертификат ([0-9a-f]+)", page)[0]
    found = _shown(zoya.get(f"/journal?certificate_serial={serial.upper()}").text)
    assert set(found) == {exams["refused"], exams["override"]}


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("paper_number=abc", "paper_number", "номер или номер/год"),
        ("quantity=pulse_bpm&low=x", "low", "это не число"),
        ("quantity=pulse_bpm&low=9&high=1", "high", "верхняя граница ниже нижней"),
        ("low=60", "quantity", "выберите одно"),
        ("quantity=shoe_size", "quantity", "выберите одно"),
    ],
)
@pytest.mark.usefixtures("exams")
def test_what_is_wrong_is_said_at_its_field_and_shows_nothing(
    zoya: Browser, query: str, field: str, words: str
) -> None:
    answer = zoya.get(f"/journal?{query}")
    assert answer.status_code == 422
    assert words in answer.text.split(f'id="fault-{field}"')[1].split("</small>")[0]
    assert _shown(answer.text) == []


@pytest.mark.usefixtures("exams")
def test_an_export_says_by_what_it_was_filtered(zoya: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "JobProcess", DoneHere)
    query = "reason=pressure_high&quantity=systolic_mmhg&low=150&identified_by=card&complaint=headache"
    path = zoya.post(f"/journal/exports/xlsx?{query}", {}, page="/journal").headers["location"]
    assert until(lambda: 'id="download"' in zoya.get(path).text)
    sheet = openpyxl.load_workbook(io.BytesIO(zoya.get(f"{path}/file").content)).worksheets[0]
    said = " ".join(str(row[0].value) for row in sheet.iter_rows(max_row=int(str(sheet.freeze_panes)[1:]) - 2))
    for words in ("Повышенное артериальное давление", "Систолическое: от 150 мм рт. ст.", "по карте", "Головная боль"):
        assert words in said


def test_headings_sort_and_keep_the_filter(centre: ConsoleCentre, zoya: Browser) -> None:
    start = centre.now() - timedelta(hours=9)
    made = {
        pressure: centre.exam("1001", systolic_mmhg=pressure, started_at=start + timedelta(minutes=place))
        for place, pressure in enumerate((120, 99, 131))
    }
    centre.exam("1002", systolic_mmhg=110)
    page = zoya.get("/journal?person=1001").text
    assert 'aria-sort="descending"' in page, "the newest first, and the heading says so"
    link = html.unescape(re.findall(r'aria-sort="none"><a class="sort" href="([^"]*sort=pressure[^"]*)"', page)[0])
    assert "1001" not in link, "what was written by hand goes no further"
    assert _shown(zoya.get(link).text) == [made[99], made[120], made[131]]
    assert _shown(zoya.get(link.replace("sort=pressure", "sort=-pressure")).text) == [made[131], made[120], made[99]]
    assert _shown(zoya.get(link.replace("sort=pressure", "sort=moment")).text) == list(made.values())
    assert 'name="sort" value="pressure"' in zoya.get(link).text, "the form keeps the order"


@pytest.mark.parametrize("order", ["-pressure", "moment"])
def test_pages_of_any_order_hold_every_row_once(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr(journal, "ROWS", 3)
    start = centre.now() - timedelta(hours=9)
    made = {centre.exam("1001", started_at=start + timedelta(minutes=place // 2)) for place in range(8)}
    found: list[str] = []
    address = f"/journal?sort={order}"
    while True:
        page = zoya.get(address).text
        found += _shown(page)
        link = re.findall(r'id="next" href="([^"]+)"', page)
        if not link:
            break
        assert f'<td class="num muted">{len(found)}</td>' in page, "rows are numbered through"
        address = html.unescape(link[0])
    assert sorted(found) == sorted(made)


def test_more_rows_than_can_be_sorted_are_said_and_stand_by_time(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SORTED_TO", 2)
    for _ in range(3):
        centre.exam("1001")
    page = zoya.get("/journal?sort=pulse").text
    assert "упорядочить до 2 строк" in page
    heading = page.split('class="sort" href="/journal?sort=pulse"')[0].rsplit("<th", 1)[1]
    assert 'aria-sort="none"' in heading, "the heading does not say what is not so"
    assert len(_shown(page)) == 3


def test_values_out_of_limits_are_marked_with_words(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.exam("1001", systolic_mmhg=162)
    page = zoya.get("/journal").text
    cell = page.split('col-pressure">')[1].split("</td>")[0]
    assert cell.startswith('<b class="out">162')
    assert '<span class="visually-hidden"> выше нормы' in cell
    assert "out" not in page.split('col-pulse">')[1].split("</td>")[0]


def test_a_reason_of_the_organisations_own_book_is_found_by_its_class(centre: ConsoleCentre, zoya: Browser) -> None:
    item = BookItem(code="smells", ru="Запах на осмотре", en="Smell", attrs={"class": "intoxication"})
    with writing(centre.engine) as connection:
        drafting.put_item(connection, "reasons", ORG, item, revision=0, author="zoya", now=centre.now())
        publishing.publish(
            connection, centre.outgoing, "reasons", ORG, basis="приказ 4", author="zoya", now=centre.now()
        )
    # What holds is believed for two seconds; by the clock of decisions another minute asks anew.
    centre.shift += timedelta(minutes=1)
    exam_id = centre.exam("1001")
    assert zoya.decide(exam_id, outcome="not_admitted", reasons="smells").status_code == 303
    for query in ("reason=smells", "reason_class=intoxication"):
        assert _shown(zoya.get(f"/journal?{query}").text) == [exam_id], query
    assert _shown(zoya.get("/journal?reason_class=other").text) == []
    expected = Expected(None, None, None)
    told = [one.what for one in verify_store(centre.engine, expected).faults]
    assert [one for one in told if "facts" in one] == [], "the check of the store reads the same book"
