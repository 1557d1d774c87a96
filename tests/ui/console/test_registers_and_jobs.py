"""Registers, exports and imports in a real Chromium: keyboard only, without the script, on tablets."""

import contextlib
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from central.core.rights import Role
from central.store.accounts import account
from central.store.engine import reading, writing
from central.store.workers import find_worker
from dopusk.lab.demo.sample_people import ORG
from sync.contract.exam import EXAM_SCHEMA
from tests.console_centre import PASSWORD, ConsoleCentre
from tests.console_centre import Browser as Client
from tests.ui.console.conftest import WAIT_MS

PAGES = (
    "/queue",
    "/journal",
    "/journal/exports",
    "/imports/exams",
    "/imports/grounds",
    "/limits",
    "/registers/workers",
    "/registers/workers/new",
    "/registers/employers",
    "/registers/medics",
    "/registers/medics/new",
    "/registers/devices",
    "/registers/devices/new",
    "/registers/organisations",
    "/fleet",
    "/account",
)


def _log_in(page: Page, address: str, username: str) -> Page:
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{address}/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/queue")
    return page


@pytest.fixture
def senior(centre: ConsoleCentre) -> str:
    with writing(centre.engine) as connection:
        chosen = update(account).where(account.c.username == "zoya")
        connection.execute(chosen.values(role=str(Role.SENIOR_MEDIC)))
    return "zoya"


@pytest.fixture
def page(chromium: Browser, address: str, senior: str) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1600, "height": 900}, timezone_id="Asia/Irkutsk")
    made = context.new_page()
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    yield _log_in(made, address, senior)
    context.close()
    assert faults == []


def test_a_worker_is_entered_with_the_keyboard_alone(centre: ConsoleCentre, page: Page, address: str) -> None:
    page.goto(f"{address}/registers/workers/new")
    page.focus("[name=personnel_number]")
    keys = page.keyboard
    keys.type("3001")
    keys.press("Tab")
    keys.type("Ясный Марк Ильич")
    keys.press("Enter")
    # Nothing is stored; all that is wrong is said above, and the first wrong field has the focus and tells its own fault.
    expect(page.locator("#fault-position")).to_be_visible()
    expect(page.locator("[role=alert]")).to_contain_text("Должность")
    expect(page.locator("[aria-invalid=true]").first).to_be_focused()
    expect(page.locator(":focus")).to_have_attribute("aria-describedby", "fault-employer_id")
    expect(page.locator("[name=full_name]")).to_have_value("Ясный Марк Ильич")
    # Nobody may be examined remotely because nobody chose.
    expect(page.locator("#fault-remote_allowed")).to_be_visible()
    page.focus("[name=remote_allowed]")
    keys.press("ArrowDown")
    page.focus("[name=employer_id]")
    keys.press("ArrowDown")
    keys.press("Tab")
    keys.type("токарь")
    keys.press("Enter")
    page.wait_for_url("**saved=1")
    with reading(centre.engine) as connection:
        assert find_worker(connection, ORG, "3001") is not None


def test_an_export_is_watched_and_fetched(centre: ConsoleCentre, page: Page, address: str) -> None:
    exam_id = centre.exam("1001")
    page.goto(f"{address}/journal?columns=full_name&columns=exam_id")
    page.click(".exports button:text('CSV')")
    page.wait_for_selector("#download")
    with page.expect_download() as waiting:
        page.click("#download")
    content = Path(waiting.value.path()).read_bytes().decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(content), delimiter=";"))[1] == ["1", "Ветров Степан Ильич", exam_id]


def test_jobs_need_no_script(centre: ConsoleCentre, chromium: Browser, address: str, senior: str) -> None:
    centre.exam("1001")
    context = chromium.new_context(java_script_enabled=False)
    page = _log_in(context.new_page(), address, senior)
    page.goto(f"{address}/journal")
    page.click(".exports button:text('XLSX')")
    # The page looks again by itself until there is something to fetch.
    page.wait_for_selector("#download")
    context.close()


def test_a_file_of_exams_is_checked_and_imported(centre: ConsoleCentre, page: Page, address: str) -> None:
    _, sealed = centre.terminal.seal(EXAM_SCHEMA, centre.payload("1002"))
    line = b'{"org": "%s", "message": %s}\n' % (ORG.encode(), sealed.wire)
    page.goto(f"{address}/imports/exams")
    page.set_input_files(
        "[name=file]", {"name": "a.jsonl", "mimeType": "application/jsonl", "buffer": line + b"no row\n"}
    )
    page.click("main form button.primary")
    expect(page.locator(".counts .accepted dd")).to_have_text("1")
    expect(page.locator(".counts .refused dd")).to_have_text("1")
    page.click("main form button.primary")
    page.wait_for_selector(".notice.good")
    page.goto(f"{address}/queue")
    expect(page.locator("table.queue")).to_contain_text("Заречная Ольга Марковна")


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (768, 1024)])
def test_no_page_runs_off_a_tablet(
    centre: ConsoleCentre, chromium: Browser, address: str, senior: str, width: int, height: int
) -> None:
    exam_id = centre.exam("1003", systolic_mmhg=171)
    context = chromium.new_context(viewport={"width": width, "height": height}, has_touch=True)
    page = _log_in(context.new_page(), address, senior)
    worker = f"/registers/workers/{centre.people.workers['1003']}"
    for path in (*PAGES, f"/exams/{exam_id}", worker):
        page.goto(address + path)
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert over <= 0, f"{path} is {over} px wider than the screen"
    for name in ("decision", "exam"):
        page.goto(f"{address}/exams/{exam_id}")
        box = page.locator(f"#{name}").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
    low = page.evaluate(
        "[...document.querySelectorAll('main button, main select, main a.button')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 38).map(e => e.textContent.trim())"
    )
    context.close()
    assert low == [], "too low for a finger"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_journals_usual_columns_fit_the_screen(
    centre: ConsoleCentre, page: Page, address: str, language: str
) -> None:
    complaints = {"feels_well": False, "codes": ["headache", "dizziness"], "text": "Кружится голова по утрам"}
    exam_id = centre.exam("1002", exam_type="post_trip", complaints=complaints, systolic_mmhg=171)
    with contextlib.closing(Client(address)) as medic:
        reasons = {"reasons": "alcohol_breath", "outcome": "not_identified", "comment": "другой человек"}
        assert medic.log_in("zoya").decide(exam_id, **reasons).status_code == 303
    page.context.add_cookies([{"name": "dopusk_language", "value": language, "url": address}])
    page.goto(f"{address}/journal")
    expect(page.locator("td.col-medic")).to_be_visible()
    page.wait_for_function("(box => box.scrollWidth <= box.clientWidth)(document.querySelector('.scroll'))")
