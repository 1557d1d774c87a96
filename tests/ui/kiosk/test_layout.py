"""Every screen at 1600×900 in both languages: nothing cut, nothing on top of anything, large enough, readable."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtGui import QColor

from drivers.model import DeviceState, Measures
from kiosk_ui.texts import LANGUAGES
from terminal.snapshot import LinkState
from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.looking import click, contrast_of, faults_on, find, names_on

SHEETS = {
    "identify": (("help",), ("exit",), ("key_9",) * 14),
    "consent": (("consent_full",),),
    "consent_of_the_centre": (("consent_full",), ("consent_full", "consent_down")),
    "complaints": (("complaints_some", "complaint_headache"), ("complaints_other",)),
    "complaints_of_the_centre": (("complaints_some", "complaint_eyes", "complaint_hands"),),
    "idle": (("service",),),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_fits_and_can_be_read(make_stand: Callable[..., Stand], language: str) -> None:
    stand = make_stand(language=language, check_pin=lambda _: True)
    faults = []
    for name, screen, snapshot in made_up.every():
        stand.show(snapshot, screen)
        assert f"screen_{screen}" in names_on(stand.window)
        faults += [f"{name}: {fault}" for fault in faults_on(stand.window)]
        for presses in SHEETS.get(name, ()):
            for press in presses:
                stand.kiosk.bridge.press(press)
            faults += [f"{name} + {presses[-1]}: {fault}" for fault in faults_on(stand.window)]
            stand.kiosk.bridge.press("close")
    assert not faults, "\n".join(faults)


def test_a_long_consent_is_turned_by_buttons_to_its_end(make_stand: Callable[..., Stand]) -> None:
    stand = make_stand()
    shown = {name: snapshot for name, _, snapshot in made_up.every()}
    stand.show(shown["consent"], "consent")
    stand.kiosk.bridge.press("consent_full")
    assert "consent_down" not in names_on(stand.window)  # the shipped text stands on one screen
    stand.show(shown["consent_of_the_centre"], "consent")
    stand.kiosk.bridge.press("consent_full")
    stand.window.grabWindow()
    page = find(stand.window, "consent_page")
    end = page.property("contentHeight") - page.property("height")
    seen = [page.property("contentY")]
    while seen[-1] < end:
        click(stand.window, "consent_down")
        assert 0 < page.property("contentY") - seen[-1] < page.property("height")  # no line is passed over
        seen.append(page.property("contentY"))
    assert len(seen) > 3
    click(stand.window, "consent_up")
    assert page.property("contentY") < seen[-1]
    click(stand.window, "close")
    assert "sheet_consent" not in names_on(stand.window)


@pytest.mark.parametrize("language", LANGUAGES)
def test_real_work_has_no_band_and_still_fits(make_stand: Callable[..., Stand], language: str) -> None:
    stand = make_stand(language=language)
    faults = []
    for name, screen, snapshot in made_up.every():
        stand.show(made_up.really(snapshot), screen)
        assert "demo_band" not in names_on(stand.window)
        faults += [f"{name}: {fault}" for fault in faults_on(stand.window)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_service_screen_fits_with_five_devices_and_long_reasons(
    make_stand: Callable[..., Stand], language: str
) -> None:
    facts = {"disk": "41,5 / 118 GiB", "configuration": "2026-11-20 / 7f3a91", "camera": "device:/dev/video0"}
    stand = make_stand(language=language, check_pin=lambda _: True, service_facts=lambda: facts)
    broken = made_up.device("oximeter", Measures.OXIMETRY, DeviceState.FAULT, "the port answers nothing. " * 9)
    devices = {**made_up.DEVICES, "oximeter": broken, "second_thermometer": replace(broken, device_id="thermometer2")}
    down = LinkState(connected=False, waiting=1204, parked=3, reason="broker.lesogorsk.example: connection refused")
    stand.show(made_up.snapshot(devices=devices, link=down, verified_until={"cuff": "2027-03-01"}), "idle")
    for press in ("service", "key_1", "service_enter"):
        stand.kiosk.bridge.press(press)
    stand.until(lambda: "screen_service" in names_on(stand.window))
    faults = faults_on(stand.window)
    stand.kiosk.bridge.press("service_terminal")
    faults += faults_on(stand.window)
    assert not faults, "\n".join(faults)


def test_the_contrast_of_black_on_white_is_21() -> None:
    assert contrast_of(QColor("black"), QColor("white")) == pytest.approx(21.0)
