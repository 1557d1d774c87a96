"""Words that the centre sent in place of those that ship: complaints, the consent, what an organisation may change."""

from dataclasses import replace

from kiosk_ui.texts import Texts, texts_of
from sync.contract.books import consent_lines
from terminal.books import SHIPPED, KioskBooks
from terminal.snapshot import TerminalPlace

_made: dict[str, tuple[KioskBooks, Texts]] = {}
"""The last texts of each language: a snapshot comes several times a second, another book once in months."""


def texts_with(books: KioskBooks, language: str) -> Texts:
    """All texts of a language, with those of the books in their places."""
    if books == SHIPPED:
        return texts_of(language)
    made = _made.get(language)
    if made is None or made[0] is not books:
        made = _made[language] = (books, _texts(books, language))
    return made[1]


def _texts(books: KioskBooks, language: str) -> Texts:
    texts = texts_of(language)
    if books.texts:
        words = {code: item.words(language) for code, item in books.texts.items()}
        known = texts.keys()
        texts = texts.with_words({key: text for key, text in words.items() if key in known and text})
    if books.consent is not None:
        text = books.consent.text(language)
        texts = texts.with_words({"consent.lines": consent_lines(text), "consent.full": text})
    if books.complaints:
        words = {f"complaint.{item.code}": item.words(language) for item in books.complaints}
        texts = texts.with_words(words, without="complaint")
    return texts


def place_with(place: TerminalPlace, books: KioskBooks, language: str) -> TerminalPlace:
    """Whom to call, where the organisation says it for all its terminals."""
    for field in ("help_phone", "medic_room"):
        item = (books.texts or {}).get(f"place.{field}")
        if item is not None and item.words(language).strip():
            place = replace(place, **{field: item.words(language)})
    return place
