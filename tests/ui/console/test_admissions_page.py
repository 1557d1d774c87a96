"""The employer's page, left open: it follows the centre and keeps no session alive."""

from playwright.sync_api import Browser, expect

from central.core.rights import Role
from tests.console_centre import PASSWORD, ConsoleCentre


def test_the_open_page_shows_what_is_new_by_itself(chromium: Browser, centre: ConsoleCentre, address: str) -> None:
    centre.add_account("boss", Role.EMPLOYER, employer_id=centre.people.employers[0])
    context = chromium.new_context()
    page, asked, faults = context.new_page(), [], []
    page.clock.install()
    page.on("request", lambda request: asked.append(request.url.removeprefix(address)))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{address}/login")
    page.fill("[name=username]", "boss")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admissions")
    row = page.locator("tr", has_text="1001")
    expect(row).to_contain_text("Не проходил")
    page.fill("[name=q]", "Вет")
    centre.exam("1001")
    del asked[:]
    page.clock.fast_forward(61_000)
    expect(row).to_contain_text("Ждёт решения")
    # What somebody types meanwhile stays where it is.
    expect(page.locator("[name=q]")).to_have_value("Вет")
    assert [path for path in asked if "session" not in path and "static" not in path] == ["/admissions/rows"]
    assert faults == []
    context.close()
