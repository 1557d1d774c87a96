"""The ways of a medic's day, in a real browser, with the keyboard."""

import re
from contextlib import closing
from datetime import timedelta

from playwright.sync_api import Browser, expect

from central.store import accounts, decisions
from central.store.engine import reading, writing
from central.store.exams import exam
from tests.console_centre import PASSPHRASE, PASSWORD, ConsoleCentre
from tests.ui.console.conftest import Desk


def _outcomes(centre: ConsoleCentre, exam_id: str) -> list[str]:
    with reading(centre.engine) as connection:
        return [item.outcome for item in decisions.of_exam(connection, exam_id)]


def test_exam_appears_by_itself_and_is_admitted_with_the_keyboard(
    centre: ConsoleCentre, chromium: Browser, address: str
) -> None:
    with closing(Desk(chromium, address, "zoya", by_hand=True)) as desk:
        _admit_with_the_keyboard(centre, desk)


def _admit_with_the_keyboard(centre: ConsoleCentre, zoya: Desk) -> None:
    page = zoya.page
    expect(page.locator(".empty")).to_be_visible()
    exam_id = centre.exam("1001")
    expect(page.locator(zoya.row(exam_id))).to_be_visible()
    expect(page).to_have_title("(1) Очередь осмотров · Допуск")

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/exams/{exam_id}")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/queue?decided=*")

    assert _outcomes(centre, exam_id) == ["admitted"]
    expect(page.locator(".empty")).to_be_visible()


def test_selected_row_stays_when_new_ones_come(centre: ConsoleCentre, zoya: Desk) -> None:
    first, second = centre.exam("1001"), centre.exam("1002")
    page = zoya.page
    expect(page.locator(zoya.row(second))).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(zoya.row(second))).to_have_attribute("aria-selected", "true")
    third = centre.exam("1004")
    expect(page.locator(zoya.row(third))).to_be_visible()
    expect(page.locator(zoya.row(second))).to_have_attribute("aria-selected", "true")
    ids = "[...document.querySelectorAll('tr[data-exam]')].map(row => row.dataset.exam).join()"
    page.wait_for_function(f"{ids} === '{first},{second},{third}'")


def test_press_of_the_mouse_and_the_focus_outlive_a_change_of_the_list(
    centre: ConsoleCentre, zoya: Desk, foma: Desk
) -> None:
    first, second = centre.exam("1001"), centre.exam("1002")
    page = zoya.page
    link = page.locator(f"{zoya.row(second)} a").first
    link.focus()
    third = centre.exam("1004")
    expect(page.locator(zoya.row(third))).to_be_visible()
    expect(link).to_be_focused()

    link.hover()
    page.mouse.down()
    foma.page.goto(f"{foma.address}/exams/{first}")
    expect(page.locator(f"{zoya.row(first)}.taken")).to_contain_text("Бережной")
    expect(link).to_be_focused()
    page.mouse.up()
    page.wait_for_url(f"**/exams/{second}")


def test_row_that_is_decided_goes_and_the_others_stay_as_they_are(
    centre: ConsoleCentre, zoya: Desk, foma: Desk
) -> None:
    first, second = centre.exam("1001"), centre.exam("1002")
    page = zoya.page
    link = page.locator(f"{zoya.row(second)} a").first
    link.focus()
    foma.page.goto(f"{foma.address}/exams/{first}")
    foma.page.keyboard.press("1")
    foma.page.click("button.sign")
    expect(page.locator(zoya.row(first))).to_have_count(0)
    expect(link).to_be_focused()
    expect(page.locator(".queuebar strong")).to_contain_text("1")
    expect(page).to_have_title("(1) Очередь осмотров · Допуск")


def test_clock_of_the_page_and_of_the_centre_read_alike(centre: ConsoleCentre, zoya: Desk) -> None:
    exam_id = centre.exam("1001")
    with writing(centre.engine) as connection:
        ago = {"first_received_at": centre.now() - timedelta(hours=3, minutes=12)}
        connection.execute(exam.update().where(exam.c.exam_id == exam_id).values(ago))
    zoya.page.goto(f"{zoya.address}/queue")
    timer = zoya.page.locator(f"{zoya.row(exam_id)} .timer")
    expect(timer).to_have_text(re.compile(r"^3:1\d:\d\d$"))
    shown = zoya.page.evaluate("[59, 600, 3599, 3600, 11522].map(clock).join(' ')")
    assert shown == "0:59 10:00 59:59 1:00:00 3:12:02"


