"""A complaint that cannot wait, as the medic at an open queue meets it: on top, red, and with a sound of its own."""

from playwright.sync_api import expect

from tests.console_centre import ConsoleCentre
from tests.ui.console.conftest import Desk
from tests.unit.console.test_queue import urgent

HEAR = """() => {
window.heard = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (when) { window.heard.push(this.frequency.value); return start.call(this, when); };
}"""


def test_it_comes_to_the_top_of_an_open_queue_with_an_alarm(centre: ConsoleCentre, zoya: Desk) -> None:
    page = zoya.page
    calm = centre.exam("1001")
    expect(page.locator(zoya.row(calm))).to_be_visible()
    page.evaluate(HEAR)
    in_pain = centre.receive(urgent(centre.payload("1003"), "chest_pain"))
    expect(page.locator("tr[data-exam]").first).to_have_attribute("data-exam", in_pain)
    expect(page.locator(f"{zoya.row(in_pain)} .mark.urgent")).to_have_text("Срочно: Боль в груди")
    expect(page.locator(f"{zoya.row(in_pain)} td").last).to_have_css("background-color", "rgb(252, 235, 234)")
    page.wait_for_function("window.heard.length >= 6")
    assert set(page.evaluate("window.heard")) == {988, 659}
