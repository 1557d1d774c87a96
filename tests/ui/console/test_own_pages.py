"""A worker's phone: from the QR code to the own pages within 360 px, 7:1, without barriers; the code for a gate; no network."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import resources

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from central.console.app import every_route, guards_of
from central.core.rights import Right
from central.link.outgoing import load_signing_key
from sync.contract.gate_pass import check_pass
from tests.console_centre import PASSWORD, ConsoleCentre
from tests.console_centre import Browser as Client
from tests.ui.console.conftest import WAIT_MS
from tests.unit.console.test_own_pages import PICTURE, link_of_kiosk

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
BARRIERS = """async () => (await axe.run(document, {rules: {'color-contrast-enhanced': {enabled: true}}})).violations.map(
    (found) => found.id + ': ' + found.nodes.map((node) => node.target + ' ' + node.any.map((one) => one.message)).join('; '))"""
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport=PHONE, device_scale_factor=2, has_touch=True, bypass_csp=False)
    context.set_default_timeout(WAIT_MS)
    yield context
    context.close()


def _looked_at(page: Page, name: str) -> None:
    """Nothing runs off, and no barrier that axe knows; every text 7:1."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
    page.evaluate(AXE)
    assert page.evaluate(BARRIERS) == [], name


def test_from_the_qr_code_to_a_place_without_a_network(
    centre: ConsoleCentre, address: str, phone: BrowserContext
) -> None:
    with contextlib.closing(Client(address)) as zoya:
        zoya.log_in("zoya")
        for number in (1, 2):
            earlier = centre.exam("1001", started_at=centre.now() - timedelta(hours=3 * number))
            assert zoya.decide(earlier, outcome="admitted").status_code == 303
        exam_id = centre.exam("1001", media=[PICTURE], started_at=centre.now() - timedelta(hours=1))
        assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    page = phone.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)

    # The script sends on what stands behind "#"; the address keeps nothing of it.
    page.goto(f"{address}/me/join#{link_of_kiosk(centre, exam_id)}")
    expect(page.locator("[name=password]")).to_be_visible()
    assert "#" not in page.url
    _looked_at(page, "join")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.get_by_role("button", name="Открыть мои осмотры").click()
    expect(page.locator(".login.code")).to_have_text(re.compile(r"^\d{8}$"))
    page.get_by_role("link", name="Открыть мои осмотры").click()
    expect(page.locator(".today .state")).to_have_text("Допущен")

    for language in ("ru", "en"):
        phone.add_cookies([{"name": "dopusk_language", "value": language, "url": address}])
        for route in every_route(centre.app()):
            (door,) = guards_of(route) or (None,)
            own = getattr(door, "right", None) is Right.SEE_OWN_RECORD and "GET" in route.methods
            if own and "paper_id" not in route.path:
                page.goto(f"{address}{route.path.format(exam_id=exam_id)}")
                _looked_at(page, f"{route.path} {language}")
    phone.add_cookies([{"name": "dopusk_language", "value": "ru", "url": address}])

    # The code for a gate, signed twice.
    key = load_signing_key(centre.config.keys.centre_signing_key_file).public_key()
    page.goto(f"{address}/me")
    page.wait_for_selector("html[data-kept]")
    page.get_by_role("button", name="Показать код для проходной").click()
    expect(page.locator(".gate canvas")).to_be_visible()
    code = str(page.locator(".gate").get_attribute("data-code"))
    said = check_pass(code, key, centre.now())
    _looked_at(page, "gate")

    # No network: the last state with its moment, and a code that the gate believes.
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_selector("html[data-kept]")
    phone.set_offline(True)
    page.reload()
    expect(page.locator(".offline")).to_contain_text("Без сети, по состоянию на")
    expect(page.locator(".today .state")).to_have_text("Допущен")
    _looked_at(page, "offline")
    page.get_by_role("button", name="Показать код для проходной").click()
    expect(page.locator(".gate canvas")).to_be_visible()
    assert check_pass(str(page.locator(".gate").get_attribute("data-code")), key, centre.now()).until == said.until

    # What lies on the phone is not to be read without the session's key.
    lying = page.evaluate(
        """async () => {
            const found = await get('summary');
            return new TextDecoder().decode(found.data) + found.key.extractable;
        }"""
    )
    assert "Ромашка" not in lying
    assert lying.endswith("false")

    # Past its end nobody is admitted, whatever was kept.
    page.clock.set_fixed_time(said.until + timedelta(seconds=1))
    page.reload()
    expect(page.locator(".today .state")).to_have_text("Допуск закончился")
    assert page.get_by_text("Допущен", exact=True).count() == 0
    assert page.locator(".gate").count() == 0
    assert faults == []
