"""The interface for other programs."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select, update

from central.core.rights import Role
from central.store import api_keys
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.registry import worker
from central.words.texts import text
from dopusk.lab.demo.sample_people import ORG
from sync.contract.model import utc_text
from tests.console_centre import NO_ROOTS, Browser, ConsoleCentre, shows

Call = Callable[[str], httpx.Response]


@pytest.fixture
def key(centre: ConsoleCentre, browser: Browser) -> str:
    centre.add_account("admin", Role.ADMINISTRATOR)
    browser.log_in("admin", unlock=False)
    fields = {
        "name": "турникет",
        "employer_id": centre.people.employers[0],
        "scopes": ["admissions:read", "exams:read"],
    }
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
    assert len(operations) == 11
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


class Keys:
    """Makes keys on the page, as an administrator does, and calls with them."""

    def __init__(self, centre: ConsoleCentre, address: str, browser: Browser) -> None:
        centre.add_account("admin", Role.ADMINISTRATOR)
        self.admin = browser.log_in("admin", unlock=False)
        self.address = address

    def post(self, whose: str, *scopes: str, **fields: str) -> httpx.Response:
        form = {"name": "1C", "employer_id": whose, "scopes": list(scopes)} | fields
        return self.admin.post("/accounts/keys", form, page="/accounts")

    def made(self, whose: str, *scopes: str, **fields: str) -> str:
        return self.post(whose, *scopes, **fields).text.split('class="code">')[1].split("<")[0]

    def get(self, secret: str, path: str) -> httpx.Response:
        return httpx.get(f"{self.address}/api/v1{path}", headers={"Authorization": f"Bearer {secret}"}, verify=NO_ROOTS)


@pytest.fixture
def keys(centre: ConsoleCentre, address: str, browser: Browser) -> Keys:
    return Keys(centre, address, browser)


def test_a_key_opens_what_its_scopes_say(centre: ConsoleCentre, keys: Keys) -> None:
    employer = centre.people.employers[0]
    secret = keys.made(employer, "exams:read")
    since = utc_text(centre.now() - timedelta(days=1))
    assert keys.get(secret, f"/exams?since={since}").status_code == 200
    refused = keys.get(secret, "/admissions")
    assert (refused.status_code, refused.json()["code"]) == (403, "no_scope")


def test_a_key_of_the_organisation_names_an_employer_of_it(centre: ConsoleCentre, keys: Keys) -> None:
    first, second = centre.people.employers[:2]
    secret = keys.made(f"org:{ORG}", "admissions:read")
    assert keys.get(secret, "/admissions").json()["code"] == "employer_needed"
    assert keys.get(secret, "/admissions/1003").status_code == 422
    assert keys.get(secret, f"/admissions/1001?employer_id={first}").status_code == 200
    assert keys.get(secret, f"/admissions/1001?employer_id={second}").status_code == 404
    assert keys.get(secret, "/admissions?employer_id=nobody").status_code == 404
    of_first = keys.made(first, "admissions:read")
    assert keys.get(of_first, f"/admissions?employer_id={second}").status_code == 404


def test_a_key_ends_with_its_last_day(centre: ConsoleCentre, keys: Keys) -> None:
    day = centre.now().astimezone().date()
    secret = keys.made(centre.people.employers[0], "admissions:read", last_day=day.isoformat())
    assert keys.get(secret, "/admissions").status_code == 200
    centre.shift = timedelta(days=1)
    assert keys.get(secret, "/admissions").status_code == 401


def test_the_page_says_whose_a_key_is_its_last_day_and_what_revoking_takes(centre: ConsoleCentre, keys: Keys) -> None:
    day = centre.now().astimezone().date() + timedelta(days=9)
    keys.made(f"org:{ORG}", "exams:read", "workers:write", last_day=day.isoformat())
    page = keys.admin.get("/accounts").text
    table = page.split('id="keys"')[1].split("</table>")[0]
    assert f"последний день {day:%d.%m.%Y}" in table
    assert f"{day + timedelta(days=1):%d.%m.%Y}" not in table
    opened = [text("ru", f"key_scope.{one}") for one in ("exams:read", "workers:write")]
    question = table.split("Отозвать ключ «1C»?")[1].split("</p>")[0]
    assert ", ".join(opened) in question
    assert text("ru", "key_scope.admissions:read") not in question
    assert "Чей ключ" in table.split("</thead>")[0]


def test_a_key_of_another_network_opens_nothing_and_is_noted(centre: ConsoleCentre, keys: Keys) -> None:
    here = keys.made(centre.people.employers[0], "admissions:read", networks="127.0.0.0/8, ::1")
    elsewhere = keys.made(centre.people.employers[0], "admissions:read", networks="192.0.2.0/24")
    assert keys.get(here, "/admissions").status_code == 200
    answers = [keys.get(elsewhere, "/admissions") for _ in range(2)]
    assert [one.status_code for one in answers] == [401, 401]
    with reading(centre.engine) as connection:
        noted = connection.execute(select(audit).where(audit.c.action == "api.other_network")).all()
    assert len(noted) == 1


@pytest.mark.parametrize(
    ("scopes", "fields", "field"),
    [
        ((), {}, "key_scopes"),
        (("everything",), {}, "key_scopes"),
        (("observations:write",), {}, "key_scopes"),
        (("shifts:write",), {"networks": "192.0.2.0/33"}, "key_networks"),
        (("shifts:write",), {"last_day": "2026-02-31"}, "key_last_day"),
        (("shifts:write",), {"last_day": "2020-01-01"}, "key_last_day"),
    ],
)
def test_a_key_with_a_fault_is_not_made(
    centre: ConsoleCentre, keys: Keys, scopes: tuple[str, ...], fields: dict[str, str], field: str
) -> None:
    answer = keys.post(centre.people.employers[0], *scopes, **fields)
    assert answer.status_code == 422
    assert f'id="fault-{field}"' in answer.text
    with reading(centre.engine) as connection:
        assert not api_keys.of_organisations(connection, (ORG,))
