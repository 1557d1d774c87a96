"""What else happened to the same worker that day stands at the decision and in the queue, whatever terminal he was at."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from central.core.parties import Terminal
from central.deciding.same_day import same_day
from central.store import terminals
from central.store.engine import writing
from central.store.exams import exam
from central.store.registry import worker
from central.store.same_day import OtherExam
from dopusk.lab.demo.sample_people import ORG
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.topics import TerminalAddress
from tests.console_centre import Browser, ConsoleCentre

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def _other(hours: float, outcome: str | None, exam_type: str = "pre_shift", state: str = "decided") -> OtherExam:
    """So many hours before noon."""
    at = NOON - timedelta(hours=hours)
    return OtherExam(f"{hours}", exam_type, state, "", at, "Терминал 2", outcome, (), at, "Луговая")


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.deciding.same_day.day_of", lambda at: at.date())


def test_same_day_is_the_day_of_the_place_and_the_evening_before_a_night_shift() -> None:
    found = same_day(
        "now",
        "pre_shift",
        NOON,
        [
            _other(1, "admitted", "post_shift"),
            _other(11, "admitted"),
            _other(13, "refer"),
            _other(30, "not_admitted"),
        ],
    )
    assert [item.other.exam_id for item in found] == ["1", "11"]
    assert [item.is_second for item in found] == [False, True]
    early = NOON.replace(hour=1)
    evening = [_other(14, "refer", "during_shift"), _other(15, "admitted", "post_shift"), _other(16, "admitted")]
    assert [item.other.exam_id for item in same_day("now", "pre_shift", early, evening)] == ["14", "16"]


def test_what_speaks_against_an_admission_comes_first() -> None:
    given = [_other(1, "admitted"), _other(2, "not_admitted"), _other(3, None, state="waiting"), _other(4, "refer")]
    assert [item.outcome for item in same_day("now", "pre_shift", NOON, given)] == [
        "not_admitted",
        "refer",
        "admitted",
        "waiting",
    ]
    assert same_day("1", "pre_shift", NOON, given[:1]) == (), "not the exam itself"


def _at_another_terminal(centre: ConsoleCentre) -> None:
    key = Ed25519PrivateKey.generate()
    centre.terminal = TerminalIdentity(TerminalAddress(ORG, "kiosk-2"), key, centre.terminal.centre_key, "test")
    with writing(centre.engine) as connection:
        terminals.add_terminal(connection, Terminal("kiosk-2", ORG, "Терминал 2", "Проходная 2"), now=centre.now())
        terminals.set_key(connection, "kiosk-2", centre.terminal.public_key)


def _banner(page: str) -> str:
    found = re.search(r'<aside[^>]*id="others".*?</aside>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[0])) if found else ""


def _row(page: str, exam_id: str) -> str:
    found = re.search(rf'<tr data-exam="{exam_id}".*?</tr>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[0])) if found else ""


def test_a_referral_of_the_morning_stands_at_the_decision_and_in_the_row(centre: ConsoleCentre, zoya: Browser) -> None:
    zoya.http.cookies.set("dopusk_zone", "Asia%2FVladivostok")
    first = centre.exam("1003", systolic_mmhg=165)
    assert zoya.decide(first, outcome="refer", reasons="pressure_high").status_code == 303
    _at_another_terminal(centre)
    second, stranger = centre.exam("1003"), centre.exam("1001")
    page = zoya.get(f"/exams/{second}").text
    said = _banner(page)
    assert re.search(
        r"(сегодня|вчера) \d\d:\d\d : Направить к врачу \(Повышенное артериальное давление\) предсменный, Терминал 1, Луговая",
        said,
    ), said
    assert "Это не первый такой осмотр за день: предсменный" in said
    assert 'id="field-outcome" aria-describedby="others"' in page
    for path in ("/queue", "/queue/rows"):
        row = _row(zoya.get(path).text, second)
        assert re.search(r"(сегодня|вчера) \d\d:\d\d : Направить к врачу · сегодня не первый", row), row
        assert "не первый" not in _row(zoya.get(path).text, stranger)
    assert _banner(zoya.get(f"/exams/{stranger}").text) == ""


@pytest.mark.parametrize("outcome", ["admitted", "not_admitted", "not_identified"])
def test_each_outcome_is_said_and_a_correction_replaces_it(centre: ConsoleCentre, zoya: Browser, outcome: str) -> None:
    first = centre.exam("1001")
    zoya.decide(first, outcome=outcome, reasons="complaints")
    second = centre.exam("1001")
    words = {"admitted": "Допущен", "not_admitted": "Не допущен", "not_identified": "Личность не подтверждена"}
    assert f": {words[outcome]} " in _banner(zoya.get(f"/exams/{second}").text)
    assert f": {words[outcome]} " in _row(zoya.get("/queue").text, second)


def test_the_same_person_under_two_entries_is_found_by_the_snils(centre: ConsoleCentre, zoya: Browser) -> None:
    with writing(centre.engine) as connection:
        both = [centre.people.workers["1001"], centre.people.workers["1002"]]
        connection.execute(update(worker).where(worker.c.worker_id.in_(both)).values(snils_hmac="alike"))
    first = centre.exam("1001")
    zoya.decide(first, outcome="not_admitted", reasons="alcohol_breath")
    second = centre.exam("1002")
    assert "Не допущен" in _banner(zoya.get(f"/exams/{second}").text)
    assert "Не допущен" in _row(zoya.get("/queue").text, second)


def test_yesterday_is_another_day(centre: ConsoleCentre, zoya: Browser) -> None:
    first = centre.exam("1001", started_at=centre.now() - timedelta(hours=40))
    zoya.decide(first, outcome="admitted")
    with writing(centre.engine) as connection:
        ago = {"decided_at": centre.now() - timedelta(hours=40)}
        connection.execute(update(exam).where(exam.c.exam_id == first).values(ago))
    assert _banner(zoya.get(f"/exams/{centre.exam('1001')}").text) == ""
