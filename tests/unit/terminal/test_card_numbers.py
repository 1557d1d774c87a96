"""A card is the same card whatever layout and capitals its reader typed it in, and never somebody else's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.core import name_folding
from sync.contract.roster import RosterWorker
from terminal.card_numbers import fold_card, spellings
from terminal.identity import Found, NotFound, identify_card
from tests.unit.terminal.test_identity import worker


class Register:
    def __init__(self, *workers: RosterWorker) -> None:
        self._cards = {card: one for one in workers for card in one.cards}

    def find_all(self, kind: str, value: str) -> tuple[RosterWorker, ...]:
        found = self._cards.get(value) if kind == "card" else None
        return (found,) if found else ()


@pytest.mark.parametrize("kept", ["04A1B2C3DE", "04a1b2c3de", "04ф1и2с3ву", "04Ф1И2С3ВУ"])
@pytest.mark.parametrize(
    "read", ["04A1B2C3DE", "04a1b2c3de", "04ф1и2с3ву", "04Ф1И2С3ВУ", "04A1B2C3DE\r\n", " 04 a1 b2 c3 de\t"]
)
def test_whatever_the_keyboard_was_set_to(kept: str, read: str) -> None:
    assert isinstance(identify_card(read, Register(worker(cards=(kept,)))), Found)


def test_the_very_spelling_comes_first_and_two_others_are_nobodys() -> None:
    capitals, small, russian = worker(cards=("ABCD12",)), worker(cards=("abcd12",)), worker(cards=("фисв12",))
    register = Register(capitals, small, russian)
    for one in (capitals, small, russian):
        assert identify_card(one.cards[0], register) == Found(one, "card")
    assert identify_card("ФИСВ12", Register(capitals, small)) == NotFound("unknown")
    assert identify_card("ABCD13", register) == NotFound("unknown")


@given(st.text(max_size=30))
def test_the_centre_folds_by_the_same_rule(text: str) -> None:
    if "".join(text.split()).isprintable():
        assert fold_card(text) == name_folding.fold_card(text)
    assert {fold_card(spelling) for spelling in spellings("04A1b2С3")} == {"04a1b2c3"}
