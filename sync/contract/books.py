"""Reference books that kiosks show: complaints, the consent text, the texts that an organisation may change.

They travel as content of a `Reference`. The rules stand here because two sides keep them: the centre refuses a draft that would
break a kiosk, and a terminal refuses a book that breaks them nevertheless. Pure.
"""

import re
import string
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from sync.contract.canonical import canonical, sha256_hex
from sync.contract.model import Sha256, ShortText, WireModel

COMPLAINTS, CONSENT_TEXT, KIOSK_TEXTS = "complaints", "consent_text", "kiosk_texts"
RETENTION = "retention"
SHOWN_BOOKS = (COMPLAINTS, CONSENT_TEXT, KIOSK_TEXTS)
"""Books that kiosks show."""
SPREAD_BOOKS = (*SHOWN_BOOKS, RETENTION)
"""Books that go down to terminals."""
FILM_TERMINAL = "film_terminal"
"""The line of the book of terms that says how long a terminal keeps films and pictures."""
LEAST_DAYS: dict[str, int] = {
    "film": 30,
    "photo": 30,
    FILM_TERMINAL: 30,
    "exam": 5 * 365,
    "conclusion": 5 * 365,
    "log": 5 * 365,
    "template": 0,
}
"""Kinds that have a term, and the least one that may be published, in days."""
KIOSK_CONSENT = "health_data"
"""The consent that a kiosk asks for; its text stands under this code."""
KIOSK_LANGUAGES = ("ru", "en")

MOST_COMPLAINTS = 16
"""So many offered complaints have room on one screen, each with a target as large as a thumb."""
CROWDED = 12
"""With more of them the buttons are narrower."""
LINE_CHARS, CROWDED_LINE_CHARS = 15, 10
LABEL_LINES = 2
"""A complaint's label stands on two lines of a button at most, broken between words."""
MOST_TEXT_CHARS = 20_000
MOST_LINE_CHARS = 110
MOST_LINES = 3
"""Lines of a consent that stand on the screen before the whole text is opened."""

LETTERS = re.compile(
    r"[\u0020-\u007e\u00a0-\u00ff\u0400-\u045f\u0490\u0491\u2010-\u2015\u2018-\u201e\u2022\u2026\u2030\u2116\u2212\u2264\u2265]"
)
"""Signs that the fonts of kiosk and papers have."""
_CODE = re.compile(r"[a-z0-9][a-z0-9_.]{0,62}")


@dataclass(frozen=True, slots=True)
class KioskText:
    """A text of the kiosk that may be changed: names in braces that it may hold, and how long it may be."""

    names: frozenset[str]
    most_chars: int


def _text(most_chars: int, *names: str) -> KioskText:
    return KioskText(frozenset(names), most_chars)


CHANGEABLE: dict[str, KioskText] = {
    "place.help_phone": _text(40),
    "place.medic_room": _text(60),
    "idle.text": _text(48),
    "not_today.suspended": _text(120),
    "complaints.choose": _text(60),
    "rest.text": _text(90),
    "rest.text_breath": _text(90),
    "decision.admitted_text": _text(60),
    "decision.admitted_after_text": _text(60),
    "help.idle": _text(130),
    "help.identify": _text(130),
    "help.confirm": _text(130),
    "help.consent": _text(130),
    "help.face": _text(130),
    "help.complaints": _text(130),
    "help.temperature": _text(130, "distance"),
    "help.pressure": _text(150, "expected"),
    "help.breath": _text(130, "seconds"),
    "help.summary": _text(130),
    "help.waiting": _text(130),
    "help.decision": _text(130),
}
"""The texts of the kiosk that an organisation may change. All others are part of the program: they lead through the exam."""


