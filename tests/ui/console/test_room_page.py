"""The page of the medical room in a real browser: what is typed is kept, Enter enters a value, a press is one press."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from playwright.sync_api import Dialog, Page, Route, expect

from central.core.days import day_of
from central.core.parties import Terminal
from central.store import instruments, rooms
from central.store.engine import writing
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import new_id
from tests.console_centre import ConsoleCentre
from tests.medical_room import INSTRUMENTS
from tests.ui.console.conftest import Desk


def _furnish(centre: ConsoleCentre) -> None:
    """A room with an instrument for each step."""
    now = centre.now()
    with writing(centre.engine) as connection:
        rooms.add_room(connection, Terminal("room-1", ORG, "Кабинет № 1", "1 этаж"), now=now)
        for step, (maker, model, serial) in INSTRUMENTS.items():
            values = {"instrument_id": new_id(), "org": ORG, "terminal_id": "room-1", "measures": step, "maker": maker}
            values |= {"model": model, "serial": serial, "registration_number": "РЗН 1", "verification_number": ""}
            values |= {"verified_at": None, "verified_until": day_of(now) + timedelta(days=9), "archived_at": None}
            instruments.add(connection, values | {"created_at": now, "updated_at": now})


def _begin(zoya: Desk) -> Page:
    """The page of an exam of worker 1001 that has just begun."""
    page = zoya.page
    page.goto(f"{zoya.address}/room")
    page.keyboard.type("1001")
    page.keyboard.press("Enter")
    page.get_by_label("Вид осмотра").select_option("pre_shift")
    page.get_by_role("button", name="Начать осмотр").click()
    return page


@contextmanager
def _held_keeping(page: Page) -> Iterator[None]:
    """What the page sends to be kept stays on its way until the block ends."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/keep", hold)
    yield
    for route in held:
        route.continue_()
    page.unroute("**/keep", hold)


def test_who_leaves_before_the_last_change_is_kept_is_asked_first(centre: ConsoleCentre, zoya: Desk) -> None:
    _furnish(centre)
    page = _begin(zoya)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with _held_keeping(page):
        page.get_by_label("жалоб нет").check()
        with page.expect_event("dialog"):
            page.evaluate("setTimeout(() => location.reload())")
        expect(page.get_by_label("жалоб нет")).to_be_checked()
    expect(page.locator("#kept")).to_contain_text("Набранное сохранено")
    page.reload()
    expect(page.get_by_label("жалоб нет")).to_be_checked()
    assert asked == ["beforeunload"]


def test_an_exam_is_typed_survives_a_reload_and_is_recorded_by_a_press(centre: ConsoleCentre, zoya: Desk) -> None:
    _furnish(centre)
    page = _begin(zoya)
    page.get_by_label("жалоб нет").check()
    expect(page.locator("#kept")).to_contain_text("Набранное сохранено")
    with _held_keeping(page):
        page.get_by_label("Речь").select_option("speech_normal")
        expect(page.locator("#kept")).to_have_text("Сохраняется…")
    expect(page.locator("#kept")).to_contain_text("Набранное сохранено")
    page.reload()
    expect(page.get_by_label("Речь")).to_have_value("speech_normal")
    expect(page.get_by_label("жалоб нет")).to_be_checked()

    page.locator("[name=temperature_celsius]").fill("36,7")
    page.locator("[name=temperature_celsius]").press("Enter")
    expect(page.locator("#step-temperature .attempt")).to_contain_text("36,7")
    page.locator("[name=systolic_mmhg]").fill("124")
    page.locator("[name=diastolic_mmhg]").fill("79")
    page.locator("#step-pressure button[value='enter:pressure']").click()
    expect(page.locator("#step-pressure .attempt")).to_contain_text("124")
    page.locator("[name=breath_alcohol_mg_per_l]").fill("0")
    page.locator("button.primary[value=record]").click()
    expect(page.get_by_role("alert")).to_contain_text("Документ: выберите")
    expect(page.locator("#step-breath .attempt")).to_contain_text("0,000")
    page.locator("[name=document]").select_option("passport")
    page.locator("[name=is_the_worker]").check()
    page.locator("button.primary[value=record]").click()
    page.wait_for_url("**/exams/**")
    expect(page.locator("body")).to_contain_text("Кабинет № 1")
    expect(page.locator(".rules")).to_contain_text("в норме")
    assert zoya.faults == []
