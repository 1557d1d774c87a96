"""Names, firms, rooms and reasons as long as people write them, in both languages, on every screen: nothing is cut."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from kiosk_ui.texts import LANGUAGES
from terminal.snapshot import TerminalSnapshot
from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.looking import faults_on, find, names_on, texts_on, top_layer

SURNAME = "Вознесенская-Константинопольско-Задунайская"[:40]
ORGANISATION = (
    "Муниципальное автономное учреждение здравоохранения «Лесогорская межрайонная поликлиника восстановительной "
    "медицины и предрейсовых осмотров имени А. Б. Лесного»"
)
REASON = (
    "Вы отстранены до внеочередного инструктажа по охране труда и повторной проверки знаний. Подойдите в отдел охраны "
    "труда: административный корпус, 3 этаж, кабинет 312, с 8:00 до 16:30, обед с 12:00 до 12:45. С собой нужны паспорт, "
    "пропуск и удостоверение. Если отдел закрыт, обратитесь к дежурному инженеру на проходной № 2 или позвоните ему: 2-17."
)
PLACE = replace(
    made_up.PLACE,
    organisation_name=ORGANISATION,
    place="Автоколонна № 14, второй контрольно-пропускной пункт, Лесогорск",
    medic_room="здравпункт, кабинет 12, первый этаж административного корпуса",
    help_phone="8 800 000-00-07, добавочный 4217",
)
WORKER = replace(made_up.WORKER, full_name=f"{SURNAME} Александра-Евангелина Константиновна")


def hard(shown: TerminalSnapshot) -> TerminalSnapshot:
    """The same screen with the longest words that a site has."""
    exam = shown.exam
    if exam is not None and exam.blocked_text:
        exam = replace(exam, blocked_text=REASON)
    if exam is not None and exam.decision is not None:
        told = REASON[:200] if exam.decision.released_text else ""
        named = f"{SURNAME} Александра Константиновна"
        exam = replace(exam, decision=replace(exam.decision, medic_name=named, released_text=told))
    return replace(shown, place=PLACE, exam=exam, worker=WORKER if shown.worker else None)


def test_the_input_is_as_hard_as_promised() -> None:
    assert (len(SURNAME), len(ORGANISATION)) == (40, 160)
    assert len(REASON) > 300


def test_every_screen_takes_long_words_and_turns_over_in_both_languages(stand: Stand) -> None:
    faults: list[str] = []
    helped: set[str] = set()
    for name, screen, snapshot in made_up.every():
        stand.show(made_up.snapshot(), "idle")
        stand.show(hard(snapshot), screen)
        sheets = ["", "help"] if screen not in helped else [""]
        helped.add(screen)
        for sheet in sheets:
            stand.kiosk.bridge.press(sheet)
            russian = _still(stand)
            faults += [f"{name} {sheet}: {fault}" for fault in faults_on(stand.window)]
            assert not sheet or ORGANISATION in _read(stand)
            stand.kiosk.bridge.press("language")
            assert _still(stand) != russian, name
            faults += [f"{name} {sheet} in English: {fault}" for fault in faults_on(stand.window)]
            stand.kiosk.bridge.press("language")
            assert _still(stand) == russian, name
        stand.kiosk.bridge.press("close")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["suspended", "not_remote", "not_identified", "consent_refused", "person_changed"])
def test_each_reason_has_one_place_to_go(make_stand: Callable[..., Stand], code: str, language: str) -> None:
    stand = make_stand(language=language)
    cases = {name: snapshot for name, _, snapshot in made_up.every()}
    for words in ("", REASON, REASON + " " + "Дальше — подробности приказа. " * 130):
        if words and code not in ("suspended", "not_remote"):
            continue  # only the register's own reasons have words
        exam = replace(cases[f"not_today_{code}"].exam, blocked_text=words)
        stand.show(replace(cases[f"not_today_{code}"], exam=exam, place=PLACE), "not_today")
        assert faults_on(stand.window) == [], code
        read = _read(stand)
        assert (PLACE.medic_room in read) == (not words and code != "suspended"), read
        assert PLACE.help_phone in read
        for text in texts_on(find(stand.window, "screen_not_today")):
            assert not _has_lonely_number(text.item.property("text")), text.name
    assert "screen_not_today" in names_on(stand.window)


def _read(stand: Stand) -> str:
    stand.window.grabWindow()
    words = "\n".join(str(text.item.property("text")) for text in texts_on(top_layer(stand.window)))
    return words.replace("\u00a0", " ")


def _still(stand: Stand) -> str:
    """What stands there without the figures, for clocks go on."""
    return re.sub(r"\d", "", _read(stand))


def _has_lonely_number(text: str) -> bool:
    """Whether a line may break so that a number begins the next one; a phone's may, after its colon."""
    words = text.split(" ")
    return any(word[:1].isdigit() and not before.endswith(":") for before, word in pairwise(words))
