"""A finger that touches twice presses one button: what comes too soon after a change of screens is not pressed at all."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtTest import QTest

from kiosk_ui.settings import KioskSettings
from terminal.intents import SubmitNumber
from terminal.snapshot import TerminalSnapshot
from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.looking import click, find, top_layer, type_keys, visible_items

CASES: dict[str, tuple[str, TerminalSnapshot]] = {name: (screen, shown) for name, screen, shown in made_up.every()}
HOLD_S = 0.7
MakeStand = Callable[..., Stand]

DANGEROUS = ("start_measuring", "stop_measuring", "retry", "leave", "resume_no", "consent_no", "confirm_no")
"""What must not lie where a finger has just been: it moves a cuff, costs a try, or ends something."""
HARMLESS = {"rest": ("leave",), "waiting": ("leave",), "not_today": ("leave",), "resume": ("resume_no",)}
"""There the exam rests on the disk or has ended already; after a restart no finger was anywhere."""

SAME_ACT = {"start_measuring", "retry"}
"""One act in one place."""

FOLLOWS: list[tuple[str, str, tuple[str, ...]]] = [
    ("idle", "begin", ("identify",)),
    ("identify", "number_ok", ("confirm", "not_today_not_identified", "identify_unknown", "rest", "waiting")),
    ("employer", "employer_2", ("confirm", "identify_unknown", "waiting")),
    ("employer", "employer_none", ("identify",)),
    ("confirm", "confirm_yes", ("consent", "face", "complaints")),
    ("confirm", "confirm_no", ("identify",)),
    ("consent", "consent_yes", ("face", "complaints", "temperature", "pressure", "breath_started")),
    ("consent", "consent_no", ("not_today_consent_refused",)),
    ("complaints", "complaints_none", ("temperature", "pressure", "breath_started", "trouble_Unavailable_service")),
    ("complaints", "complaints_none", ("urgent",)),
    ("urgent", "urgent_go_on", ("temperature", "pressure", "breath_started", "trouble_Unavailable_service")),
    ("pressure", "start_measuring", ("pressure_measuring", "try_again_pressure_E44", "trouble_Unavailable_service")),
    ("pressure_measuring", "stop_measuring", ("try_again_Cancelled", "trouble_DeviceFault_worker")),
    ("breath_waiting_for_breath", "stop_measuring", ("try_again_breath_flow", "trouble_DeviceFault_worker")),
    ("result_temperature", "next", ("pressure", "breath_started", "rest", "trouble_Unavailable_service", "summary")),
    ("result_pressure", "next", ("pressure", "breath_started", "rest", "trouble_Unavailable_service", "summary")),
    ("try_again_pressure_E44", "retry", ("pressure_measuring", "trouble_Unavailable_service")),
    ("try_again_breath_flow", "retry", ("breath_waiting_for_breath", "trouble_Unavailable_service")),
    ("trouble_Unavailable_service", "retry", ("pressure_measuring", "breath_started")),
    ("summary", "summary_ok", ("waiting", "decision_admitted")),
    ("resume", "resume_yes", ("pressure", "pressure_measuring", "breath_started", "trouble_Unavailable_service")),
]
"""From a screen, by a button, to what may come next."""


@pytest.fixture
def guarded(make_stand: MakeStand) -> Stand:
    """With the guard that ships."""
    return make_stand(touch_guard_s=KioskSettings().touch_guard_s)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The bridge's monotonic clock, moved by the test alone."""

    class Clock:
        now_s = 500.0

        def monotonic(self) -> float:
            return self.now_s

    moved = Clock()
    monkeypatch.setattr("kiosk_ui.bridge.time", moved)
    return moved


def test_the_guard_that_ships_holds_for_seven_tenths_of_a_second() -> None:
    assert KioskSettings().touch_guard_s == HOLD_S


@pytest.mark.parametrize("name", sorted(CASES))
def test_no_button_of_any_screen_counts_while_the_screen_is_new(guarded: Stand, clock: Any, name: str) -> None:
    screen, snapshot = CASES[name]
    buttons = [*snapshot_buttons(guarded, screen, snapshot)]
    for button in buttons:
        other = CASES["idle" if screen != "idle" else "identify"]
        guarded.show(other[1], other[0])
        guarded.show(snapshot, screen)
        clock.now_s += HOLD_S - 0.05
        before = (len(guarded.wanted), guarded.kiosk.bridge.screen_view.screen, guarded.kiosk.bridge.draft.sheet)
        guarded.kiosk.bridge.press(button)
        after = (len(guarded.wanted), guarded.kiosk.bridge.screen_view.screen, guarded.kiosk.bridge.draft.sheet)
        assert after == before, f"{button} was pressed"
        clock.now_s += 5


