"""How much of a name or of a long reason a screen shows."""

import pytest

from kiosk_ui.view.naming import MOST_OF_A_REASON, number_as_typed, short_name, shortened


@pytest.mark.parametrize(
    ("full_name", "shown"),
    [
        ("Зарубина Аглая Тихоновна", "Аглая Тихоновна З."),
        ("Римская-Корсакова Мария Львовна", "Мария Львовна Р."),
        ("Алиев Вагиф Рашид оглы", "Вагиф Рашид оглы А."),
        ("Ли Мин", "Мин Л."),
        ("  Зарубина   Аглая ", "Аглая З."),
        ("Махмуд", "Махмуд"),
        ("", ""),
    ],
)
def test_first_name_patronymic_and_an_initial(full_name: str, shown: str) -> None:
    assert short_name(full_name) == shown


def test_a_reason_is_cut_between_words_and_says_so() -> None:
    assert shortened("Подойдите в кабинет 3.") == "Подойдите в кабинет 3."
    cut = shortened("Подойдите, пожалуйста, " * 60)
    assert len(cut) <= MOST_OF_A_REASON + 1
    assert cut.endswith(("пожалуйста …", "Подойдите …"))


def test_a_snils_is_not_repeated_in_full() -> None:
    assert number_as_typed("004711") == "004711"
    assert number_as_typed("112-233-445 95") == "… 595"
