"""The Russian manuals say what the screens say: each word, key, unit and setting that they name is there."""

from pathlib import Path

import pytest

from central.core.rights import Role
from tests.documents.manuals import is_shown, manuals, wrong_in

NAMES = {
    "README.md",
    "worker.md",
    "medic.md",
    "senior_medic.md",
    "conclusions.md",
    "dispatcher.md",
    "hr.md",
    "administrator.md",
    "service_engineer.md",
    "installer.md",
    "clinic.md",
    "inspector.md",
    "worker_pages.md",
    "регламент-учётных-записей.md",
}


def test_there_is_one_for_everybody() -> None:
    assert {manual.name for manual in manuals()} == NAMES


@pytest.mark.parametrize("manual", manuals(), ids=lambda manual: manual.name)
def test_everything_that_a_manual_names_is_there(manual: Path) -> None:
    text = manual.read_text(encoding="utf-8")
    assert text.count("**«") > 0
    assert [str(wrong) for wrong in wrong_in(manual.name, text)] == []


@pytest.mark.parametrize("manual", manuals(), ids=lambda manual: manual.name)
def test_a_manual_is_four_pages_at_most(manual: Path) -> None:
    assert len(manual.read_text(encoding="utf-8").split()) < 1200


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("первая\n\nНажмите **«Сдать»**.", "docs/ru/made_up.md:3: no screen shows «Сдать»"),
        ("**«Подписать и отослать»**", "nearest: «Подписать и отправить»"),
        ("**«…»**", "no screen shows"),
        ("Нажмите «Готово».", "stands as **«word»**"),
        ("<kbd>F5</kbd>", "no key F5"),
        ("<kbd>Ctrl</kbd> <kbd>Q</kbd>", "no key Ctrl Q"),
        ("`systemctl restart dopusk-screen`", "no unit dopusk-screen"),
        ("`medic_rom`", "has no medic_rom"),
        ("<script>", "not for a manual"),
    ],
)
def test_what_no_screen_has_is_told_with_its_place(text: str, told: str) -> None:
    (wrong,) = wrong_in("made_up.md", text)
    assert told in str(wrong)


def test_the_words_of_a_manual_are_those_of_its_readers_screens() -> None:
    assert list(wrong_in("medic.md", "**«Подписать и отправить»**")) == []
    assert len(list(wrong_in("worker.md", "**«Подписать и отправить»**"))) == 1


@pytest.mark.parametrize("quoted", ["Попытка 2 из 3", "Попытка … из …", "Такой номер не найден. …", "Готово"])
def test_places_are_filled_in_or_left_open(quoted: str) -> None:
    assert is_shown(quoted, ("kiosk",))


def test_every_role_of_the_console_but_the_auditor_has_one() -> None:
    own = {
        "employer": "dispatcher.md",
        "employer_hr": "hr.md",
        "service": "service_engineer.md",
        "worker": "worker_pages.md",
    }
    assert {own.get(role, f"{role}.md") for role in set(Role) - {Role.AUDITOR}} <= NAMES