class BookItem(WireModel):
    """One entry of a book. `ru` is its word or text; `en` may be empty, then the Russian stands."""

    code: ShortText
    parent: ShortText = ""
    ru: Annotated[str, Field(max_length=MOST_TEXT_CHARS)]
    en: Annotated[str, Field(max_length=MOST_TEXT_CHARS)] = ""
    attrs: dict[ShortText, Any] = {}
    offered: bool = True
    """False: no longer to be chosen; what was chosen before keeps its words."""
    valid_from: date | None = None
    valid_until: date | None = None

    def words(self, language: str) -> str:
        """The text in that language, or the Russian one."""
        return self.en if language == "en" and self.en else self.ru


def items_digest(items: Iterable[BookItem]) -> str:
    """SHA-256 over the items of a version in their order, each in canonical JSON (RFC 8785)."""
    return sha256_hex(canonical([item.model_dump(mode="json") for item in items]))


class BookContent(WireModel):
    """Content of a spread book: the whole version. The hash is that of the version at the centre."""

    sha256: Sha256
    valid_from: date | None = None
    """The first day on which it holds; before it the version before it holds. By the terminal's local date."""
    items: Annotated[tuple[BookItem, ...], Field(max_length=500)]

    @model_validator(mode="after")
    def _is_what_it_says(self) -> Self:
        if items_digest(self.items) != self.sha256:
            raise ValueError("the items are not those of the hash")
        return self


@dataclass(frozen=True, slots=True)
class BookFault:
    """What is wrong with an item, or with the book (`code` empty). `detail`: the letters, names or numbers that it is about."""

    code: str
    field: str
    fault: str
    detail: str = ""


def kiosk_faults(book: str, items: Sequence[BookItem]) -> list[BookFault]:
    """What of a book would break a terminal. Pure; empty for a book that terminals do not read."""
    match book:
        case "complaints":
            return _complaint_faults(items)
        case "consent_text":
            return _consent_faults(items)
        case "kiosk_texts":
            return [fault for item in items for fault in _changeable_faults(item)]
        case "retention":
            return _retention_faults(items)
        case _:
            return []


def term_days(item: BookItem) -> int:
    """At least so many days a line of the book of terms asks for."""
    found = (item.attrs.get(name) for name in ("years", "days"))
    years, days = (value if isinstance(value, int) else 0 for value in found)
    return years * 365 + days


def _retention_faults(items: Sequence[BookItem]) -> list[BookFault]:
    """A term shorter than the least one, one without a basis, a line that nothing is kept by, a line that is missing."""
    faults = []
    for item in items:
        if item.code not in LEAST_DAYS:
            faults.append(BookFault(item.code, "code", "not_in_book", item.code))
        elif term_days(item) < LEAST_DAYS[item.code]:
            faults.append(BookFault(item.code, "days", "term_too_short", str(LEAST_DAYS[item.code])))
        elif not str(item.attrs.get("basis") or "").strip():
            faults.append(BookFault(item.code, "basis", "needed"))
        elif not item.offered:
            faults.append(BookFault(item.code, "offered", "always_kept"))
    missing = LEAST_DAYS.keys() - {item.code for item in items}
    return faults + [BookFault("", "items", "term_missing", code) for code in sorted(missing)]


def _complaint_faults(items: Sequence[BookItem]) -> list[BookFault]:
    offered = [item for item in items if item.offered]
    is_crowded = len(offered) > CROWDED
    faults = [fault for item in items for fault in _label_faults(item, is_crowded=is_crowded and item.offered)]
    if not offered:
        faults.append(BookFault("", "items", "nothing_offered"))
    if len(offered) > MOST_COMPLAINTS:
        faults.append(BookFault("", "items", "too_many_offered", str(MOST_COMPLAINTS)))
    for language in KIOSK_LANGUAGES:
        seen: dict[str, str] = {}
        for item in offered:
            words = item.words(language).casefold()
            if seen.setdefault(words, item.code) != item.code:
                faults.append(BookFault(item.code, language, "same_words", seen[words]))
    return faults


