"""Readers that type, people that type, and the pause after wrong PINs."""

import itertools

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from pytestqt.qtbot import QtBot

from kiosk_ui.keystrokes import MOST_CARD_CHARACTERS, CardReader, Keystrokes
from kiosk_ui.service_door import MOST_WRONG_PINS, PAUSE_S, ServiceDoor


def line(text: str, gap_s: float, reader: CardReader | None = None, start_s: float = 10.0) -> str:
    made = reader or CardReader(gap_s=0.05)
    for index, character in enumerate(text):
        made.typed(character, start_s + index * gap_s)
    return made.ended()


def test_a_reader_is_fast() -> None:
    assert line("0007654321", 0.004) == "0007654321"


def test_a_person_is_slow() -> None:
    assert line("4711", 0.12) == ""


def test_three_characters_are_no_card() -> None:
    assert line("471", 0.001) == ""


def test_what_a_person_typed_long_before_does_not_spoil_a_card() -> None:
    reader = CardReader(gap_s=0.05)
    reader.typed("4", 1.0)
    assert line("0007654321", 0.004, reader, 20.0) == "0007654321"


def test_an_endless_line_is_bounded() -> None:
    assert len(line("7" * 5000, 0.001)) == MOST_CARD_CHARACTERS


def test_the_line_is_forgotten_after_its_end() -> None:
    reader = CardReader(gap_s=0.05)
    assert line("00076", 0.004, reader) == "00076"
    assert reader.ended() == ""


def typed_at(moments_ms: list[int], looked_at_s: list[float]) -> tuple[list[str], list[str]]:
    """Presses and cards of `0007` and Enter, typed at these moments and looked at at those."""
    presses: list[str] = []
    cards: list[str] = []
    looks = itertools.chain(looked_at_s, itertools.repeat(looked_at_s[-1]))
    keys = Keystrokes(presses.append, cards.append, lambda: next(looks), 0.05)
    for character, moment_ms in zip("0007", moments_ms, strict=True):
        event = QKeyEvent(QEvent.Type.KeyPress, ord(character), Qt.KeyboardModifier.NoModifier, character)
        event.setTimestamp(moment_ms)
        keys.eventFilter(QObject(), event)
    keys.eventFilter(QObject(), QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier))
    return presses, cards


def test_a_card_is_a_card_on_a_busy_screen_too() -> None:
    """The screen was drawing something else in the middle of the line."""
    assert typed_at([5000, 5004, 5008, 5012], [9.0, 9.3, 9.6, 11.0])[1] == ["0007"]


def test_a_number_is_a_number_although_the_screen_looked_at_all_its_keys_at_once() -> None:
    presses, cards = typed_at([5000, 5200, 5400, 5600], [9.0])
    assert (presses, cards) == (["key_0", "key_0", "key_0", "key_7", "number_ok"], [])


def test_where_a_key_has_no_moment_the_look_counts() -> None:
    assert typed_at([0, 0, 0, 0], [9.0, 9.004, 9.008, 9.012])[1] == ["0007"]
    assert typed_at([0, 0, 0, 0], [9.0, 9.2, 9.4, 9.6])[1] == []


def test_the_door_pauses_after_too_many_wrong_pins() -> None:
    door = ServiceDoor()
    for _ in range(MOST_WRONG_PINS - 1):
        door.tried(right=False, now_s=100.0)
    assert door.locked_for_s(100.0) == 0
    door.tried(right=False, now_s=100.0)
    assert door.locked_for_s(100.0) == PAUSE_S
    assert door.locked_for_s(100.0 + PAUSE_S) == 0


def test_a_right_pin_clears_the_count() -> None:
    door = ServiceDoor()
    for right in (False, False, True, False, False, False, False):
        door.tried(right=right, now_s=5.0)
    assert door.locked_for_s(5.0) == 0


SCAN_CODES = {"0": 19, "1": 10, "4": 13, "a": 38, "b": 56, "c": 54, "A": 38, "B": 56, "C": 54}
"""Of X11 and Wayland: the kernel's number of the key and eight."""
RUSSIAN = {"a": "ф", "b": "и", "c": "с", "A": "Ф", "B": "И", "C": "С"}


def read_card(end: Qt.Key | None, *, russian: bool, repeat: bool = False) -> tuple[list[str], list[str], Keystrokes]:
    """Presses and cards of a reader that means `04A1b4C0` while the keyboard is Russian or not."""
    presses: list[str] = []
    cards: list[str] = []
    keys = Keystrokes(presses.append, cards.append, lambda: 0.0, 0.05)
    for index, character in enumerate("04A1b4C0"):
        shift = Qt.KeyboardModifier.ShiftModifier if character.isupper() else Qt.KeyboardModifier.NoModifier
        text = RUSSIAN.get(character, character) if russian else character
        event = QKeyEvent(QEvent.Type.KeyPress, ord(text), shift, SCAN_CODES[character], 0, 0, text, repeat)
        event.setTimestamp(1000 + 4 * index)
        keys.eventFilter(QObject(), event)
    if end is not None:
        keys.eventFilter(QObject(), QKeyEvent(QEvent.Type.KeyPress, end, Qt.KeyboardModifier.NoModifier))
    return presses, cards, keys


@pytest.mark.parametrize("russian", [False, True])
@pytest.mark.parametrize("end", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab])
def test_the_place_of_a_key_counts_and_not_the_layout(end: Qt.Key, russian: bool) -> None:
    assert read_card(end, russian=russian)[1] == ["04A1b4C0"]


def test_a_reader_that_ends_with_nothing_ends_with_silence(qtbot: QtBot) -> None:
    _, cards, _keys = read_card(None, russian=True)
    qtbot.waitUntil(lambda: cards == ["04A1b4C0"])


def test_a_finger_that_rests_on_a_key_is_no_reader(qtbot: QtBot) -> None:
    presses, cards, keys = read_card(None, russian=False, repeat=True)
    qtbot.waitUntil(lambda: not keys._silence.isActive())
    assert cards == []
    assert "key_4" in presses
