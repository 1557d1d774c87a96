"""Every key of the medic's pages, in a Latin and a Russian layout, with Caps Lock and on the number pad; none in a field."""

import pytest
from playwright.sync_api import Page, expect

from tests.console_centre import ConsoleCentre
from tests.ui.console.conftest import Desk

LETTERS = {"KeyJ": "jо", "KeyK": "kл", "KeyR": "rк", "KeyQ": "qй", "KeyA": "aф", "KeyH": "hр"}
OUTCOMES = {"1": "admitted", "2": "not_admitted", "3": "not_identified", "4": "refer"}


def _press(page: Page, code: str, key: str, **modifiers: bool) -> None:
    """As a keyboard of another layout sends it: the place of the key, and what it writes."""
    page.evaluate(
        "([code, key, more]) => (document.activeElement || document.body).dispatchEvent("
        "new KeyboardEvent('keydown', { code, key, bubbles: true, cancelable: true, ...more }))",
        [code, key, modifiers],
    )


def _chosen(page: Page) -> str | None:
    return page.evaluate("(document.querySelector('[name=outcome]:checked') || {}).value")


def _ways(code: str) -> list[tuple[str, str]]:
    """Latin and Russian, small and with Caps Lock; and from a keyboard that names no place."""
    return [(code, key) for small in LETTERS[code] for key in (small, small.upper())] + [
        ("", key) for key in LETTERS[code]
    ]


def test_digits_choose_on_every_row_of_keys_and_letters_on_every_layout(centre: ConsoleCentre, zoya: Desk) -> None:
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{centre.exam('1003', systolic_mmhg=165)}")
    for digit, outcome in OUTCOMES.items():
        for code, key in ((f"Digit{digit}", digit), (f"Numpad{digit}", digit), (f"Numpad{digit}", "End"), ("", digit)):
            page.evaluate("document.querySelectorAll('[name=outcome]').forEach((field) => { field.checked = false; })")
            _press(page, code, key)
            assert _chosen(page) == outcome, (code, key)
    for code, key in _ways("KeyR"):
        _press(page, "Digit1", "1")
        _press(page, code, key)
        assert _chosen(page) == "repeat", (code, key)
    for code, key in _ways("KeyA"):
        page.evaluate("document.querySelectorAll('[name=repeat_step]').forEach((field) => { field.checked = false; })")
        _press(page, code, key)
        expect(page.locator("[name=repeat_step][value=temperature]")).to_be_checked()
    page.keyboard.press("Numpad2")
    assert _chosen(page) == "not_admitted"
    box = page.locator("[name=reasons][value=alcohol_breath]")
    for code, key in _ways("KeyH"):
        box.uncheck()
        _press(page, code, key)
        assert box.is_checked(), (code, key)
        _press(page, code, key)
        assert not box.is_checked(), (code, key)
    proposed = page.locator("[name=reasons][value=pressure_high]")
    for code, key in (("Digit0", "0"), ("Numpad0", "0"), ("Numpad0", "Insert"), ("", "0")):
        proposed.uncheck()
        _press(page, code, key)
        assert proposed.is_checked(), (code, key)
    _press(page, "Digit1", "!", shiftKey=True)
    assert _chosen(page) == "not_admitted", "an exclamation mark is no digit"


@pytest.mark.parametrize(("code", "key"), [("Slash", "?"), ("Digit7", "?"), ("Slash", ","), ("", "?")])
def test_question_mark_of_every_layout_shows_the_keys(zoya: Desk, code: str, key: str) -> None:
    page = zoya.page
    _press(page, code, key, shiftKey=True)
    expect(page.locator("#help")).to_be_visible()
    shown = page.locator("#help").inner_text()
    for name in ("J", "K", "Enter", "1", "2", "3", "4", "R", "0", "Ctrl", "Shift", "Q", "?"):
        assert name in shown
    assert "цифровом блоке" in shown
    _press(page, "KeyQ", "q")
    expect(page.locator("#help")).to_be_visible()
    _press(page, code, key, shiftKey=True)
    expect(page.locator("#help")).to_be_hidden()


def test_letters_walk_the_queue_with_the_real_focus_and_lead_back(centre: ConsoleCentre, zoya: Desk) -> None:
    page = zoya.page
    first, second = centre.exam("1001"), centre.exam("1002")
    expect(page.locator(zoya.row(second))).to_be_visible()
    _press(page, "KeyJ", "о")
    for code, key in _ways("KeyJ"):
        _press(page, code, key)
        expect(page.locator(f"{zoya.row(second)} a").first).to_be_focused()
        expect(page.locator(zoya.row(second))).to_have_attribute("aria-selected", "true")
        _press(page, "KeyK", "Л")
        expect(page.locator(f"{zoya.row(first)} a").first).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/exams/{second}")
    for code, key in _ways("KeyQ"):
        page.goto(f"{zoya.address}/exams/{second}")
        _press(page, code, key)
        page.wait_for_url("**/queue")


def test_no_key_means_anything_while_somebody_types(centre: ConsoleCentre, zoya: Desk) -> None:
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{centre.exam('1003', systolic_mmhg=165)}")
    page.keyboard.press("2")
    page.focus("[name=comment]")
    page.keyboard.type("1340 jkrqah ЛОКЙ?")
    page.keyboard.press("Numpad1")
    expect(page.locator("[name=comment]")).to_have_value("1340 jkrqah ЛОКЙ?")
    assert _chosen(page) == "not_admitted"
    assert page.locator("[name=reasons]:checked").count() == 0
    expect(page.locator("#help")).to_be_hidden()
    page.goto(f"{zoya.address}/journal")
    page.focus("[name=person]")
    page.keyboard.type("йqJ?")
    expect(page.locator("[name=person]")).to_have_value("йqJ?")


def test_the_menu_under_ones_own_name_closes_by_escape_and_by_going_elsewhere(zoya: Desk) -> None:
    page = zoya.page
    page.goto(f"{zoya.address}/journal")
    menu, opener = page.locator("details.you"), page.locator("details.you > summary")
    opener.press("Enter")
    expect(page.get_by_role("link", name="Руководства")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(opener).to_be_focused()
    opener.click()
    expect(menu).to_have_attribute("open", "")
    page.mouse.click(700, 800)
    expect(menu).not_to_have_attribute("open", "")
