"""Every button is pressed by a real mouse click and tells the terminal what its words promise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtTest import QTest

from kiosk_ui.view import ViewOptions
from sync.contract.exam import Complaints
from terminal.exam.model import Activity, Phase
from terminal.intents import (
    AnswerComplaints,
    AnswerConsent,
    AnswerIdentity,
    Begin,
    CallMedic,
    ChooseEmployment,
    DropExam,
    Intent,
    Leave,
    Next,
    PresentCard,
    ResumeExam,
    SearchFace,
    StartMeasuring,
    StopMeasuring,
    StopSearch,
    SubmitNumber,
    Touch,
)
from terminal.touched import shown_of
from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.looking import click, find, names_on, type_keys

CASES = {name: (screen, snapshot) for name, screen, snapshot in made_up.every()}

PRESSES: list[tuple[str, tuple[str, ...], list[Intent]]] = [
    ("idle", ("begin",), [Begin("pre_shift")]),
    ("identify", ("key_4", "key_7", "key_1", "key_0", "number_ok"), [SubmitNumber("4710")]),
    ("identify", ("key_4", "key_5", "key_erase", "key_6", "number_ok"), [SubmitNumber("46")]),
    ("identify", ("key_8", "key_2", "key_3", "key_9", "number_ok"), [SubmitNumber("8239")]),
    ("identify", ("number_ok",), []),
    ("identify", ("exit", "leave"), [Leave()]),
    ("identify", ("exit", "stay"), []),
    ("identify", ("help", "close"), []),
    ("identify", ("call_medic",), [CallMedic()]),
    ("identify", ("help", "call_medic"), [CallMedic()]),
    ("identify_offered", ("search_face",), [SearchFace()]),
    ("search", ("search_stop",), [StopSearch()]),
    ("employer", ("employer_2",), [ChooseEmployment(2)]),
    ("employer", ("employer_none",), [AnswerIdentity(yes=False)]),
    ("employer_six", ("employer_6",), [ChooseEmployment(6)]),
    ("employer_many", ("employer_more", "employer_7"), [ChooseEmployment(7)]),
    ("employer_many", ("employer_more", "employer_more", "employer_14"), [ChooseEmployment(14)]),
    ("employer_many", ("employer_more", "employer_more", "employer_more", "employer_1"), [ChooseEmployment(1)]),
    ("confirm", ("confirm_yes",), [AnswerIdentity(yes=True)]),
    ("confirm", ("confirm_no",), [AnswerIdentity(yes=False)]),
    ("not_today_suspended", ("leave",), [Leave()]),
    ("consent", ("consent_yes",), [AnswerConsent(yes=True)]),
    ("consent", ("consent_no",), [AnswerConsent(yes=False)]),
    ("consent", ("consent_full", "close"), []),
    ("complaints", ("complaints_none",), [AnswerComplaints(feels_well=True)]),
    (
        "complaints",
        ("complaints_some", "complaint_headache", "complaint_cough", "complaint_headache", "complaints_done"),
        [AnswerComplaints(feels_well=False, codes=("cough",))],
    ),
    (
        "complaints",
        (
            *("complaints_some", "complaints_other", "letter_н", "letter_о", "letter_ю", "key_erase", "letter_г"),
            *("letter_ ", "letter_а", "remark_done", "complaints_done"),
        ),
        [AnswerComplaints(feels_well=False, text="ног а")],
    ),
    ("complaints", ("complaints_some", "complaints_done"), []),
    ("complaints", ("complaints_some", "complaints_back", "complaints_none"), [AnswerComplaints(feels_well=True)]),
    ("urgent", ("call_now",), [CallMedic()]),
    ("urgent", ("leave",), [Leave()]),
    ("urgent", ("urgent_go_on",), [Next()]),
    ("pressure", ("start_measuring",), [StartMeasuring()]),
    ("pressure_measuring", ("stop_measuring",), [StopMeasuring()]),
    ("breath_waiting_for_breath", ("stop_measuring",), [StopMeasuring()]),
    ("result_pressure", ("next",), [Next()]),
    ("rest", ("leave",), [Leave()]),
    ("try_again_breath_flow", ("retry",), [StartMeasuring()]),
    ("trouble_Unavailable_service", ("retry",), [StartMeasuring()]),
    ("trouble_Unavailable_service", ("leave",), [Leave()]),
    ("summary", ("summary_ok",), [Next()]),
    ("waiting", ("leave",), [Leave()]),
    ("decision_admitted", ("decision_ok",), [Next()]),
    ("resume", ("resume_yes",), [ResumeExam()]),
    ("resume", ("resume_no",), [DropExam()]),
]


@pytest.mark.parametrize(("case", "presses", "expected"), PRESSES)
def test_a_click_posts_its_intent(stand: Stand, case: str, presses: tuple[str, ...], expected: list[Intent]) -> None:
    screen, snapshot = CASES[case]
    stand.show(snapshot, screen)
    for name in presses:
        click(stand.window, name)
    assert stand.wanted == expected
    assert stand.posted, "every touch tells that somebody is here"
    made_on = shown_of(snapshot.exam, awaiting_resume=snapshot.awaiting_resume)
    assert [touch.intent for touch in stand.touches if touch.intent != Touch()] == expected
    assert {touch.on for touch in stand.touches} <= {made_on}, "each says which screen it was made on"


def test_every_button_of_every_screen_is_pressed_above() -> None:
    from kiosk_ui.buttons import _FIXED, _FROM_DRAFT

    assert {*_FIXED, *_FROM_DRAFT} <= {name for _, presses, _ in PRESSES for name in presses}


def test_a_touch_beside_the_buttons_keeps_the_screen(stand: Stand) -> None:
    stand.show(CASES["identify"][1], "identify")
    click(stand.window, "title")
    assert stand.posted == [Touch()]


def test_begin_takes_the_exam_type_of_this_terminal(make_stand: Callable[..., Stand]) -> None:
    stand = make_stand(view=ViewOptions(exam_type="pre_trip"))
    stand.show(CASES["idle"][1], "idle")
    assert find(stand.window, "title").property("text") == "Предрейсовый медосмотр"
    click(stand.window, "begin")
    assert stand.wanted == [Begin("pre_trip")]


def test_no_exam_can_begin_where_none_is_possible(stand: Stand) -> None:
    stand.show(CASES["idle_disk_full"][1], "idle")
    assert "begin" not in names_on(stand.window)
    click(stand.window, "title")
    assert stand.wanted == []


def test_the_language_changes_on_every_screen_and_goes_back_after_the_exam(stand: Stand) -> None:
    stand.show(CASES["identify"][1], "identify")
    click(stand.window, "language")
    assert find(stand.window, "title").property("text") == "Enter your personnel number"
    stand.show(CASES["confirm"][1], "confirm")
    assert find(stand.window, "title").property("text") == "Is this you?"
    stand.show(CASES["idle"][1], "idle")
    assert find(stand.window, "title").property("text") == "Предсменный медосмотр"


def test_what_one_person_typed_is_gone_for_the_next(stand: Stand) -> None:
    first = made_up.exam(Phase.IDENTIFY)
    stand.show(made_up.snapshot(first, 5), "identify")
    click(stand.window, "key_4")
    assert find(stand.window, "typed").property("text") == "4"
    stand.show(made_up.snapshot(), "idle")
    second = replace(first, exam_id="0193b1c4-0000-7000-8000-0000000000ff")
    stand.show(made_up.snapshot(second, 5), "identify")
    assert find(stand.window, "typed").property("text") == "Номер"


def test_an_unknown_number_is_named_and_the_field_is_empty_again(stand: Stand) -> None:
    exam = made_up.exam(Phase.IDENTIFY)
    stand.show(made_up.snapshot(exam, 5), "identify")
    for name in ("key_4", "key_7", "key_1", "key_1", "number_ok"):
        click(stand.window, name)
    stand.show(
        made_up.snapshot(replace(exam, identification_attempts=1, identification_error="unknown"), 9), "identify"
    )
    assert find(stand.window, "error").property("text").startswith("Номер 4711 не найден.")
    assert find(stand.window, "typed").property("text") == "Номер"


def test_a_snapshot_between_press_and_release_loses_no_click(stand: Stand) -> None:
    exam = made_up.exam(Phase.IDENTIFY)
    stand.show(made_up.snapshot(exam, 5), "identify")
    button = find(stand.window, "key_5")
    middle = button.mapToScene(button.boundingRect().center()).toPoint()
    QTest.mousePress(stand.window, made_up.LEFT, pos=middle)
    stand.show(made_up.snapshot(exam, 6, link=made_up.LinkState(connected=False, waiting=1)), "identify")
    QTest.mouseRelease(stand.window, made_up.LEFT, pos=middle)
    assert find(stand.window, "typed").property("text") == "5"


def test_complaints_are_kept_while_the_clock_goes_on(stand: Stand) -> None:
    exam = made_up.asked(Phase.COMPLAINTS, complaints=None)
    stand.show(made_up.snapshot(exam, 28), "complaints")
    click(stand.window, "complaints_some")
    click(stand.window, "complaint_fever")
    stand.show(made_up.snapshot(exam, 29), "complaints")
    assert find(stand.window, "complaint_fever").property("marked")
    done = replace(exam, phase=Phase.TEMPERATURE, complaints=Complaints(feels_well=True), activity=Activity.MEASURING)
    stand.show(made_up.snapshot(done, 30), "temperature")
    assert "sheet_remark" not in names_on(stand.window)


def test_a_card_reader_that_types_is_a_card_and_not_a_number(stand: Stand) -> None:
    stand.show(CASES["idle"][1], "idle")
    type_keys(stand.window, "0007654321", gap_s=0.004)
    QTest.keyClick(stand.window, made_up.ENTER)
    assert stand.wanted == [PresentCard("0007654321")]


def test_a_real_keyboard_may_type_the_number(stand: Stand) -> None:
    stand.show(CASES["identify"][1], "identify")
    type_keys(stand.window, "4711", gap_s=0.12)
    assert find(stand.window, "typed").property("text") == "4711"
    QTest.keyClick(stand.window, made_up.BACKSPACE)
    QTest.keyClick(stand.window, made_up.ENTER)
    assert stand.wanted == [SubmitNumber("471")]


def test_the_rest_tells_when_to_come_back_by_the_clock_of_the_place(stand: Stand) -> None:
    stand.show(CASES["rest"][1], "rest")
    assert find(stand.window, "come_back").property("text") == "Вернитесь в 05:35"
    left = CASES["rest"][1].exam.rest_until - CASES["rest"][1].now.at
    assert left == timedelta(minutes=19, seconds=36)


class TestServiceScreen:
    def test_opens_with_the_right_pin_only(self, make_stand: Callable[..., Stand]) -> None:
        stand = make_stand(check_pin=lambda pin: pin == "2580", service_facts=lambda: {"disk": "41 ГБ"})
        stand.show(CASES["idle"][1], "idle")
        for name in ("service", "key_1", "service_enter"):
            click(stand.window, name)
        stand.until(lambda: find(stand.window, "pin_error").property("text") == "ПИН не подошёл.")
        for name in ("key_2", "key_5", "key_8", "key_0", "service_enter"):
            click(stand.window, name)
        stand.until(lambda: "screen_service" in names_on(stand.window))
        click(stand.window, "service_close")
        assert "screen_idle" in names_on(stand.window)
        assert stand.wanted == []

    def test_stays_closed_without_a_configured_pin(self, stand: Stand) -> None:
        stand.show(CASES["idle"][1], "idle")
        for name in ("service", "key_0", "service_enter"):
            click(stand.window, name)
        assert "ПИН не задан" in find(stand.window, "pin_error").property("text")

    def test_pauses_after_five_wrong_pins(self, make_stand: Callable[..., Stand]) -> None:
        tried: list[str] = []

        def check(pin: str) -> bool:
            tried.append(pin)
            return False

        stand = make_stand(check_pin=check)
        stand.show(CASES["idle"][1], "idle")
        click(stand.window, "service")
        for number in range(5):
            click(stand.window, "key_1")
            click(stand.window, "service_enter")
            stand.until(lambda count=number + 1: stand.kiosk.bridge._door.wrong == count % 5)
        click(stand.window, "key_1")
        click(stand.window, "service_enter")
        assert "Слишком много попыток" in find(stand.window, "pin_error").property("text")
        assert len(tried) == 5

    def test_gives_way_to_a_worker(self, make_stand: Callable[..., Stand]) -> None:
        stand = make_stand(check_pin=lambda _: True)
        stand.show(CASES["idle"][1], "idle")
        for name in ("service", "key_1", "service_enter"):
            click(stand.window, name)
        stand.until(lambda: "screen_service" in names_on(stand.window))
        stand.show(CASES["identify"][1], "identify")
        stand.show(CASES["idle"][1], "idle")


def test_a_sheet_that_nobody_closes_goes_away_at_idle(make_stand: Callable[..., Stand]) -> None:
    stand = make_stand(lonely_s=0.0)
    stand.show(CASES["idle"][1], "idle")
    click(stand.window, "help")
    stand.until(lambda: "sheet_help" not in names_on(stand.window))
