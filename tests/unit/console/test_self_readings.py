"""Readings of personal devices: only with consent, shown under their own heading, and in no rule, limit, record or admission."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from central.access.program_keys import KeyRights
from central.core.rights import Role
from central.people.consents import Consents
from central.people.self_readings import Observation, take
from central.store import api_keys
from central.store.decisions import decision
from central.store.engine import reading, writing
from central.store.exams import exam
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import canonical
from tests.console_centre import Browser, ConsoleCentre

HEADING = "Данные личного прибора, не осмотр"


def _agree(centre: ConsoleCentre, number: str = "1001") -> str:
    day = centre.now().date()
    give = Consents(centre.registry)
    with writing(centre.engine) as connection:
        give.add_text(connection, ORG, "self_readings", "1", "Согласен", valid_from=day, author="a")
        return give.give(
            connection,
            centre.people.workers[number],
            "self_readings",
            "1",
            given_on=day,
            means="paper",
            basis="папка 1",
            author="a",
        )


def _sent(centre: ConsoleCentre, sent_id: str, code: str, value: float) -> Observation:
    at = centre.now() - timedelta(minutes=30)
    return Observation(sent_id, centre.people.employers[0], "1001", "loinc", code, "mm[Hg]", value, at, "Часы")


def _take(centre: ConsoleCentre, sent: Observation) -> str:
    with writing(centre.engine) as connection:
        return take(connection, ORG, "program", sent, centre.now())


def test_a_reading_of_200_to_120_is_shown_and_changes_nothing(
    centre: ConsoleCentre, zoya: Browser, browser: Browser
) -> None:
    payload = centre.payload()
    exam_id = centre.receive(payload)

    def all_of_it() -> tuple[object, ...]:
        with reading(centre.engine) as connection:
            row = connection.execute(select(exam).where(exam.c.exam_id == exam_id)).one()
        return tuple(row)

    before, page = all_of_it(), zoya.get(f"/exams/{exam_id}").text
    assert HEADING not in page
    _agree(centre)
    assert _take(centre, _sent(centre, "1", "8480-6", 200.0)) == "taken"
    assert _take(centre, _sent(centre, "2", "8462-4", 120.0)) == "taken"
    assert _take(centre, _sent(centre, "2", "8462-4", 121.0)) == "known"
    shown = zoya.get(f"/exams/{exam_id}").text
    section = shown.split('id="self-readings"')[1].split("</details>")[0]
    for words in (HEADING, ">200 ", ">120 ", "Часы"):
        assert words in section
    assert all_of_it() == before
    # Everything else on the page is as it was: verdict, limits, measurements, corridor.
    without = shown.replace('<details class="card" id="self-readings"' + section + "</details>", "")
    for one in ('class="card rules', 'class="values"', 'class="charts"'):
        assert (one in without) == (one in page)
        if one in page:
            assert without.split(one)[1][:1500] == page.split(one)[1][:1500]
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    with reading(centre.engine) as connection:
        (record,) = connection.execute(select(decision.c.record).where(decision.c.exam_id == exam_id)).scalars()
    signed = json.loads(record)["exam"]
    assert canonical(signed) == canonical(payload), "byte by byte the exam that the terminal sent"
    assert "Часы".encode() not in record
    # The worker sees them too.
    centre.add_account("worker", Role.WORKER)
    browser.log_in("worker", unlock=False)
    assert HEADING in browser.get("/me/trend").text


def test_nothing_comes_without_consent_and_after_its_end(centre: ConsoleCentre) -> None:
    sent = _sent(centre, "1", "8480-6", 200.0)
    assert _take(centre, sent) == "no_consent"
    consent_id = _agree(centre)
    assert _take(centre, sent) == "taken"
    with writing(centre.engine) as connection:
        day = centre.now().date()
        Consents(centre.registry).withdraw(
            connection, consent_id, withdrawn_on=day, means="paper", basis="папка 1", author="a"
        )
    assert _take(centre, replace(sent, sent_id="2")) == "no_consent"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"code": "2708-6"}, "unknown_code"),
        ({"code_system": "snomed"}, "unknown_code"),
        ({"unit": "kPa"}, "wrong_unit"),
        ({"value": float("nan")}, "wrong_value"),
        ({"value": -3.0}, "wrong_value"),
        ({"value": 1e9}, "wrong_value"),
        ({"measured_at": datetime(2020, 1, 1, tzinfo=UTC)}, "wrong_time"),
        ({"measured_at": datetime(2199, 1, 1, tzinfo=UTC)}, "wrong_time"),
        ({"personnel_number": "9999"}, "unknown_worker"),
        ({"employer_id": "another"}, "unknown_worker"),
        ({"code_system": "mdc", "code": "150021"}, "taken"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_word(
    centre: ConsoleCentre, changes: dict[str, object], outcome: str
) -> None:
    _agree(centre)
    assert _take(centre, replace(_sent(centre, "1", "8480-6", 200.0), **changes)) == outcome  # type: ignore[arg-type]


def _program(centre: ConsoleCentre, scope: str, employer_id: str | None = None) -> dict[str, str]:
    rights = KeyRights("часы", (scope,), None, ())
    key, secret = rights.made(ORG, employer_id, "", centre.now())
    with writing(centre.engine) as connection:
        api_keys.add(connection, key)
    return {"Authorization": f"Bearer {secret}"}


def test_a_program_sends_with_its_scope_and_each_reading_has_its_answer(
    centre: ConsoleCentre, browser: Browser, zoya: Browser
) -> None:
    _agree(centre)
    exam_id = centre.exam()
    usual = {"employer_id": centre.people.employers[0], "personnel_number": "1001", "system": "loinc", "code": "8480-6"}
    usual |= {"unit": "mm[Hg]", "measured_at": centre.now().isoformat(), "device": "Часы"}
    sent = {"observations": [usual | {"id": "1", "value": 200}, usual | {"id": "2", "value": 120, "unit": "kPa"}]}
    path = "/api/v1/observations"
    for headers, status in (
        ({}, 401),
        (_program(centre, "admissions:read"), 403),
        (_program(centre, "observations:write", centre.people.employers[0]), 403),
    ):
        assert browser.http.post(path, json=sent, headers=headers).status_code == status
    own = _program(centre, "observations:write")
    answer = browser.http.post(path, json=sent, headers=own)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"observations": [{"id": "1", "outcome": "taken"}, {"id": "2", "outcome": "wrong_unit"}]}
    assert browser.http.post(path, json=sent, headers=own).json()["observations"][0]["outcome"] == "known"
    assert HEADING in zoya.get(f"/exams/{exam_id}").text
    for broken in (
        {"observations": []},
        {"observations": [usual]},
        {"observations": [usual | {"id": "3", "value": "x"}]},
    ):
        assert browser.http.post(path, json=broken, headers=own).status_code == 422