def _label_faults(item: BookItem, *, is_crowded: bool) -> list[BookFault]:
    most = CROWDED_LINE_CHARS if is_crowded else LINE_CHARS
    faults = []
    if not _CODE.fullmatch(item.code):
        faults.append(BookFault(item.code, "code", "wrong_code"))
    for language, words in (("ru", item.ru), ("en", item.en)):
        if language == "ru" and not words.strip():
            faults.append(BookFault(item.code, language, "needed"))
        long = [word for word in words.split() if len(word) > most]
        if long:
            faults.append(BookFault(item.code, language, "word_too_long", long[0][:40]))
        elif len(textwrap.wrap(words, most)) > LABEL_LINES:
            faults.append(BookFault(item.code, language, "too_long", str(LABEL_LINES * most)))
        faults += _letter_faults(item.code, language, words, lines=False)
        if "{" in words or "}" in words:
            faults.append(BookFault(item.code, language, "unknown_placeholder", "{}"))
    return faults


def _consent_faults(items: Sequence[BookItem]) -> list[BookFault]:
    faults = []
    for item in items:
        if not item.ru.strip():
            faults.append(BookFault(item.code, "ru", "needed"))
        for language, words in (("ru", item.ru), ("en", item.en)):
            faults += _letter_faults(item.code, language, words, lines=True)
            if len(words) > MOST_TEXT_CHARS:
                faults.append(BookFault(item.code, language, "too_long", str(MOST_TEXT_CHARS)))
    if items and not any(item.code == KIOSK_CONSENT and item.offered for item in items):
        faults.append(BookFault("", "items", "no_kiosk_consent"))
    return faults


def _changeable_faults(item: BookItem) -> list[BookFault]:
    text = CHANGEABLE.get(item.code)
    if text is None:
        return [BookFault(item.code, "code", "not_changeable")]
    faults = []
    for language, words in (("ru", item.ru), ("en", item.en)):
        if language == "ru" and not words.strip():
            faults.append(BookFault(item.code, language, "needed"))
        if len(words) > text.most_chars:
            faults.append(BookFault(item.code, language, "too_long", str(text.most_chars)))
        faults += _letter_faults(item.code, language, words, lines=False)
        faults += _placeholder_faults(item.code, language, words, text.names)
    return faults


def _placeholder_faults(code: str, language: str, words: str, known: frozenset[str]) -> list[BookFault]:
    try:
        parts = list(string.Formatter().parse(words))
    except ValueError:
        return [BookFault(code, language, "unknown_placeholder", "{ }")]
    unknown = [name for _, name, form, how in parts if name is not None and (name not in known or form or how)]
    return [BookFault(code, language, "unknown_placeholder", "{" + unknown[0] + "}")] if unknown else []


def _letter_faults(code: str, language: str, words: str, *, lines: bool) -> list[BookFault]:
    foreign = {sign for sign in words if not LETTERS.match(sign) and not (lines and sign == "\n")}
    if not foreign:
        return []
    shown = " ".join(sign if sign.isprintable() else f"U+{ord(sign):04X}" for sign in sorted(foreign)[:5])
    return [BookFault(code, language, "foreign_letters", shown)]


def consent_lines(text: str) -> tuple[str, ...]:
    """What of a consent text stands on the screen before the whole is opened: its beginning, and nothing that it does not say.

    Up to `MOST_LINES` short lines before the first empty line, where it begins with such; otherwise its first lines, cut at a
    word. The whole text is one touch away.
    """
    head = [line.strip() for line in text.split("\n\n", 1)[0].splitlines() if line.strip()]
    if not ("\n\n" in text and len(head) <= MOST_LINES):
        head = [line.strip() for line in text.splitlines() if line.strip()][:MOST_LINES]
    return tuple(_shortened(line) for line in head)


def _shortened(line: str) -> str:
    if len(line) <= MOST_LINE_CHARS:
        return line
    return line[:MOST_LINE_CHARS].rsplit(" ", 1)[0].rstrip(" ,;:—-") + "…"
