"""The roster as medics see it: planned, handed over, rung. The console shows what the thread has rung."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from central.core.rights import Role
from central.duty.ring_thread import Ringing
from central.store import accounts, duties, rings
from central.store.audit import audit
from central.store.duties import Duty
from central.store.engine import reading, writing
from central.store.outgoing import centre_outbox
from central.store.rings import ring
from dopusk.lab.demo.sample_people import ORG
from sync.contract.called import QUEUE
from sync.contract.canonical import new_id
from sync.contract.envelope import read_unverified
from tests.console_centre import Browser, ConsoleCentre


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """Who keeps the roster."""
    centre.add_account("senior", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("senior", unlock=False)


def account_of(centre: ConsoleCentre, name: str) -> str:
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, name)
    assert found is not None
    return found.account_id


def on_duty(centre: ConsoleCentre, name: str, began: timedelta = timedelta(hours=1)) -> str:
    """A duty that goes on; its id."""
    now = centre.now()
    item = Duty(new_id(), ORG, account_of(centre, name), now - began, now + timedelta(hours=8), now, "senior")
    with writing(centre.engine) as connection:
        duties.add(connection, item)
    return item.duty_id


def ringing(centre: ConsoleCentre) -> Ringing:
    return Ringing(centre.engine, centre.config.duty.ring_after_s, centre.outgoing, centre.now)


def rung(centre: ConsoleCentre) -> list[tuple[str, str]]:
    """Account and what stopped it, in their steps."""
    with reading(centre.engine) as connection:
        return [
            (row[0], row[1])
            for row in connection.execute(select(ring.c.account_id, ring.c.stopped_by).order_by(ring.c.step))
        ]


def test_a_duty_is_planned_shown_and_taken_off(centre: ConsoleCentre, zoya: Browser, senior: Browser) -> None:
    tomorrow = (centre.now() + timedelta(days=1)).date()
    said = {"account_id": account_of(centre, "zoya"), "day": f"{tomorrow}", "begin": "20:00", "end": "08:00"}
    for name, value, words in (
        ("account_id", account_of(centre, "senior"), "выберите одно"),
        ("day", "завтра", "это не дата"),
        ("day", "2020-01-01", "этот день уже прошёл"),
        ("begin", "25:00", "это не время"),
        ("end", "", "заполните"),
    ):
        answer = senior.post("/duty", said | {name: value})
        assert answer.status_code == 422, (name, value)
        assert words in answer.text.partition(f'id="fault-{name}"')[2][:200], (name, value)
    assert "Графика нет" in zoya.get("/duty").text
    assert senior.post("/duty", said).status_code == 303
    again = senior.post("/duty", said | {"begin": "07:00", "end": "21:00"})
    assert "уже дежурит" in again.text
    for view in ("day", "week"):
        assert "20:00 – 08:00" in zoya.get(f"/duty?view={view}&day={tomorrow}").text
    page = zoya.get("/duty").text
    assert "никто не дежурит" in page, "the gap before tomorrow's night is shown in advance"
    assert zoya.post("/duty", said).status_code == 403
    with reading(centre.engine) as connection:
        (item,) = duties.between(connection, [ORG], centre.now(), centre.now() + timedelta(days=3))
    assert (item.ends_at - item.starts_at) == timedelta(hours=12)
    assert zoya.post(f"/duty/{item.duty_id}/end", {}, page="/duty").status_code == 403
    assert senior.post(f"/duty/{item.duty_id}/end", {}, page="/duty").status_code == 303
    assert senior.post(f"/duty/{item.duty_id}/end", {}, page="/duty").status_code == 409
    assert "снято" in zoya.get(f"/duty?day={tomorrow}").text


def test_an_unopened_exam_rings_one_after_the_other_until_it_is_opened(
    centre: ConsoleCentre, zoya: Browser, foma: Browser
) -> None:
    on_duty(centre, "zoya", timedelta(hours=2))
    on_duty(centre, "foma")
    first, second = account_of(centre, "zoya"), account_of(centre, "foma")
    exam_id = centre.exam("1001")
    assert ringing(centre).look() == 0, "nobody is rung at once"
    centre.shift += timedelta(seconds=centre.config.duty.ring_after_s)
    assert ringing(centre).look() == 1
    assert ringing(centre).look() == 0, "another look, of a centre that was started anew, rings nobody twice"
    assert rung(centre) == [(first, "")]
    assert "Вас вызывают" in zoya.get("/queue").text
    assert exam_id in zoya.get("/queue/rows").text.partition("Вас вызывают")[2]
    assert "Вас вызывают" not in foma.get("/queue").text
    centre.shift += timedelta(seconds=centre.config.duty.ring_after_s)
    assert ringing(centre).look() == 1
    assert rung(centre) == [(first, "next"), (second, "")]
    assert "Вас вызывают" in foma.get("/queue").text
    assert foma.post(f"/exams/{exam_id}/claim", {}, page=f"/exams/{exam_id}").status_code == 303
    assert ringing(centre).look() == 1
    assert rung(centre) == [(first, "next"), (second, "opened")]
    assert "Вас вызывают" not in foma.get("/queue").text


def told(centre: ConsoleCentre) -> list[list[dict[str, object]]]:
    """The lists of called exams that went down, in their order."""
    query = select(centre_outbox.c.wire).where(centre_outbox.c.kind == "reference").order_by(centre_outbox.c.seq)
    with reading(centre.engine) as connection:
        payloads = [read_unverified(wire)[0].payload for wire in connection.execute(query).scalars()]
    return [payload["content"]["exams"] for payload in payloads if payload["name"] == QUEUE]


def test_the_terminal_is_told_the_truth_and_no_more_than_has_changed(centre: ConsoleCentre, zoya: Browser) -> None:
    on_duty(centre, "zoya")
    first, second = centre.exam("1001"), centre.exam("1002")
    thread = ringing(centre)
    assert (thread.look(), thread.tell()) == (0, 0), "while nobody is called there is nothing to say"
    centre.shift += timedelta(seconds=centre.config.duty.ring_after_s)
    assert thread.look() == 2
    assert (thread.tell(), thread.tell()) == (1, 0)
    assert told(centre)[-1] == [
        {"exam_id": first, "number": 1, "is_open": False},
        {"exam_id": second, "number": 2, "is_open": False},
    ]
    assert ringing(centre).tell() == 1, "a centre that was started anew says it once more"
    assert zoya.post(f"/exams/{second}/claim", {}, page=f"/exams/{second}").status_code == 303
    thread.look()
    thread.tell()
    assert told(centre)[-1][1] == {"exam_id": second, "number": 2, "is_open": True}
    assert zoya.decide(first, outcome="not_admitted", reasons="complaints").status_code == 303
    thread.look()
    thread.tell()
    assert told(centre)[-1] == [{"exam_id": second, "number": 1, "is_open": True}]
    assert zoya.decide(second, outcome="not_admitted", reasons="complaints").status_code == 303
    thread.look()
    assert (thread.tell(), thread.tell()) == (1, 0)
    assert told(centre)[-1] == []


def test_who_leaves_while_the_queue_rings_is_followed_at_once(
    centre: ConsoleCentre, zoya: Browser, foma: Browser
) -> None:
    duty_id = on_duty(centre, "zoya", timedelta(hours=2))
    on_duty(centre, "foma")
    first, second = account_of(centre, "zoya"), account_of(centre, "foma")
    exam_id = centre.exam("1001")
    centre.shift += timedelta(seconds=centre.config.duty.ring_after_s)
    ringing(centre).look()
    assert foma.post(f"/duty/{duty_id}/handover", {}, page="/duty").status_code == 404, "another's duty is not theirs"
    assert zoya.post(f"/duty/{duty_id}/handover", {"words": "тонометр у окна"}, page="/duty").status_code == 303
    assert zoya.post(f"/duty/{duty_id}/handover", {}, page="/duty").status_code == 409
    ringing(centre).look()
    assert rung(centre) == [(first, "left"), (second, "")]
    with reading(centre.engine) as connection:
        (item,) = duties.handovers(connection, [ORG], 9)
    assert [one["exam_id"] for one in item.waiting] == [exam_id]
    assert "тонометр у окна" in foma.get("/duty").text
    path = f"/duty/handovers/{item.handover_id}/accept"
    assert zoya.post(path, {}, page="/account").status_code == 409, "nobody takes over from themselves"
    assert foma.post(path, {}, page="/duty").status_code == 303
    assert foma.post(path, {}, page="/account").status_code == 409
    assert foma.post("/logout", {}, page="/queue").status_code == 303
    ringing(centre).look()
    assert rung(centre) == [(first, "left"), (second, "")], "with nobody else the last ring stays"
    assert zoya.decide(exam_id, outcome="not_admitted", reasons="complaints").status_code == 303
    ringing(centre).look()
    assert rung(centre) == [(first, "left"), (second, "decided")]
    with reading(centre.engine) as connection:
        done = set(connection.execute(select(audit.c.action).where(audit.c.action.like("duty.%"))).scalars())
        assert rings.ringing(connection, [ORG]) == []
    assert {"duty.hand_over", "duty.accept"} <= done


def test_load_shows_decisions_and_waiting(centre: ConsoleCentre, zoya: Browser, senior: Browser) -> None:
    exam_id = centre.exam("1001")
    centre.shift += timedelta(seconds=95)
    zoya.get(f"/exams/{exam_id}")
    centre.shift += timedelta(seconds=30)
    assert zoya.decide(exam_id, outcome="not_admitted", reasons="complaints").status_code == 303
    page = senior.get("/duty/load").text
    assert "Луговая Зоя Марковна" in page
    assert 'class="bars"' in page
    assert "2:05" in page or "2:06" in page
    assert senior.get("/duty/load?since=2026-01-01&until=2026-03-01").status_code == 422
    assert senior.get("/duty/load?since=2026-03-01&until=2026-01-01").status_code == 422
    assert zoya.get("/duty/load").status_code == 403
