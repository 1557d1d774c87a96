"""Identification: check digits of a SNILS, numbers, cards, and what is said when nobody is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.canonical import new_id
from sync.contract.roster import RosterWorker
from sync.contract.snils import is_valid, keyed_hash
from terminal.identity import Found, NotFound, identify_card, identify_typed

KEY = b"k" * 32
SNILS = "11223344595"


def worker(**changes: object) -> RosterWorker:
    fields: dict[str, object] = {
        "worker_id": new_id(),
        "personnel_number": "1001",
        "cards": ("04A1B2C3",),
        "snils_hmac": keyed_hash(SNILS, KEY),
        "full_name": "Ветров Степан Ильич",
        "position": "водитель",
        "status": "active",
        "remote_allowed": True,
        "employer_id": new_id(),
        "employer_name": "ООО «Ромашка-Транс»",
    }
    return RosterWorker.model_validate(fields | changes)


class Roster:
    """A roster of one worker."""

    def __init__(self, one: RosterWorker) -> None:
        self._keys = {("personnel_number", one.personnel_number): one, ("snils", one.snils_hmac): one}
        self._keys |= {("card", card): one for card in one.cards}

    def find_all(self, kind: str, value: str) -> tuple[RosterWorker, ...]:
        found = self._keys.get((kind, value))
        return (found,) if found else ()


ROSTER = Roster(worker())


@pytest.mark.parametrize("digits", ["11223344595", "00100199800", "00000000199"])
def test_published_and_unchecked_numbers_are_taken(digits: str) -> None:
    assert is_valid(digits)


@pytest.mark.parametrize("digits", ["11223344596", "00000000000", "1122334459", "112233445951", "1122334459x"])
def test_impossible_numbers_are_refused(digits: str) -> None:
    assert not is_valid(digits)


@given(st.integers(1_001_999, 999_999_999))
def test_every_number_has_exactly_one_pair_of_check_digits(number: int) -> None:
    valid = [check for check in range(100) if is_valid(f"{number:09d}{check:02d}")]
    assert len(valid) == 1


@pytest.mark.parametrize("typed", ["1001", " 1001 ", "10-01"])
def test_a_personnel_number_is_found(typed: str) -> None:
    assert isinstance(identify_typed(typed, ROSTER, KEY), Found)


@pytest.mark.parametrize("typed", ["11223344595", "112-233-445 95"])
def test_a_snils_is_found_by_its_keyed_hash(typed: str) -> None:
    assert isinstance(identify_typed(typed, ROSTER, KEY), Found)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("4711", "unknown"),
        ("112-233-445 96", "check_digit"),
        ("", "malformed"),
        ("x", "malformed"),
        ("1" * 12, "malformed"),
    ],
)
def test_what_is_wrong_is_said(typed: str, code: str) -> None:
    assert identify_typed(typed, ROSTER, KEY) == NotFound(code)  # type: ignore[arg-type]


def test_cards_are_found_and_rubbish_is_not() -> None:
    assert isinstance(identify_card("04A1B2C3\r\n", ROSTER), Found)
    assert identify_card("FFFF", ROSTER) == NotFound("unknown")
    assert identify_card("\x00\x01", ROSTER) == NotFound("malformed")
    assert identify_card("x" * 201, ROSTER) == NotFound("malformed")


@given(st.text(max_size=40))
def test_any_text_is_answered(text: str) -> None:
    assert identify_typed(text, ROSTER, KEY) is not None
    assert identify_card(text, ROSTER) is not None