def seen(stand: Stand) -> None:
    """Until the screen that was shown last has been drawn."""
    stand.until(lambda: stand.kiosk.bridge._guard._is_drawn)


def snapshot_buttons(stand: Stand, screen: str, snapshot: TerminalSnapshot) -> list[str]:
    stand.show(snapshot, screen)
    return [*stand.kiosk.bridge.screen_view.page.buttons, "help", "call_medic"]


def test_a_double_click_on_start_starts_and_does_not_stop(guarded: Stand, clock: Any) -> None:
    guarded.show(CASES["pressure"][1], "pressure")
    seen(guarded)
    clock.now_s += 3
    click(guarded.window, "start_measuring")
    guarded.show(CASES["pressure_measuring"][1], "pressure")
    seen(guarded)
    clock.now_s += 0.25
    click(guarded.window, "stop_measuring")
    assert [type(intent).__name__ for intent in guarded.wanted] == ["StartMeasuring"]
    clock.now_s += HOLD_S + 0.01
    click(guarded.window, "stop_measuring")
    assert [type(intent).__name__ for intent in guarded.wanted] == ["StartMeasuring", "StopMeasuring"]


def test_two_touches_on_one_screen_answer_once(guarded: Stand, clock: Any) -> None:
    guarded.show(CASES["pressure"][1], "pressure")
    seen(guarded)
    clock.now_s += 3
    click(guarded.window, "start_measuring")
    clock.now_s += 0.2
    click(guarded.window, "start_measuring")  # the terminal has not answered yet
    assert len(guarded.wanted) == 1


def test_a_key_of_a_keyboard_is_a_press_as_any_other(guarded: Stand, clock: Any) -> None:
    guarded.show(CASES["identify"][1], "identify")
    seen(guarded)
    type_keys(guarded.window, "47", gap_s=0.12)
    assert find(guarded.window, "typed").property("text") == "Номер"
    clock.now_s += HOLD_S + 0.01
    type_keys(guarded.window, "11", gap_s=0.12)
    assert find(guarded.window, "typed").property("text") == "11"
    QTest.keyClick(guarded.window, made_up.ENTER)
    QTest.keyClick(guarded.window, made_up.ENTER)
    assert guarded.wanted == [SubmitNumber("11")]


def test_a_sheet_that_opens_is_a_new_screen(guarded: Stand, clock: Any) -> None:
    guarded.show(CASES["identify"][1], "identify")
    seen(guarded)
    clock.now_s += 3
    click(guarded.window, "exit")
    seen(guarded)
    clock.now_s += 0.3
    click(guarded.window, "leave")
    assert guarded.wanted == []
    clock.now_s += HOLD_S + 0.01
    click(guarded.window, "leave")
    assert [type(intent).__name__ for intent in guarded.wanted] == ["Leave"]


def test_the_time_counts_from_the_frame_and_not_from_the_news(guarded: Stand, clock: Any) -> None:
    """A busy machine draws late: what nobody could see yet nobody could mean."""
    guarded.show(CASES["pressure"][1], "pressure")
    guarded.kiosk.bridge.publish(CASES["pressure_measuring"][1])
    guarded.until(lambda: guarded.kiosk.bridge.screen_view.page.state == "measuring")
    clock.now_s += 1.0
    guarded.kiosk.bridge._guard._is_drawn = False
    guarded.kiosk.bridge.drawn()
    guarded.kiosk.bridge.press("stop_measuring")
    assert guarded.wanted == []


@pytest.mark.parametrize("language", ["ru", "en"])
def test_nothing_dangerous_lies_where_the_last_button_was(make_stand: MakeStand, language: str) -> None:
    stand = make_stand(language=language)
    faults = []
    for name, pressed, after in FOLLOWS:
        if pressed == "begin":
            continue  # the whole screen: nothing lies beside it
        stand.show(CASES[name][1], CASES[name][0])
        finger = _place(stand, pressed)
        for follower in after:
            screen, snapshot = CASES[follower]
            stand.show(snapshot, screen)
            stand.window.grabWindow()
            for item in visible_items(top_layer(stand.window)):
                button = item.objectName()
                if button not in DANGEROUS or {button, pressed} <= SAME_ACT or button in HARMLESS.get(screen, ()):
                    continue
                if item.mapRectToScene(item.boundingRect()).intersects(finger):
                    faults.append(f"{button} of {follower} lies under {pressed} of {name}")
    assert not faults, "\n".join(faults)


def _place(stand: Stand, name: str) -> QRectF:
    stand.window.grabWindow()
    item = find(stand.window, name)
    return item.mapRectToScene(item.boundingRect())
