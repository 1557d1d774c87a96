"""The panel beside the facts: proposed reasons, few keys, and a sign button that hides nothing and is never hidden."""

import json

import pytest
from playwright.sync_api import Page, expect

from central.store import decisions
from central.store.engine import reading
from sync.contract.canonical import sha256_hex
from sync.contract.model import utc_text
from tests.console_centre import ConsoleCentre
from tests.ui.console.conftest import Desk

# Of the controls of the panel, brought into view one by one: which of them something else lies on.
COVERED = """() => [...document.querySelectorAll('.deciding :is(input, select, textarea, button)')].filter((field) => {
  if (field.type === 'hidden' || !field.getClientRects().length) return false;
  field.scrollIntoView({ block: 'nearest' });
  const box = field.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const label = field.closest('label');
  return !(top && (field === top || field.contains(top) || (label && top.closest('label') === label)));
}).map((field) => `${field.name} ${field.value}`)"""


def _drunk(centre: ConsoleCentre, number: str = "1003") -> str:
    payload = centre.payload(number)
    for item in payload["measurements"]:
        if item["step"] == "breath":
            item["values"] = {"breath_alcohol_mg_per_l": 0.412}
    finding = {"parameter": "breath_alcohol_mg_per_l", "attempt": 1, "value": 0.412, "high": 0, "code": "above"}
    payload["rule_verdict"] |= {"suggestion": "out_of_limits", "findings": [finding]}
    jpeg = b"\xff\xd8 a picture \xff\xd9"
    photo = {"sha256": sha256_hex(jpeg), "kind": "photo", "content_type": "image/jpeg", "size_bytes": len(jpeg)}
    payload["media"] = [photo | {"step": "face", "at": utc_text(centre.now())}]
    folder = centre.config.media_dir / photo["sha256"][:2]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(photo["sha256"])).write_bytes(jpeg)
    return centre.receive(payload)


def _record(centre: ConsoleCentre, exam_id: str) -> dict[str, object]:
    with reading(centre.engine) as connection:
        (given,) = decisions.of_exam(connection, exam_id)
    decided: dict[str, object] = json.loads(given.record)["decision"]
    return decided


def test_refusal_with_the_proposed_reason_takes_three_keys_and_signs_what_the_medic_chose(
    centre: ConsoleCentre, zoya: Desk
) -> None:
    exam_id = _drunk(centre)
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{exam_id}")
    page.keyboard.press("2")
    first = page.locator(".when-reasons .option").first
    expect(first).to_contain_text("Алкоголь в выдыхаемом воздухе")
    expect(first.locator("kbd")).to_have_text("H")
    expect(page.locator(".proposal")).to_contain_text("Предлагается по осмотру")
    assert page.locator("[name=reasons]:checked").count() == 0, "a proposal is no choice"
    page.keyboard.press("0")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/queue?decided=*")
    assert _record(centre, exam_id)["reason_codes"] == ["alcohol_breath"]


def test_proposal_can_be_taken_back_and_stays_in_sight(centre: ConsoleCentre, zoya: Desk) -> None:
    exam_id = _drunk(centre)
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{exam_id}")
    page.keyboard.press("4")
    page.click("#take-proposed")
    expect(page.locator("[name=reasons][value=alcohol_breath]")).to_be_checked()
    page.keyboard.press("h")
    expect(page.locator("[name=reasons][value=alcohol_breath]")).not_to_be_checked()
    expect(page.locator(".proposal .option")).to_be_visible()
    page.keyboard.press("b")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/queue?decided=*")
    record = _record(centre, exam_id)
    assert (record["outcome"], record["reason_codes"]) == ("refer", ["in_person_needed"])


def test_nothing_that_the_machine_proposes_is_signed_unasked(centre: ConsoleCentre, zoya: Desk) -> None:
    exam_id = _drunk(centre)
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{exam_id}")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notice.bad a[href='#field-reasons']")).to_be_visible()
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, exam_id) == []


def _sizes(page: Page) -> dict[str, float]:
    found: dict[str, float] = page.evaluate(
        "() => { const box = document.querySelector('.sign').getBoundingClientRect();"
        "const wide = document.documentElement.scrollWidth - innerWidth;"
        "return { top: box.top, bottom: box.bottom, height: innerHeight, wide }; }"
    )
    return found


@pytest.mark.parametrize("size", [(1600, 900), (800, 450), (1280, 720), (1024, 768)])
def test_sign_button_hides_nothing_and_is_whole(centre: ConsoleCentre, zoya: Desk, size: tuple[int, int]) -> None:
    """800 × 450 is what a window of 1600 × 900 has at 200 %."""
    exam_id = _drunk(centre)
    page = zoya.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{zoya.address}/exams/{exam_id}")
    for key in ("1", "2", "3", "4", "r"):
        page.keyboard.press(key)
        now = _sizes(page)
        assert now["top"] >= 0, (key, now)
        assert now["bottom"] <= now["height"], (key, now)
        assert now["wide"] <= 0, (key, now)
        assert page.evaluate(COVERED) == [], key
        page.evaluate("scrollTo(0, 0)")


def test_looks_are_asked_for_only_where_there_is_something_to_look_at(centre: ConsoleCentre, zoya: Desk) -> None:
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{centre.exam('1001')}")
    expect(page.locator(".visual")).to_have_count(0)
    page.goto(f"{zoya.address}/exams/{_drunk(centre)}")
    page.keyboard.press("2")
    expect(page.locator(".visual")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(".visual")).to_be_hidden()
