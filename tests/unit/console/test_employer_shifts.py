"""Planned shifts: who has to pass, who is late and told once, and plans that cannot be."""

import contextlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import openpyxl
import pytest
from sqlalchemy import select, update

from central.core.config import NoticesConfig
from central.core.rights import Role
from central.notifying.notice_channels import ChannelSecrets, add_channel
from central.notifying.notice_sending import letter
from central.notifying.notices import Notifier
from central.store import shift_plans
from central.store.engine import reading, writing
from central.store.notices import notice
from central.store.registry import worker
from central.store.reminders import reminder
from central.workforce import late_shifts
from sync.contract.canonical import new_id
from tests.console_centre import CSRF, Browser, ConsoleCentre

PAGE = "/employer/shifts"


@pytest.fixture
def boss(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The dispatcher of the first employer, whose clock is UTC."""
    centre.add_account("boss", Role.EMPLOYER, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as browser:
        browser.http.cookies.set("dopusk_zone", "UTC")
        yield browser.log_in("boss", unlock=False)


def _noon(centre: ConsoleCentre) -> datetime:
    """A moment of tomorrow at which the plan begins; the centre's clock is moved there by the tests."""
    return (centre.now() + timedelta(days=1)).astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def _plan(boss: Browser, number: str, at: datetime, **more: str) -> int:
    fields = {"personnel_number": number, "day": f"{at:%Y-%m-%d}", "begin": f"{at:%H:%M}", "exam_type": "pre_shift"}
    return boss.post(PAGE, fields | more).status_code


def _send(boss: Browser, action: str, name: str, content: bytes) -> httpx.Response:
    fields = {"csrf": CSRF.findall(boss.get(PAGE).text)[-1], "action": action}
    return boss.http.post(f"{PAGE}/file", data=fields, files={"file": (name, content)})


def test_a_hundred_are_planned_and_three_are_named_and_told_once(
    centre: ConsoleCentre, zoya: Browser, boss: Browser
) -> None:
    """97 of 100 were examined: the three are on the page once the shift has begun, and each is told by one notice."""
    begin = _noon(centre)
    with writing(centre.engine) as connection:
        row = dict(connection.execute(worker.select().where(worker.c.personnel_number == "1001")).mappings().one())
        for place in range(100):
            new = {"worker_id": new_id(), "personnel_number": f"7{place:03d}", "full_name": f"Плановый {place:03d}"}
            connection.execute(worker.insert().values(**(row | new | {"search_name": f"плановый {place:03d}"})))
            centre.people.workers[f"7{place:03d}"] = new["worker_id"]
        channel_secrets = ChannelSecrets(b"s" * 32)
        add_channel(connection, centre.people.employers[0], "email", "d@example.test", "", channel_secrets)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Табельный номер", "Дата", "Начало", "Вид осмотра"])
    for place in range(100):
        sheet.append([f"7{place:03d}", begin.strftime("%d.%m.%Y"), "12:00", "предсменный"])
    stream = io.BytesIO()
    book.save(stream)
    answer = _send(boss, "apply", "plan.xlsx", stream.getvalue())
    assert answer.status_code == 200
    assert "Сохранено смен: 100" in answer.text
    for place in range(100):
        if place not in (7, 41, 99):
            centre.exam(f"7{place:03d}", started_at=begin - timedelta(minutes=40))
    address = f"{PAGE}?day={begin:%Y-%m-%d}"
    assert late_shifts.look(centre.engine, begin - timedelta(minutes=1)) == 0
    assert "Ещё не прошёл (3)" in boss.get(address).text

    centre.shift = begin + timedelta(minutes=1) - centre.now()
    boss.log_in("boss", unlock=False)
    page = boss.get(f"{address}&state=late").text
    assert "Опоздал (3)" in page
    assert [f"Плановый {place:03d}" in page for place in (7, 41, 99, 8)] == [True, True, True, False]
    workbook = openpyxl.load_workbook(io.BytesIO(boss.get(f"{PAGE}/export?day={begin:%Y-%m-%d}&state=late").content))
    assert {str(row[1]) for row in workbook.active.values if row[1]} >= {"7007", "7041", "7099"}  # type: ignore[union-attr]

    assert late_shifts.look(centre.engine, centre.now()) == 3
    assert late_shifts.look(centre.engine, centre.now()) == 0, "each is told once"
    notifier = Notifier(centre.engine, NoticesConfig(), channel_secrets, centre.now)
    notifier.step()
    with reading(centre.engine) as connection:
        bodies = [row.body for row in connection.execute(select(notice))]
    assert sorted(body["personnel_number"] for body in bodies) == ["7007", "7041", "7099"]
    subject, words = letter(bodies[0])
    assert "к началу смены" in subject
    assert "12:00" in words
    assert "Плановый" not in words

    # Who comes after all is late no more, and what nobody has taken yet is taken back.
    centre.exam("7041", started_at=centre.now())
    late_shifts.look(centre.engine, centre.now() + timedelta(minutes=5))
    with reading(centre.engine) as connection:
        taken = connection.execute(select(reminder.c.worker_id).where(reminder.c.taken_back_at.is_not(None))).scalars()
        assert list(taken) == [centre.people.workers["7041"]]
    assert "Опоздал (2)" in boss.get(address).text


def test_a_plan_that_cannot_be_is_refused_with_a_word(centre: ConsoleCentre, boss: Browser) -> None:
    begin = _noon(centre)
    with writing(centre.engine) as connection:
        left = {"until": (begin - timedelta(days=2)).date()}
        connection.execute(update(worker).where(worker.c.personnel_number == "1002").values(**left))
    cases = (
        ({"personnel_number": "1001", "day": f"{centre.now() - timedelta(days=1):%Y-%m-%d}"}, "этот день уже прошёл"),
        ({"personnel_number": "1002"}, "уже не работает"),
        ({"personnel_number": "1003"}, "такого работника нет"),
        ({"personnel_number": ""}, "заполните"),
        ({"personnel_number": "1001", "day": "вчера"}, "это не дата"),
        ({"personnel_number": "1001", "begin": "25:00"}, "это не время"),
        ({"personnel_number": "1001", "exam_type": "x"}, "выберите одно"),
        ({"personnel_number": "1001", "day": "2199-01-01"}, "вперёд не планируют"),
    )
    usual = {"day": f"{begin:%Y-%m-%d}", "begin": "12:00", "exam_type": "pre_shift"}
    for fields, words in cases:
        answer = boss.post(PAGE, usual | fields)
        assert answer.status_code == 422, fields
        assert words in answer.text, fields
    with reading(centre.engine) as connection:
        assert connection.execute(select(shift_plans.shift_plan)).all() == []


def test_a_file_with_one_wrong_row_stores_nothing(centre: ConsoleCentre, boss: Browser) -> None:
    begin = _noon(centre)
    yesterday = centre.now() - timedelta(days=1)
    rows = f"Табельный номер;Дата;Начало\n1001;{begin:%d.%m.%Y};08:00\n1002;{yesterday:%d.%m.%Y};08:00\n"
    answer = _send(boss, "apply", "plan.csv", rows.encode())
    assert answer.status_code == 422
    assert "строка 3" in answer.text
    assert "этот день уже прошёл" in answer.text
    errors = _send(boss, "errors", "plan.csv", rows.encode())
    assert errors.content.startswith(b"PK")
    garbage = _send(boss, "check", "x.xlsx", b"\x00\x01")
    assert garbage.status_code == 422
    with reading(centre.engine) as connection:
        assert connection.execute(select(shift_plans.shift_plan)).all() == []


def test_a_shift_of_others_is_not_there_and_an_own_one_is_withdrawn(
    centre: ConsoleCentre, boss: Browser, browser: Browser
) -> None:
    begin = _noon(centre)
    assert _plan(boss, "1001", begin) == 303
    assert _plan(boss, "1001", begin) == 303, "the same plan twice is one"
    day = f"{PAGE}?day={begin:%Y-%m-%d}"
    with reading(centre.engine) as connection:
        (plan_id,) = connection.execute(select(shift_plans.shift_plan.c.plan_id)).scalars()
    centre.add_account("other", Role.EMPLOYER, employer_id=centre.people.employers[1])
    other = browser.log_in("other", unlock=False)
    assert "Ветров" not in other.get(day).text
    assert other.post(f"{PAGE}/{plan_id}/withdraw", {}, page=PAGE).status_code == 404
    assert "Ветров" in boss.get(day).text
    assert boss.post(f"{PAGE}/{plan_id}/withdraw", {"day": f"{begin:%Y-%m-%d}"}, page=PAGE).status_code == 303
    assert "Ветров" not in boss.get(day).text.split("<main")[1]
    assert _plan(boss, "1001", begin) == 303
    assert "Ветров" in boss.get(day).text


def test_suspended_and_in_person_people_stand_with_what_to_do(centre: ConsoleCentre, boss: Browser) -> None:
    page = boss.get("/employer/held").text
    assert "Остапов" in page
    assert "К работе не допускать" in page
    assert "отправьте к медработнику" in page
    assert "Обратитесь в отдел кадров" not in page, "what the kiosk says to the worker is not the employer's"
    assert "Ветров" not in page
