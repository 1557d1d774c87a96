"""The books on the screen: the centre's words in place of the shipped ones, and both sides with the same shipped ones."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QFont, QRawFont

from central.books.catalogue import shipped
from dopusk.kiosk_app import consent_texts
from kiosk_ui.app import FONT_FAMILY, make_application
from kiosk_ui.texts import LANGUAGES, SHIPPED_BOOKS, texts_of
from kiosk_ui.view import view_of
from sync.contract.books import CHANGEABLE, KIOSK_CONSENT, LETTERS, MOST_COMPLAINTS, consent_lines, kiosk_faults
from terminal.config import Exam
from terminal.exam.model import Phase
from tests.ui.kiosk import made_up


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_books_are_what_the_kiosk_shows_by_itself(language: str) -> None:
    texts = texts_of(language)
    complaints, consent, changeable = (shipped(name) for name in ("complaints", "consent_text", "kiosk_texts"))
    assert complaints is not None
    assert consent is not None
    assert changeable is not None
    assert {one.code: one.words(language) for one in complaints.items} == {
        code: texts(f"complaint.{code}") for code in texts.names_in("complaint")
    }
    (asked,) = consent.items
    assert (asked.code, asked.words(language)) == (KIOSK_CONSENT, consent_texts()[language])
    assert {one.code: one.words(language) for one in changeable.items} == {
        key: texts(key) for key in CHANGEABLE if not key.startswith("place.")
    }
    assert (complaints.version, changeable.version) == (SHIPPED_BOOKS["complaints"], SHIPPED_BOOKS["kiosk_texts"])
    assert consent.version == Exam().consent_version


def test_books_as_full_as_the_rules_let_them_be_are_those_that_the_layout_is_tried_with() -> None:
    """`tests/ui/kiosk/test_layout.py` shows these in both languages."""
    assert kiosk_faults("complaints", made_up.BOOKS.complaints) == []
    assert len(made_up.BOOKS.complaints) == MOST_COMPLAINTS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_screen_says_what_the_centre_says(language: str) -> None:
    asked = made_up.asked(Phase.COMPLAINTS, complaints=None)
    view = view_of(made_up.snapshot(asked, books=made_up.BOOKS), language)
    assert [(one.label, one.value) for one in view.complaints] == [
        (one.code, one.words(language)) for one in made_up.BOOKS.complaints
    ]
    assert "8 800 000-00-00" in view.help.phone
    consent = view_of(made_up.snapshot(replace(asked, phase=Phase.CONSENT), books=made_up.BOOKS), language)
    assert consent.page.text == made_up.LONG_CONSENT
    assert consent.page.lines == consent_lines(made_up.LONG_CONSENT)
    plain = view_of(made_up.snapshot(asked), language)
    assert len(plain.complaints) == len(texts_of(language).names_in("complaint"))


def test_what_stands_before_the_whole_consent_is_its_beginning() -> None:
    assert consent_lines("Раз.\nДва.\n\nТри.") == ("Раз.", "Два.")
    assert consent_lines("Раз.\nДва.\nТри.\nЧетыре.") == ("Раз.", "Два.", "Три.")
    (cut,) = consent_lines("слово " * 100)
    assert len(cut) <= 111
    assert cut.endswith("слово…")
    for language in LANGUAGES:
        assert consent_lines(consent_texts()[language]) == texts_of(language).lines("consent.lines")


def test_every_letter_that_a_book_may_have_is_in_the_font_of_the_kiosk() -> None:
    make_application()
    font = QRawFont.fromFont(QFont(FONT_FAMILY))
    assert font.familyName() == FONT_FAMILY
    allowed = [chr(code) for code in range(0x20, 0x3000) if LETTERS.match(chr(code))]
    assert len(allowed) > 250
    assert [sign for sign in allowed if not font.supportsCharacter(ord(sign))] == []
