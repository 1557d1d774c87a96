"""Checks codes wherever they are entered: form, file, API, field map. A fault names the nearest codes.

A book that holds nothing below a code has not been loaded so deep: a code below it is then taken by it (okved 49.31 by class 49).
As soon as the book holds any code below that class, a code has to be in it.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Connection

from central.books import reading
from central.books.catalogue import BOOKS, BookKind
from central.books.reading import Version
from central.core.input_fault import InputFault
from central.core.name_folding import fold_name
from sync.contract.books import BookItem

CODED_FIELDS: dict[str, str] = {
    "okved": "okved2",
    "region_code": "rf_subjects",
    "position_code": "positions",
    "harm_factors": "harm_factors",
    "oid": "medical_organisations",
}
"""Fields of registers, files and interfaces that hold codes of a book."""
_BY_FILE_ALONE = frozenset({"medical_organisations"})
"""Books of which nothing ships: as long as none was loaded, a code of the right form is taken."""
MOST_CHOICES = 3_000
"""So many codes a page offers; what is more is typed."""
_DEEPER = frozenset({"okved2", "harm_factors"})
"""Books whose codes go on behind a point."""
_NEAR = 3
_ALIKE = 0.6


def check_code(
    connection: Connection, field: str, typed: str, *, org: str, day: date, held: str = ""
) -> tuple[str, InputFault | None]:
    """The code that was typed for one of `CODED_FIELDS`, and what is wrong with it.

    «49.31 – Перевозка пассажиров», as lists offer it, is 49.31. `held`: what the entry has already; it may stay although the
    book has ended it. An empty text is no code and no fault. Raises `KeyError` for a field that holds no codes.
    """
    name = CODED_FIELDS[field]
    return check_in(reading.in_force(connection, name, org, day), typed, day=day, held=held)


def check_codes(
    connection: Connection, field: str, typed: str | Sequence[str], *, org: str, day: date, held: Iterable[str] = ()
) -> tuple[list[str], InputFault | None]:
    """Several codes, as a list or as a text with commas or semicolons; the first fault of them."""
    parts = re.split(r"[,;]", typed) if isinstance(typed, str) else list(typed)
    kept = set(held)
    codes: list[str] = []
    for part in parts:
        code, fault = check_code(
            connection, field, part, org=org, day=day, held=part.strip() if part.strip() in kept else ""
        )
        if fault is not None:
            return codes, fault
        if code and code not in codes:
            codes.append(code)
    return codes, None


class Codes:
    """The same check for many rows of a file: each book is read once, each text looked up once."""

    def __init__(self, connection: Connection, org: str, day: date) -> None:
        self._connection, self._org, self._day = connection, org, day
        self._books: dict[str, Version] = {}
        self._known: dict[tuple[str, str], InputFault | None] = {}

    def fault(self, field: str, typed: str, held: Iterable[str] = ()) -> InputFault | None:
        """What is wrong with one code, or with several between commas or semicolons."""
        name, kept = CODED_FIELDS[field], set(held)
        for part in (one.strip() for one in re.split(r"[,;]", typed)):
            if not part or part in kept:
                continue
            if (field, part) not in self._known:
                if name not in self._books:
                    self._books[name] = reading.in_force(self._connection, name, self._org, self._day)
                self._known[field, part] = check_in(self._books[name], part, day=self._day)[1]
            found = self._known[field, part]
            if found is not None:
                return found
        return None


def check_in(version: Version, typed: str, *, day: date, held: str = "") -> tuple[str, InputFault | None]:
    """The same against a version that was read. Pure."""
    words = typed.strip()
    if not words or (held and words == held):
        return words, None
    kind, items = BOOKS[version.book], version.by_code
    code = _code_of(kind, words)
    if not items and kind.name in _BY_FILE_ALONE:
        return words, None
    item = items.get(code) or _above(version, kind, code)
    if item is None:
        return words, InputFault("not_in_book", near=_near(version, words))
    if not is_offered(item, day):
        return words, InputFault("ended", near=_near(version, words))
    return code, None


def is_offered(item: BookItem, day: date) -> bool:
    """Whether an item may be chosen on that day."""
    began = item.valid_from is None or item.valid_from <= day
    return item.offered and began and (item.valid_until is None or day <= item.valid_until)


def choices(connection: Connection, field: str, *, org: str, day: date, language: str) -> list[tuple[str, str]]:
    """What a field offers: codes with their words, for a list that is searched by either."""
    found = offered(connection, CODED_FIELDS[field], org=org, day=day)
    return [(item.code, item.words(language)) for item in found]


def offered(connection: Connection, book: str, *, org: str, day: date) -> list[BookItem]:
    """What of a book may be chosen on that day; nothing of one that is too long for a list."""
    version = reading.in_force(connection, book, org, day)
    return [item for item in version.items if is_offered(item, day)] if len(version.items) <= MOST_CHOICES else []


def _code_of(kind: BookKind, words: str) -> str:
    """The code at the beginning of what a list offers, or all that was typed."""
    first = re.split(r"\s+[–—-]\s+|\s+", words, maxsplit=1)[0]
    return first if kind.is_code(first) else words


def _above(version: Version, kind: BookKind, code: str) -> BookItem | None:
    """The item that a deeper code is taken by, where the book holds none of that depth."""
    if kind.name not in _DEEPER or not kind.is_code(code) or "." not in code:
        return None
    top = code.split(".", 1)[0]
    if any(one.startswith(f"{top}.") for one in version.by_code):
        return None
    return version.by_code.get(top)


def _near(version: Version, words: str) -> tuple[str, ...]:
    """What comes nearest, by code or by words."""
    shown = {item.code: f"{item.code} {item.ru[:60]}" for item in version.items if item.offered}
    found = difflib.get_close_matches(words, list(shown), n=_NEAR, cutoff=_ALIKE)
    if not found:
        sought = fold_name(words)
        by_words = {fold_name(item.ru): item.code for item in version.items if item.offered}
        found = [code for name, code in by_words.items() if len(sought) > 2 and sought in name][:_NEAR]
        found = found or [
            by_words[name] for name in difflib.get_close_matches(sought, list(by_words), n=_NEAR, cutoff=_ALIKE)
        ]
    if not found:
        top = words[:2]
        found = [code for code in shown if code.startswith(top)][:_NEAR]
    return tuple(shown[code] for code in found)
