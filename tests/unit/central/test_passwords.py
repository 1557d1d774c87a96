"""Which passwords are refused, and that honest phrases are not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.core.passwords import PasswordListError, load_list, names_in, password_fault


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("elevenchars", "too_short"),
        ("x" * 257, "too_long"),
        ("abababababab", "too_plain"),
        ("79151234567890", "digits_only"),
        ("15.03.1985 12", "digits_only"),
        ("tikhaya tikhaya ", "repeated"),
        ("qwertyuiop[]", "keyboard_row"),
        ("1q2w3e4r5t6y", "keyboard_row"),
        ("1qaz2wsx3edc4rfv", "keyboard_row"),
        ("йцукен12345678", "keyboard_row"),
        ("Qwerty123456!", "keyboard_row"),
        ("password123456", "common"),
        ("P@ssw0rd2026!!", "common"),
        ("ПарольДопуск", "common"),
        ("gfhjkmljgecr", "common"),
        ("зфыыцщкв2026", "common"),
        ("iloveyou1234", "common"),
        ("correcthorsebatterystaple", "common"),
        ("Медосмотр2026!", "common"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, fault: str) -> None:
    assert password_fault(password) == fault


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "тихая река у мельницы",
        "tikhaya-reka-2026",
        "four lemons drive north",
        "kX9#vQ2mLr7!wz",
    ],
)
def test_phrases_and_random_signs_are_taken(password: str) -> None:
    assert password_fault(password, names_in(["Луговая Зоя Марковна", "Медпункт «Заря»"])) is None


def test_names_of_person_and_organisation_are_refused() -> None:
    names = names_in(["Луговая Зоя Марковна", "Медпункт «Колос»", "zarya"]) | {"zm"}
    assert "зоя" not in names
    for password in ("луговая и лес рядом", "двадцать КОЛОСов в поле", "на холме zarya видна", "xx-zm-pole-les"):
        assert password_fault(password, names) == "contains_name"


def test_the_operators_list_is_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "breached.txt"
    path.write_text("short\nFour Lemons Drive North\n\n", encoding="utf-8")
    listed = load_list(path)
    assert listed == {"four lemons drive north"}
    assert password_fault("four lemons drive NORTH", (), listed) == "common"


def test_a_list_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "breached.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PasswordListError, match=r"breached\.txt: not UTF-8"):
        load_list(path)
    with pytest.raises(FileNotFoundError):
        load_list(tmp_path / "nowhere.txt")


@given(st.text(max_size=300))
def test_any_text_gets_an_answer(password: str) -> None:
    fault = password_fault(password)
    assert fault is None or fault.isidentifier()