def test_refusal_asks_for_a_reason_at_the_field(centre: ConsoleCentre, zoya: Desk) -> None:
    exam_id = centre.exam("1003", systolic_mmhg=165)
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{exam_id}")
    expect(page.locator(".when-reasons")).to_be_hidden()
    page.keyboard.press("2")
    expect(page.locator(".when-reasons")).to_be_visible()
    page.fill("[name=comment]", "жалоб нет")
    page.click("button.sign")
    expect(page.locator(".notice.bad a[href='#field-reasons']")).to_be_visible()
    expect(page.locator("[name=comment]")).to_have_value("жалоб нет")
    page.check("[name=reasons][value=pressure_high]")
    page.click("button.sign")
    page.wait_for_url("**/queue?decided=*")
    assert _outcomes(centre, exam_id) == ["not_admitted"]


def test_two_medics_see_each_other_and_one_decides(centre: ConsoleCentre, zoya: Desk, foma: Desk) -> None:
    exam_id = centre.exam("1001")
    zoya.page.goto(f"{zoya.address}/exams/{exam_id}")
    expect(foma.page.locator(f"{foma.row(exam_id)}.taken")).to_contain_text("Луговая")
    foma.page.goto(f"{foma.address}/exams/{exam_id}")
    expect(foma.page.locator("button.sign")).to_be_disabled()
    zoya.page.keyboard.press("1")
    zoya.page.click("button.sign")
    zoya.page.wait_for_url("**/queue?decided=*")
    foma.page.goto(f"{foma.address}/exams/{exam_id}")
    expect(foma.page.locator(".given.admitted")).to_contain_text("подпись верна")
    assert _outcomes(centre, exam_id) == ["admitted"]


def test_leaving_the_page_gives_the_exam_back(centre: ConsoleCentre, zoya: Desk, foma: Desk) -> None:
    exam_id = centre.exam("1001")
    zoya.page.goto(f"{zoya.address}/exams/{exam_id}")
    expect(foma.page.locator(f"{foma.row(exam_id)}.taken")).to_be_visible()
    zoya.page.keyboard.press("q")
    zoya.page.wait_for_url("**/queue")
    expect(foma.page.locator(f"{foma.row(exam_id)}:not(.taken)")).to_be_visible()


def test_lost_network_is_said_and_the_list_catches_up(centre: ConsoleCentre, zoya: Desk) -> None:
    page = zoya.page
    # It came by the stream, so the stream is open: its opening would take the sign away again.
    expect(page.locator(zoya.row(centre.exam("1002")))).to_be_visible()
    zoya.context.set_offline(True)
    # The browser keeps an open stream when it is told to be offline; a reload of the list finds out.
    page.evaluate("refresh()")
    expect(page.locator("#lost")).to_be_visible()
    exam_id = centre.exam("1001")
    zoya.context.set_offline(False)
    page.evaluate("refresh()")
    expect(page.locator(zoya.row(exam_id))).to_be_visible()
    expect(page.locator("#lost")).to_be_hidden()


def test_network_lost_at_the_signature_decides_nothing_and_loses_nothing(centre: ConsoleCentre, zoya: Desk) -> None:
    exam_id = centre.exam("1001")
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{exam_id}")
    page.keyboard.press("2")
    page.check("[name=reasons][value=complaints]")
    page.fill("[name=comment]", "головокружение с утра")
    zoya.context.set_offline(True)
    page.click("button.sign")
    page.wait_for_url("chrome-error://**")
    assert _outcomes(centre, exam_id) == []

    zoya.context.set_offline(False)
    page.goto(f"{zoya.address}/exams/{exam_id}")
    expect(page.locator("[name=comment]")).to_have_value("головокружение с утра")
    expect(page.locator("[name=reasons][value=complaints]")).to_be_checked()
    page.click("button.sign")
    page.wait_for_url("**/queue?decided=*")
    assert _outcomes(centre, exam_id) == ["not_admitted"]


def test_two_medics_who_sign_one_exam_make_one_decision(centre: ConsoleCentre, zoya: Desk, foma: Desk) -> None:
    exam_id = centre.exam("1001")
    zoya.page.goto(f"{zoya.address}/exams/{exam_id}")
    zoya.page.keyboard.press("1")
    expect(foma.page.locator(f"{foma.row(exam_id)}.taken")).to_be_visible()
    foma.page.goto(f"{foma.address}/exams/{exam_id}")
    expect(foma.page.locator("button.sign")).to_be_disabled()
    # Whoever gets round the closed button meets the centre's own refusal, and sees what the other did.
    foma.page.evaluate("document.querySelector('button.sign').disabled = false")
    foma.page.check("[name=outcome][value=refer]", force=True)
    foma.page.fill("[name=comment]", "к терапевту", force=True)
    zoya.page.click("button.sign")
    zoya.page.wait_for_url("**/queue?decided=*")
    foma.page.click("button.sign")
    expect(foma.page.locator(".notice.bad")).to_contain_text("уже принято")
    expect(foma.page.locator(".given.admitted")).to_be_visible()
    assert _outcomes(centre, exam_id) == ["admitted"]


