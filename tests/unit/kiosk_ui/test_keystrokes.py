"""Readers that type, people that type, and the pause after wrong PINs."""

from kiosk_ui.keystrokes import MOST_CARD_CHARACTERS, CardReader
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
