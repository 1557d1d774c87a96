"""What is typed and marked, before anybody is told of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_ui.buttons import intent_of
from kiosk_ui.view import Draft, ViewOptions
from kiosk_ui.view.draft import MOST_DIGITS, MOST_PIN_DIGITS, MOST_REMARK, pressed
from terminal.intents import AnswerComplaints, SubmitNumber


def after(*names: str, draft: Draft | None = None) -> Draft:
    made = draft or Draft()
    for name in names:
        made = pressed(made, name)
    return made


def test_digits_and_erase() -> None:
    assert after("key_4", "key_0", "key_erase", "key_7").typed == "47"
    assert after("key_erase").typed == ""


def test_digits_of_the_pin_do_not_mix_with_the_number() -> None:
    draft = after("service", "key_1", "key_2", "key_erase")
    assert (draft.typed, draft.pin) == ("", "1")
    assert after("close", draft=draft).pin == ""


def test_complaints_are_marked_and_unmarked() -> None:
    assert after("complaint_fever", "complaint_cough", "complaint_fever").chosen == ("cough",)


def test_the_remark_lies_on_the_list() -> None:
    draft = after("complaints_some", "complaints_other", "letter_н", "letter_ ", "letter_г", "key_erase")
    assert draft.remark == "н "
    draft = after("remark_done", draft=draft)
    assert draft.sheet == "complaints_some"
    assert after("complaints_back", draft=draft).sheet == ""


@pytest.mark.parametrize("name", ["begin", "key_", "key_12", "letter_", "letter_ab", "unknown"])
def test_other_buttons_change_nothing(name: str) -> None:
    assert after(name) == Draft()


@given(st.lists(st.sampled_from(["key_1", "letter_я", "service", "close", "complaints_other", "key_erase"])))
def test_nothing_grows_without_bounds(names: list[str]) -> None:
    draft = after(*names * 20)
    assert len(draft.typed) <= MOST_DIGITS
    assert len(draft.pin) <= MOST_PIN_DIGITS
    assert len(draft.remark) <= MOST_REMARK


def test_an_empty_number_is_not_sent() -> None:
    assert intent_of("number_ok", Draft(), ViewOptions(), "ru") is None
    assert intent_of("number_ok", Draft(typed="47"), ViewOptions(), "ru") == SubmitNumber("47")


def test_complaints_without_any_are_no_answer() -> None:
    assert intent_of("complaints_done", Draft(remark="  "), ViewOptions(), "ru") is None
    answer = intent_of("complaints_done", Draft(chosen=("fever",), remark=" болит "), ViewOptions(), "ru")
    assert answer == AnswerComplaints(feels_well=False, codes=("fever",), text="болит")
