"""The PIN of the service screen: one try at a time, counted before it is looked at, over restarts; and nobody ends the kiosk."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QCloseEvent
from PySide6.QtTest import QTest

from kiosk_ui.service_door import MOST_WRONG_PINS, PAUSE_S, ServiceDoor
from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.looking import click, find, names_on, type_keys
from tests.waiting import LONGEST_S

MakeStand = Callable[..., Stand]


def at_the_door(stand: Stand) -> Stand:
    stand.show(made_up.snapshot(), "idle")
    click(stand.window, "service")
    return stand


def try_wrong(stand: Stand) -> None:
    for name in ("key_1", "service_enter"):
        click(stand.window, name)
    stand.until(lambda: not stand.kiosk.bridge._door._checking)


def test_a_keyboard_that_types_sixty_pins_at_once_gets_one_look(make_stand: MakeStand) -> None:
    looked: list[str] = []
    free = threading.Event()

    def check(pin: str) -> bool:
        looked.append(pin)
        free.wait(LONGEST_S)
        return pin == "0042"

    stand = at_the_door(make_stand(check_pin=check))
    for number in range(60):
        type_keys(stand.window, f"{number:04d}", gap_s=0.06)
        QTest.keyClick(stand.window, made_up.ENTER)
    stand.until(lambda: bool(looked))
    assert looked == ["0000"]
    free.set()
    stand.until(lambda: stand.kiosk.bridge._door.wrong == 1)
    assert "screen_service" not in names_on(stand.window)


def test_a_restart_gives_no_more_tries(make_stand: MakeStand, tmp_path: Path) -> None:
    looked: list[str] = []

    def check(pin: str) -> bool:
        looked.append(pin)
        return pin == "2580"

    for _ in range(3):  # three kiosks one after the other, two tries each
        stand = at_the_door(make_stand(check_pin=check, pin_tries=tmp_path / "store.pin"))
        try_wrong(stand)
        try_wrong(stand)
        stand.kiosk.close()
    assert len(looked) == MOST_WRONG_PINS
    stand = at_the_door(make_stand(check_pin=check, pin_tries=tmp_path / "store.pin"))
    for name in ("key_2", "key_5", "key_8", "key_0", "service_enter"):
        click(stand.window, name)
    assert "Слишком много попыток" in find(stand.window, "pin_error").property("text")
    assert len(looked) == MOST_WRONG_PINS


def test_a_check_that_fails_ends_no_kiosk(make_stand: MakeStand) -> None:
    def check(pin: str) -> bool:
        raise ValueError("not a hash")

    stand = at_the_door(make_stand(check_pin=check))
    for name in ("key_1", "service_enter"):
        click(stand.window, name)
    stand.until(lambda: find(stand.window, "pin_error").property("text") == "ПИН не подошёл.")


def test_the_window_ignores_a_request_to_close(stand: Stand) -> None:
    stand.show(made_up.snapshot(), "idle")
    request = QCloseEvent()
    QCoreApplication.sendEvent(stand.window, request)
    assert not request.isAccepted()
    stand.window.close()
    assert stand.window.isVisible()
    stand.show(made_up.snapshot(made_up.exam(made_up.Phase.IDENTIFY)), "identify")


def test_a_window_of_a_demonstration_closes(make_stand: MakeStand) -> None:
    stand = make_stand(closable=True)
    stand.window.close()
    assert not stand.window.isVisible()


class TestCount:
    def test_begins_before_the_answer(self, tmp_path: Path) -> None:
        door = ServiceDoor(tmp_path / "pin", "boot-1")
        assert door.begin(10.0)
        assert not door.begin(10.1), "one at a time"
        again = ServiceDoor(tmp_path / "pin", "boot-1")  # the program was killed while the hash was computed
        for _ in range(MOST_WRONG_PINS - 1):
            assert again.begin(11.0)
            again.tried(right=False, now_s=11.5)
        assert again.locked_for_s(11.5) == pytest.approx(PAUSE_S - 0.5)

    def test_a_right_one_forgets_the_wrong_ones(self, tmp_path: Path) -> None:
        door = ServiceDoor(tmp_path / "pin", "boot-1")
        for right in (False, False, False, False, True, False, False, False, False):
            assert door.begin(1.0)
            door.tried(right=right, now_s=1.0)
        assert door.locked_for_s(1.0) == 0

    def test_the_pause_begins_anew_after_a_restart_of_the_machine(self, tmp_path: Path) -> None:
        door = ServiceDoor(tmp_path / "pin", "boot-1")
        for _ in range(MOST_WRONG_PINS):
            door.begin(9000.0)
            door.tried(right=False, now_s=9000.0)
        assert ServiceDoor(tmp_path / "pin", "boot-1").locked_for_s(9100.0) == PAUSE_S - 100
        assert ServiceDoor(tmp_path / "pin", "boot-2").locked_for_s(5.0) == PAUSE_S

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"begun": "x"}'])
    def test_a_file_that_was_damaged_opens_nothing(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "pin").write_text(content)
        assert ServiceDoor(tmp_path / "pin", "boot-1").locked_for_s(5.0) == PAUSE_S

    def test_what_cannot_be_counted_is_not_tried(self, tmp_path: Path) -> None:
        assert not ServiceDoor(tmp_path / "no folder" / "pin", "boot-1").begin(5.0)
