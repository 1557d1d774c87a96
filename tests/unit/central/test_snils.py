"""SNILS: the federal check number, and how the number is kept."""

import os
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from central.core.config import ConfigError
from central.core.snils import SnilsKey, parse_snils
from sync.contract.snils import check_number


@pytest.mark.parametrize("text", ["112-233-445 95", "11223344595", " 112 233 445-95 "])
def test_usual_forms_are_taken(text: str) -> None:
    assert parse_snils(text) == "11223344595"


@pytest.mark.parametrize(
    "text", ["112-233-445 96", "1122334459", "112233445955", "abc", "", "000-000-000 00", "１１２２３３４４５９５"]
)
def test_wrong_numbers_are_refused_without_repeating_them(text: str) -> None:
    with pytest.raises(ValueError, match="SNILS") as refused:
        parse_snils(text)
    assert "112" not in str(refused.value)


def test_numbers_up_to_001_001_998_have_no_check_number() -> None:
    assert parse_snils("001-001-998 00") == "00100199800"
    with pytest.raises(ValueError, match="check number"):
        parse_snils("001-001-999 00")


@pytest.mark.parametrize(
    ("nine", "expected"),
    [("112233445", 95), ("900000058", 99), ("900000059", 0), ("900000068", 0), ("900078999", 0), ("999999999", 1)],
    ids=["sum 95", "sum 99", "sum 100", "sum 101", "sum 202", "sum 405"],
)
def test_check_numbers(nine: str, expected: int) -> None:
    assert check_number(nine) == expected


@given(st.integers(1_001_999, 999_999_999))
def test_a_number_with_its_check_number_is_right_and_with_another_wrong(number: int) -> None:
    nine = f"{number:09d}"
    right = check_number(nine)
    assert parse_snils(f"{nine}{right:02d}")
    with pytest.raises(ValueError, match="check number"):
        parse_snils(f"{nine}{(right + 1) % 100:02d}")


def test_sealing_hides_and_opens() -> None:
    key = SnilsKey(os.urandom(32))
    one, two = key.seal("11223344595"), key.seal("11223344595")
    assert one != two
    assert b"11223344595" not in one
    assert key.open(one) == key.open(two) == "11223344595"
    with pytest.raises(InvalidTag):
        SnilsKey(os.urandom(32)).open(one)


def test_the_hash_depends_on_the_key() -> None:
    secret = os.urandom(32)
    assert SnilsKey(secret).hmac("11223344595") == SnilsKey(secret).hmac("11223344595")
    assert SnilsKey(secret).hmac("11223344595") != SnilsKey(os.urandom(32)).hmac("11223344595")


def test_a_short_or_missing_key_file_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(b"12345")
    for path in (short, tmp_path / "missing"):
        with pytest.raises(ConfigError, match="snils_key_file"):
            SnilsKey.from_file(path)
