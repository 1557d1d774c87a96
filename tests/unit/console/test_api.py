"""The interface for other programs."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from sqlalchemy import update

from central.core.rights import Role
from central.store.engine import writing
from central.store.registry import worker
from sync.contract.model import utc_text
from tests.console_centre import NO_ROOTS, Browser, ConsoleCentre, shows

Call = Callable[[str], httpx.Response]


@pytest.fixture
def key(centre: ConsoleCentre, browser: Browser) -> str:
    centre.add_account("admin", Role.ADMINISTRATOR)
    browser.log_in("admin", unlock=False)
    fields = {"name": "турникет", "employer_id": centre.people.employers[0]}
    page = browser.post("/accounts/keys", fields, page="/accounts").text
    return page.split('class="code">')[1].split("<")[0]


@pytest.fixture
def call(address: str, key: str) -> Iterator[Call]:
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}, verify=NO_ROOTS) as client:
        yield lambda path: client.get(f"{address}/api/v1{path}")


@pytest.fixture
def numbered(centre: ConsoleCentre) -> Callable[[str], None]:
    """Give a worker another personnel number, as a form or an import stores it."""

    def change(number: str) -> None:
        with writing(centre.engine) as connection:
            chosen = worker.c.worker_id == centre.people.workers["1001"]
            connection.execute(update(worker).where(chosen).values(personnel_number=number))

    return change


def test_gate_learns_who_may_work(centre: ConsoleCentre, zoya: Browser, call: Call) -> None:
    assert call("/admissions/1001").json()["state"] == "not_examined"
    exam_id = centre.exam("1001")
    waiting = call("/admissions/1001").json()
    assert (waiting["state"], waiting["may_work"]) == ("waiting", False)
    zoya.decide(exam_id, outcome="admitted")
    admitted = call("/admissions/1001").json()
    assert (admitted["state"], admitted["may_work"], admitted["exam_id"]) == ("admitted", True, exam_id)
    centre.shift = timedelta(hours=13)
    assert call("/admissions/1001").json()["may_work"] is False
    listed = call("/admissions").json()["workers"]
    assert {item["personnel_number"] for item in listed} >= {"1001", "1002"}


def test_every_number_that_a_register_takes_can_be_asked_for(numbered: Callable[[str], None], call: Call) -> None:
    for sign in (chr(code) for code in range(0x21, 0x7F)):
        for number in (f"1{sign}2", f"{sign}7", f"7{sign}", sign):
            numbered(number)
            if number != ".":
                assert call(f"/admissions/{quote(number, safe='')}").json().get("personnel_number") == number
        found = call(f"/admissions?personnel_number={quote(sign, safe='')}").json()["workers"]
        assert [item["personnel_number"] for item in found] == [sign]


@pytest.mark.parametrize(
    "number", ["12/А-3", "№ 5", "007/2026 (осн.)", "1%2F2", "a\\b", "1;2,3", "Ёж-1", "../admissions", "12#4?x=1"]
)
def test_numbers_as_firms_write_them(numbered: Callable[[str], None], call: Call, number: str) -> None:
    numbered(number)
    assert call(f"/admissions/{quote(number, safe='')}").json()["personnel_number"] == number
    found = call(f"/admissions?personnel_number={quote(number, safe='')}").json()["workers"]
    assert [item["personnel_number"] for item in found] == [number]


def test_a_number_of_another_employer_is_in_no_list(call: Call) -> None:
    assert call("/admissions?personnel_number=1003").json()["workers"] == []
    assert call("/admissions?personnel_number=nobody").json()["workers"] == []
    assert call("/admissions?personnel_number=%00").json()["workers"] == []


def test_worker_of_another_employer_is_not_known(call: Call) -> None:
    assert call("/admissions/1003").status_code == 404
    assert call("/admissions/nobody").json()["code"] == "not_found"


def test_outcomes_come_in_pages_without_medical_values(centre: ConsoleCentre, zoya: Browser, call: Call) -> None:
    ids = [centre.exam("1001", systolic_mmhg=171), centre.exam("1002"), centre.exam("1004")]
    zoya.decide(ids[0], outcome="not_admitted", reasons="pressure_high", comment="секрет")
    since = utc_text(centre.now() - timedelta(days=1))
    found, after = [], ""
    while True:
        answer = call(f"/exams?since={since}&days=2&limit=2&after={quote(after)}")
        assert not shows(answer.text, "171")
        assert "секрет" not in answer.text
        found += answer.json()["exams"]
        after = answer.json()["next_after"]
        if after is None:
            break
    assert sorted(item["exam_id"] for item in found) == sorted(ids)
    assert {item["outcome"] for item in found} == {"not_admitted", "waiting"}


def test_wrong_and_revoked_keys_open_nothing(centre: ConsoleCentre, address: str, browser: Browser, call: Call) -> None:
    assert httpx.get(f"{address}/api/v1/admissions").status_code == 401
    assert httpx.get(f"{address}/api/v1/admissions", headers={"Authorization": "Bearer x"}).status_code == 401
    assert call("/admissions").status_code == 200
    action = browser.get("/accounts").text.split('action="/accounts/keys/')[1].split('"')[0]
    assert browser.post(f"/accounts/keys/{action}", {}, page="/accounts").status_code == 303
    assert call("/admissions").status_code == 401


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("since=2026-01-02T00:00:00Z&days=0", 422),
        ("since=2026-01-01T00:00:00Z&days=32", 422),
        ("since=2026-01-01T00:00:00", 422),
        ("since=yesterday", 422),
        ("since=2026-01-01T00:00:00Z&limit=0", 422),
    ],
)
def test_bad_periods_are_told(call: Call, query: str, status: int) -> None:
    answer = call(f"/exams?{query}")
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message"}


def test_description_holds_for_whatever_is_sent(centre: ConsoleCentre, address: str, key: str) -> None:
    centre.exam("1001")
    schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
    operations = list(schema.get_all_operations())
    assert len(operations) == 5
    for operation in operations:

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.ok().as_strategy())
        def check(case: schemathesis.Case) -> None:
            case.call_and_validate(base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {key}"})

        check()


def test_a_line_break_in_a_path_is_answered_in_json_too(address: str, key: str) -> None:
    answer = httpx.get(f"{address}/api/v1/admissions/1%0A2", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "message"}
