"""Queue and exam page in every state: no barrier that axe knows, complete on the screen, told to who does not see them."""

import json
from datetime import timedelta
from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from central.core.reasons import Reason, reasons
from central.store.engine import writing
from central.store.registry import employer, worker
from tests.console_centre import Browser, ConsoleCentre
from tests.ui.console.conftest import Desk
from tests.unit.console.test_queue import urgent

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
BARRIERS = """async () => (await axe.run(document)).violations.map(
  (one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`)"""
SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll('main, main *')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
  .filter((one) => !one.matches('.visually-hidden, .visually-hidden *, .clip, .clamp, select, option, input'))
  .map((one) => `${one.tagName}.${one.className} ${one.scrollWidth} > ${one.clientWidth}: ${one.innerText.slice(0, 60)}`)"""
# Words of one card that lie on another one.
OUTSIDE = """() => [...document.querySelectorAll('.card')].flatMap((card) => {
  const box = card.getBoundingClientRect();
  return [...card.querySelectorAll('td, th, dd, p, li, .mark, kbd')]
    .filter((one) => one.checkVisibility() && !one.closest('.visually-hidden'))
    .filter((one) => one.getBoundingClientRect().right > box.right + 1).map((one) => one.innerText.slice(0, 60));
})"""
# Words of the tables that are torn in the middle.
TORN = """() => [...document.querySelectorAll('.two :is(td, th)')].filter((cell) => {
  const words = cell.innerText.trim(), range = document.createRange();
  range.selectNodeContents(cell);
  const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top / 12)));
  return words && !/[ /\\n]/.test(words) && lines.size > 1;
}).map((cell) => cell.innerText)"""


def _dress(page: Page, address: str, language: str, theme: str) -> None:
    cookies = (("dopusk_language", language), ("dopusk_theme", theme))
    page.context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies])


def _look(page: Page, name: str) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate(BARRIERS) + page.evaluate(SIDEWAYS) + page.evaluate(OUTSIDE)
    found += [f"torn: {one}" for one in page.evaluate(TORN)]
    return [f"{name}: {one}" for one in found]


def _of_the_organisation(payload: dict[str, Any]) -> dict[str, Any]:
    """With the longest words that the limits can have."""
    return payload | {"limits": [limit | {"source": "organisation"} for limit in payload["limits"]]}


def _states(centre: ConsoleCentre, address: str) -> dict[str, str]:
    """An exam in each state that a medic meets, by its name."""
    clerk = Browser(address).log_in("foma")
    for day in range(9, 1, -1):
        old = centre.exam("1003", systolic_mmhg=150, started_at=centre.now() - timedelta(days=day))
        clerk.decide(old, outcome="not_identified" if day % 2 else "refer", reasons="pressure_high")
    made = {
        "decided": centre.exam("1001"),
        "corrected": centre.exam("1002"),
        "repeated": centre.exam("1005"),
        "referred": centre.exam("1003", systolic_mmhg=165),
    }
    clerk.decide(made["decided"], outcome="admitted")
    answer = clerk.decide(made["corrected"], outcome="admitted")
    first = clerk.get(f"/exams/{made['corrected']}").text.split('name="corrects" value="')[1].split('"')[0]
    answer = clerk.decide(
        made["corrected"], outcome="not_admitted", reasons="complaints", comment="сообщила позже", corrects=first
    )
    assert answer.status_code == 303
    clerk.decide(made["repeated"], outcome="repeat", repeat_step="pressure")
    clerk.decide(made["referred"], outcome="refer", reasons="pressure_high")
    made |= {
        "waiting": centre.receive(_of_the_organisation(centre.payload("1003", systolic_mmhg=165))),
        "urgent": centre.receive(urgent(centre.payload("1004"), "chest_pain")),
        "claimed": centre.exam("1008"),
    }
    clerk.post(f"/exams/{made['claimed']}/claim", {}, page=f"/exams/{made['claimed']}")
    clerk.close()
    return made


@pytest.mark.parametrize(("language", "theme"), [("ru", "light"), ("ru", "dark"), ("en", "light"), ("en", "dark")])
def test_no_state_has_a_barrier_or_runs_off(centre: ConsoleCentre, zoya: Desk, language: str, theme: str) -> None:
    page = zoya.page
    states = _states(centre, zoya.address)
    _dress(page, zoya.address, language, theme)
    page.goto(f"{zoya.address}/queue")
    found = _look(page, "queue")
    page.goto(f"{zoya.address}/queue?sort=-worker&exam_type=post_shift")
    found += _look(page, "narrowed queue")
    for name, exam_id in states.items():
        page.goto(f"{zoya.address}/exams/{exam_id}")
        found += _look(page, name)
        if name in ("waiting", "urgent"):
            for key in ("2", "1", "r"):
                page.keyboard.press(key)
                found += _look(page, f"{name} {key}")
        if name in ("decided", "corrected"):
            page.click("details.correct summary")
            page.keyboard.press("2")
            found += _look(page, f"{name}, to be corrected")
    assert not found, "\n" + "\n".join(sorted(set(found)))


def test_what_comes_and_goes_is_told(centre: ConsoleCentre, zoya: Desk, foma: Desk) -> None:
    said = zoya.page.locator("#said")
    calm = centre.exam("1001")
    expect(said).to_have_text("Новый осмотр: Ветров Степан Ильич, в норме.")
    centre.receive(urgent(centre.payload("1004"), "chest_pain"))
    expect(said).to_have_text("Срочный осмотр: Полянский Игнат Львович, Срочно: Боль в груди, внимание.")
    assert said.get_attribute("aria-live") == "polite"
    foma.page.goto(f"{foma.address}/exams/{calm}")
    foma.page.keyboard.press("1")
    foma.page.keyboard.press("Control+Enter")
    expect(said).to_have_text("Больше не ждёт: Ветров Степан Ильич.")
    foma.page.wait_for_url("**/queue?decided=*")
    expect(foma.page.locator("#said")).to_contain_text("Решение подписано")


def test_narrowed_queue_follows_the_centre_and_keeps_its_address(centre: ConsoleCentre, zoya: Desk) -> None:
    page = zoya.page
    page.select_option("#queue-filter [name=exam_type]", "post_shift")
    page.wait_for_url("**/queue?*exam_type=post_shift*")
    wanted = centre.exam("1001", exam_type="post_shift")
    centre.exam("1002")
    in_pain = centre.receive(urgent(centre.payload("1004"), "chest_pain"))
    expect(page.locator(zoya.row(in_pain))).to_be_visible()
    expect(page.locator(zoya.row(wanted))).to_be_visible()
    expect(page.locator("tr[data-exam]")).to_have_count(2)
    expect(page.locator("#hidden")).to_contain_text("скрыто условием: 1")
    expect(page.locator("tr[data-exam]").first).to_have_attribute("data-exam", in_pain)
    page.locator(f"{zoya.row(wanted)} a").first.click()
    page.wait_for_url(f"**/exams/{wanted}")
    page.keyboard.press("q")
    page.wait_for_url("**/queue?*exam_type=post_shift*")
    expect(page.locator("[name=exam_type]")).to_have_value("post_shift")


def test_long_names_a_long_book_and_an_exam_without_anything_stay_readable(
    centre: ConsoleCentre, zoya: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = reasons() | {
        f"more_{number}": Reason(f"more_{number}", "other", f"Причина номер {number}", f"Reason {number}", offered=True)
        for number in range(200)
    }
    for module in ("central.console.routes.exam", "central.deciding.decision_record"):
        monkeypatch.setattr(f"{module}.reasons", lambda _org: many)
    with writing(centre.engine) as connection:
        long_name = "Ж" * 40 + " Александра-Мария Константиновна"
        connection.execute(update(worker).values(full_name=long_name))
        connection.execute(update(employer).values(name="Организация" * 14 + "ООО 123"))
    payload: dict[str, Any] = centre.payload("1001")
    missing = [{"parameter": step, "code": "not_measured"} for step in ("temperature", "pressure", "breath")]
    payload |= {
        "measurements": [],
        "rule_verdict": payload["rule_verdict"] | {"suggestion": "incomplete", "findings": missing},
    }
    exam_id = centre.receive(json.loads(json.dumps(payload)))
    page = zoya.page
    page.goto(f"{zoya.address}/queue")
    found = _look(page, "queue")
    expect(page.locator(zoya.row(exam_id))).to_contain_text("Ж" * 40)
    page.goto(f"{zoya.address}/exams/{exam_id}")
    found += _look(page, "exam")
    expect(page.locator("table.values")).to_contain_text("Не измерено")
    page.keyboard.press("2")
    found += _look(page, "exam, not admitted")
    assert not found, "\n" + "\n".join(sorted(set(found)))
    expect(page.locator("[name=reasons]")).to_have_count(213)
    last = page.locator("[name=reasons][value=more_199]")
    last.check()
    page.keyboard.press("0")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/queue?decided=*")
