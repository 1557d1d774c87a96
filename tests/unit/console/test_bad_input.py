"""What people and scripts send by mistake or on purpose: said at the field, nothing half-saved. What has a page of tests of
its own (imports, pictures, forged forms, two tabs of a register) is tested there."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from central.core.days import day_of
from central.core.rights import Role
from central.store import decisions, limits
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.registry import organisation, worker
from central.store.workers import find_worker
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre

PASTE = "\n".join(f"{number};Ветров Степан Ильич;водитель" for number in range(10_000))


def _given(centre: ConsoleCentre, exam_id: str) -> int:
    with reading(centre.engine) as connection:
        return len(decisions.of_exam(connection, exam_id))


def test_nobody_signs_under_an_expired_licence(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    with writing(centre.engine) as connection:
        yesterday = day_of(centre.now() - timedelta(days=1))
        connection.execute(update(organisation).values(licence_until=yesterday))
    answer = zoya.decide(exam_id, outcome="admitted", comment="набранное остаётся")
    assert answer.status_code == 403
    assert "Срок лицензии" in answer.text
    assert "набранное остаётся" in answer.text
    assert _given(centre, exam_id) == 0
    assert "Срок лицензии" in zoya.get("/registers/medics").text
    with writing(centre.engine) as connection:
        # Today, unless today is over before the decision is there.
        last_day = day_of(centre.now() + timedelta(minutes=5))
        connection.execute(update(organisation).values(licence_until=last_day))
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303


def test_licence_with_a_term_is_entered_and_shown(centre: ConsoleCentre, browser: Browser) -> None:
    centre.add_account("admin", Role.ADMINISTRATOR)
    browser.log_in("admin", unlock=False)
    path = f"/registers/organisations/{ORG}"
    fields = {"name": "Медпункт «Заря»", "licence": "Л041-1", "oid": "", "licence_until": "31.02.2027"}
    seen = browser.get(path).text.split('name="seen" value="')[1].split('"')[0]
    assert browser.post(path, fields | {"seen": seen}).status_code == 422
    assert browser.post(path, fields | {"seen": seen, "licence_until": "2027-02-28"}).status_code == 303
    assert "до 28.02.2027" in browser.get("/registers/organisations").text


@pytest.mark.parametrize("field", ["comment", "override_reason", "released_text"])
def test_ten_thousand_rows_pasted_into_a_decision(centre: ConsoleCentre, zoya: Browser, field: str) -> None:
    exam_id = centre.exam()
    other = "comment" if field == "released_text" else "released_text"
    fields = {"outcome": "not_admitted", "reasons": "complaints", other: "набранное остаётся", field: PASTE}
    answer = zoya.decide(exam_id, **fields)
    assert answer.status_code == 422
    assert "слишком длинный текст" in answer.text
    assert f'href="#field-{field}"' in answer.text
    assert "набранное остаётся" in answer.text
    assert _given(centre, exam_id) == 0


def test_ten_thousand_rows_pasted_into_a_name_and_a_search(centre: ConsoleCentre, browser: Browser) -> None:
    centre.add_account("senior", Role.SENIOR_MEDIC)
    browser.log_in("senior", unlock=False)
    fields = {"personnel_number": "9001", "full_name": PASTE, "employer_id": centre.people.employers[0]}
    answer = browser.post("/registers/workers/new", fields)
    assert answer.status_code == 422
    assert "слишком длинный" in answer.text
    with reading(centre.engine) as connection:
        assert find_worker(connection, ORG, "9001") is None
    assert browser.get("/journal", params={"person": PASTE[:4000]}).status_code == 200


def test_ten_thousand_fields_are_refused_before_anything_is_read(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    token = zoya.get(f"/exams/{exam_id}").text.split('name="csrf" value="')[1].split('"')[0]
    flood = {f"field{number}": "x" for number in range(10_000)}
    answer = zoya.http.post(f"/exams/{exam_id}/decision", data=flood | {"csrf": token, "outcome": "admitted"})
    assert answer.status_code in {400, 413}
    assert "Traceback" not in answer.text
    assert _given(centre, exam_id) == 0


def test_two_tabs_of_one_medic_decide_once(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    page = zoya.get(f"/exams/{exam_id}").text
    fields = {
        "csrf": page.split('name="csrf" value="')[1].split('"')[0],
        "exam_message_id": page.split('name="exam_message_id" value="')[1].split('"')[0],
        "outcome": "admitted",
    }
    assert zoya.http.post(f"/exams/{exam_id}/decision", data=fields).status_code == 303
    second = zoya.http.post(f"/exams/{exam_id}/decision", data=fields | {"outcome": "refer", "comment": "к врачу"})
    assert second.status_code == 409
    assert "решение уже принято" in second.text
    assert _given(centre, exam_id) == 1


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil.example")', "+7 Иван", "@SUM(A1)", "-1 Пётр"])
def test_formula_in_a_name_leaves_as_words(centre: ConsoleCentre, zoya: Browser, name: str) -> None:
    with writing(centre.engine) as connection:
        connection.execute(update(worker).where(worker.c.personnel_number == "1001").values(full_name=name))
    centre.exam("1001")
    lines = zoya.get("/journal/export/csv").content.decode("utf-8-sig").splitlines()
    cells = [cell.strip('"') for line in lines[1:] for cell in line.split(";")]
    assert any(name[1:8] in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


def test_a_day_that_has_not_come_is_said_at_its_field(centre: ConsoleCentre, browser: Browser) -> None:
    centre.add_account("senior", Role.SENIOR_MEDIC)
    browser.log_in("senior", unlock=False)
    fields = {
        "personnel_number": "9001",
        "full_name": "Полевой Глеб Ильич",
        "employer_id": centre.people.employers[0],
        "position": "водитель",
        "birth_date": (centre.now() + timedelta(days=2)).date().isoformat(),
    }
    answer = browser.post("/registers/workers/new", fields)
    assert answer.status_code == 422
    assert "ещё не наступил" in answer.text
    with reading(centre.engine) as connection:
        assert find_worker(connection, ORG, "9001") is None


def test_refused_forms_leave_no_trace_of_a_change(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome="not_admitted")
    zoya.decide(exam_id, outcome="anything")
    with reading(centre.engine) as connection:
        actions = list(connection.execute(audit.select().where(audit.c.action == "exam.decide")))
    assert actions == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/journal", {"person": "Вет\x00ров"}),
        ("/journal/columns", {"name": "a\x00", "action": "keep"}),
        ("/signature", {"passphrase": "\x00"}),
        ("/login", {"username": "\x00", "password": "x"}),
    ],
)
def test_a_zero_character_is_refused_at_the_door(zoya: Browser, path: str, fields: dict[str, str]) -> None:
    answer = zoya.post(path, fields, page="/journal")
    assert answer.status_code == 422
    assert "знак, которого не бывает в тексте" in answer.text


@pytest.mark.parametrize("path", ["/journal?terminal_id=%00", "/exams/%00", "/check/%00", "/registers/workers?q=%00"])
def test_a_zero_character_in_an_address_is_refused_too(zoya: Browser, path: str) -> None:
    assert zoya.get(path).status_code == 422


@pytest.mark.parametrize("path", ["/journal", "/changes"])
@pytest.mark.parametrize("query", ["until=9999-12-31", "since=0001-01-01"])
def test_days_at_the_ends_of_the_calendar_are_slips(
    centre: ConsoleCentre, browser: Browser, path: str, query: str
) -> None:
    centre.add_account("senior", Role.SENIOR_MEDIC)
    answer = browser.log_in("senior", unlock=False).get(f"{path}?{query}")
    assert answer.status_code == 422
    assert "это не дата" in answer.text


def test_a_basis_of_ten_thousand_rows_is_refused_and_not_cut(centre: ConsoleCentre, browser: Browser) -> None:
    centre.add_account("senior", Role.SENIOR_MEDIC)
    fields = {"scope": "organisation", "parameter": "systolic_mmhg", "high": "150", "basis": PASTE, "action": "save"}
    answer = browser.log_in("senior", unlock=False).post("/limits", fields)
    assert answer.status_code == 422
    assert "слишком длинный текст" in answer.text
    with reading(centre.engine) as connection:
        assert not limits.of_organisation(connection, ORG)


def test_who_goes_away_in_the_middle_of_a_form_is_no_fault_of_ours(
    centre: ConsoleCentre, zoya: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    path, sent = "/journal", []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    cookies = "; ".join(f"{name}={value}" for name, value in zoya.http.cookies.items())
    headers = [(b"cookie", cookies.encode()), (b"content-type", b"application/x-www-form-urlencoded")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "http_version": "1.1",
    }
    with caplog.at_level(logging.WARNING):
        asyncio.run(centre.app()(scope, receive, send))
    assert sent[0]["status"] == 400
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