def test_session_that_ends_in_mid_decision_loses_nothing(centre: ConsoleCentre, zoya: Desk) -> None:
    exam_id = centre.exam("1001")
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{exam_id}")
    page.keyboard.press("2")
    page.check("[name=reasons][value=complaints]")
    page.fill("[name=comment]", "головокружение с утра")
    with writing(centre.engine) as connection:
        connection.execute(accounts.session.delete())
    page.click("button.sign")
    expect(page.locator(".notice.info")).to_contain_text("сохранено")
    page.fill("[name=username]", "zoya")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**/exams/{exam_id}")
    expect(page.locator("[name=comment]")).to_have_value("головокружение с утра")
    expect(page.locator("[name=reasons][value=complaints]")).to_be_checked()
    assert _outcomes(centre, exam_id) == []

    page.click("button.sign")
    page.wait_for_url("**/signature")
    page.fill("[name=passphrase]", PASSPHRASE)
    page.press("[name=passphrase]", "Enter")
    page.wait_for_url(f"**/exams/{exam_id}")
    expect(page.locator("[name=comment]")).to_have_value("головокружение с утра")
    page.click("button.sign")
    page.wait_for_url("**/queue?decided=*")
    assert _outcomes(centre, exam_id) == ["not_admitted"]


def test_end_of_an_idle_session_is_announced_and_a_key_puts_it_off(centre: ConsoleCentre, zoya: Desk) -> None:
    page = zoya.page
    page.clock.install()
    page.goto(f"{zoya.address}/queue")
    ending = page.locator("#ending")
    page.clock.run_for(24 * 60_000)
    expect(ending).to_have_count(0)
    page.clock.run_for(2 * 60_000)
    expect(ending).to_contain_text("Сеанс закончится через 4 мин")
    with page.expect_response("**/session/alive") as answer:
        page.keyboard.press("j")
    assert answer.value.status == 204
    expect(ending).to_have_count(0)


def test_end_of_the_session_is_said_on_an_open_exam(centre: ConsoleCentre, zoya: Desk) -> None:
    exam_id = centre.exam("1001")
    page = zoya.page
    page.clock.install()
    page.goto(f"{zoya.address}/exams/{exam_id}")
    with writing(centre.engine) as connection:
        connection.execute(accounts.session.delete())
    page.clock.run_for(2 * 60_000)
    page.keyboard.press("2")
    expect(page.locator("#ending")).to_contain_text("Сеанс закончился")


def test_draft_survives_a_look_at_the_queue(centre: ConsoleCentre, zoya: Desk) -> None:
    exam_id = centre.exam("1001")
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{exam_id}")
    page.keyboard.press("2")
    page.fill("[name=comment]", "позвонить диспетчеру")
    page.goto(f"{zoya.address}/queue")
    page.goto(f"{zoya.address}/exams/{exam_id}")
    expect(page.locator("[name=comment]")).to_have_value("позвонить диспетчеру")


def test_search_in_the_journal_and_correct(centre: ConsoleCentre, zoya: Desk) -> None:
    exam_id = centre.exam("1002")
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{exam_id}")
    page.keyboard.press("1")
    page.click("button.sign")
    page.wait_for_url("**/queue?decided=*")
    page.goto(f"{zoya.address}/journal")
    page.fill("[name=person]", "Заречная")
    page.press("[name=person]", "Enter")
    page.click("table.journal tbody tr a")
    page.click("details.correct summary")
    page.check("details.correct [name=outcome][value=not_admitted]")
    page.check("details.correct [name=reasons][value=complaints]")
    page.fill("details.correct [name=comment]", "сообщила о жалобах по телефону")
    page.click("details.correct button.sign")
    expect(page.locator(".given.not_admitted")).to_be_visible()
    expect(page.locator(".given.admitted.old")).to_be_visible()
    assert _outcomes(centre, exam_id) == ["admitted", "not_admitted"]


def test_pages_load_nothing_from_elsewhere_and_run_no_foreign_script(centre: ConsoleCentre, zoya: Desk) -> None:
    evil = {
        "feels_well": False,
        "codes": [],
        "text": "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>",
    }
    exam_id = centre.exam("1001", complaints=evil)
    asked: list[str] = []
    zoya.page.on("request", lambda request: asked.append(request.url))
    for path in ("/queue", f"/exams/{exam_id}", "/journal", "/limits", "/registers/workers", "/fleet", "/account"):
        zoya.page.goto(zoya.address + path)
        zoya.page.wait_for_load_state("load")
        assert zoya.page.evaluate("window.hacked") is None
    assert all(url.startswith((zoya.address, "data:")) for url in asked)
