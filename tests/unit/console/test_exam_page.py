"""What the exam page tells a medic beside the values, and where it leads after the signature."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from central.console.charts import charts_of
from central.deciding.medics import register_faults
from central.store import accounts, decisions, medics, registry, terminals
from central.store.audit import audit
from central.store.engine import reading, writing
from central.words.exam_view import steps
from sync.contract.envelope import ClockStamp
from sync.contract.health import TerminalStatus
from tests.console_centre import Browser, ConsoleCentre

MOSCOW = timezone(timedelta(hours=3))


def _claim(page: str) -> str:
    return re.findall(r'data-claim="(\d?)"', page)[0]


def test_medic_who_may_not_sign_takes_no_exam_from_the_others(centre: ConsoleCentre, browser: Browser) -> None:
    medic_id = centre.add_medic("foma", "Бережной Фома Лукич", training_hours=12, accreditation_until=None)
    exam_id = centre.exam()
    page = browser.log_in("foma", unlock=False).get(f"/exams/{exam_id}").text
    assert _claim(page) == ""
    with reading(centre.engine) as connection:
        entry, owner = medics.find(connection, medic_id), registry.get_organisation(connection, "zarya")
    assert entry is not None
    assert register_faults(entry, dict(owner or {}), centre.now()) == ["no_accreditation", "training_short"]
    assert page.count("Исправит старший медработник в реестре.") == 2


def test_medic_who_may_sign_claims(centre: ConsoleCentre, zoya: Browser) -> None:
    assert _claim(zoya.get(f"/exams/{centre.exam()}").text) == "1"


def test_who_looks_for_long_may_be_relieved(centre: ConsoleCentre, zoya: Browser, foma: Browser) -> None:
    exam_id = centre.exam()
    page = f"/exams/{exam_id}"

    def ask(browser: Browser, **fields: str) -> int:
        return browser.post(f"{page}/claim", fields, page=page).status_code

    def holder() -> tuple[str, datetime]:
        with reading(centre.engine) as connection:
            held = decisions.claim_of(connection, exam_id, centre.now())
        assert held is not None
        return held.full_name, held.claimed_at

    ask(foma)
    name, since = holder()
    ask(zoya, take_over="1")
    shown = zoya.get(page).text
    assert holder() == (name, since), "too early"
    assert "Проверить, свободен ли" in shown
    assert "Взять осмотр себе" not in shown

    for _ in range(4):
        centre.shift += timedelta(seconds=90)
        ask(foma)
    assert holder() == (name, since), "who renews has looked since the beginning"
    ask(zoya)
    assert holder() == (name, since), "an open page alone relieves nobody"
    assert "Взять осмотр себе" in zoya.get(page).text
    ask(zoya, take_over="1")
    assert holder()[0] == "Луговая Зоя Марковна"
    assert foma.decide(exam_id, outcome="admitted").status_code == 409
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    with reading(centre.engine) as connection:
        (noted,) = connection.execute(select(audit).where(audit.c.action == "exam.take_over")).all()
        relieved = accounts.by_username(connection, "foma")
    assert relieved is not None
    assert (noted.subject, noted.detail) == (exam_id, {"relieved": relieved.account_id})


def test_licence_is_the_administrators(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    with writing(centre.engine) as connection:
        connection.execute(registry.organisation.update().values(licence=""))
    assert "не указана лицензия. Исправит администратор." in zoya.get(f"/exams/{exam_id}").text


def test_fault_stands_at_its_field(centre: ConsoleCentre, zoya: Browser) -> None:
    page = zoya.decide(centre.exam(), outcome="not_admitted").text
    field = page.split('id="field-reasons"')[1].split("</fieldset>")[0]
    assert '<small class="fault">выберите хотя бы одну</small>' in field


def test_decision_shows_all_that_was_signed(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    zoya.decide(
        exam_id,
        outcome="not_admitted",
        reasons="visual_signs",
        comment="сыпь на шее",
        released_text="Пройдите в кабинет 4",
        visual_skin="changed",
        visual_behaviour="unseen",
    )
    given = zoya.get(f"/exams/{exam_id}").text.split('<article class="card given')[1].split("</article>")[0]
    assert "Кожа: есть изменения; Поведение: не видно" in given.replace("\n", "")
    assert "Работнику сказано: Пройдите в кабинет 4" in given
    assert "сыпь на шее" in given


def test_signing_leads_to_the_longest_waiting_exam_that_nobody_looks_at(
    centre: ConsoleCentre, zoya: Browser, foma: Browser
) -> None:
    first, second, third = centre.exam("1001"), centre.exam("1002"), centre.exam("1004")
    foma.post(f"/exams/{first}/claim", {}, page=f"/exams/{first}")
    answer = zoya.decide(second, outcome="admitted", then="next")
    assert answer.headers["location"] == f"/exams/{third}?decided={second}"
    assert "Решение подписано" in zoya.get(answer.headers["location"]).text
    answer = zoya.decide(third, outcome="admitted", then="next")
    assert answer.headers["location"] == f"/queue?decided={third}"


def test_terminal_without_a_link_and_a_late_record_are_told(centre: ConsoleCentre, zoya: Browser) -> None:
    late = centre.exam(started_at=centre.now() - timedelta(hours=2))
    soon = centre.exam("1002", started_at=centre.now() - timedelta(seconds=90))
    page = zoya.get(f"/exams/{soon}").text
    assert "нет связи" not in page
    assert "Получен" not in page
    assert re.search(r'class="timer" data-waiting="\d+"', page)
    with writing(centre.engine) as connection:
        terminals.note_status(connection, "kiosk-1", TerminalStatus(state="offline"), now=centre.now())
    page = zoya.get(f"/exams/{late}").text
    assert "нет связи: решение дойдёт, когда она вернётся" in page
    assert "<dt>Получен</dt>" in page


def test_clock_that_was_not_checked_is_told(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.terminal.changes = {"clock": ClockStamp(trusted=False, boot_id="cold", monotonic_s=1.0)}
    assert "Часы терминала не сверены" in zoya.get(f"/exams/{centre.exam()}").text
    centre.terminal.changes = {}
    assert "Часы терминала не сверены" not in zoya.get(f"/exams/{centre.exam('1002')}").text


def test_chart_names_unit_days_and_each_value(centre: ConsoleCentre) -> None:
    days = [datetime(2026, 11, day, 9, tzinfo=UTC) for day in (11, 14, 17, 20)]
    payloads = [
        centre.payload(systolic_mmhg=value, started_at=at) for value, at in zip((120, 130, 125, 150), days, strict=True)
    ]
    chart = charts_of(payloads[:-1], payloads[-1], "ru", MOSCOW)[0]
    assert (chart.unit, chart.scale, chart.last, chart.side) == ("мм рт. ст.", ("150", "90"), "150", "high")
    assert chart.days == ("11.11.26", "20.11.26")
    assert chart.points[1][2].endswith(": 130 мм рт. ст.")


@pytest.mark.parametrize(("language", "words"), [("ru", "Прибор не ответил"), ("en", "The device did not answer")])
def test_failed_try_is_told_in_the_readers_language(centre: ConsoleCentre, language: str, words: str) -> None:
    payload = centre.payload()
    failure = {"step": "pressure", "attempt": 1, "at": payload["started_at"], "device_id": "tonometer"}
    failure |= {"kind": "NoResponse", "code": "no_answer", "message": "TM-2655: no answer", "act": "service"}
    payload["failures"] = [failure]
    (pressure,) = (step for step in steps(payload, language, MOSCOW) if step.step == "pressure")
    assert pressure.attempts[0].failure == words
    assert pressure.attempts[0].device_words == "TM-2655: no answer"
