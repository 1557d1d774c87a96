"""The books that this terminal shows, each in the version that an exam began with: the centre's, or those that ship with it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from sync.contract.books import (
    COMPLAINTS,
    CONSENT_TEXT,
    KIOSK_CONSENT,
    KIOSK_TEXTS,
    SHOWN_BOOKS,
    BookContent,
    BookItem,
)
from terminal.store.reference import ReferenceStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The consent that the kiosk asks for. `version` names the text: an unchanged one keeps its number over versions."""

    version: str
    item: BookItem

    def language_of(self, language: str) -> str:
        """In which language it is shown to whoever asked for that one."""
        return "en" if language == "en" and self.item.en else "ru"

    def text(self, language: str) -> str:
        """The whole text as it is shown and hashed."""
        return self.item.words(language)


@dataclass(frozen=True, slots=True)
class KioskBooks:
    """What the centre sent of each book; None or empty where the shipped one holds."""

    complaints: tuple[BookItem, ...] = ()
    consent: ConsentText | None = None
    texts: Mapping[str, BookItem] | None = None


SHIPPED = KioskBooks()


class BookShelf:
    """Reads the store's books. Used by the core thread alone."""

    def __init__(self, store: ReferenceStore, shipped: Mapping[str, str]) -> None:
        """`shipped`: the versions that ship with the program, by book."""
        self._store, self._shipped = store, dict(shipped)
        self._read: dict[tuple[str, str], BookContent | None] = {}
        self._held: tuple[int, date, dict[str, str]] = (-1, date.min, {})
        """What was found last: it is asked several times a second, and changes with the store and the day."""
        self._last: tuple[dict[str, str], KioskBooks] = ({}, SHIPPED)

    def versions(self, day: date) -> dict[str, str]:
        """Which version of each book holds on that day: what an exam that begins now is asked by."""
        if self._held[:2] == (self._store.writes, day):
            return self._held[2]
        found = dict(self._shipped)
        for name in SHOWN_BOOKS:
            for version in self._store.versions(name):
                content = self._content(name, version)
                if content is not None and (content.valid_from is None or content.valid_from <= day):
                    found[name] = version
                    break
        self._held = (self._store.writes, day, found)
        return found

    def of(self, versions: Mapping[str, str]) -> KioskBooks:
        """The books in these versions; one that is not in the store is the shipped one."""
        if self._last[0] != versions:
            self._last = (dict(versions), self._made(versions))
        return self._last[1]

    def _made(self, versions: Mapping[str, str]) -> KioskBooks:
        held = {name: self._content(name, version) for name, version in versions.items()}
        complaints, consent, texts = (held.get(name) for name in (COMPLAINTS, CONSENT_TEXT, KIOSK_TEXTS))
        asked = (
            next((one for one in consent.items if one.code == KIOSK_CONSENT and one.offered), None) if consent else None
        )
        return KioskBooks(
            complaints=tuple(item for item in complaints.items if item.offered) if complaints else (),
            consent=None
            if asked is None
            else ConsentText(str(asked.attrs.get("version") or versions[CONSENT_TEXT])[:200], asked),
            texts={item.code: item for item in texts.items if item.offered} if texts else None,
        )

    def _content(self, name: str, version: str) -> BookContent | None:
        key = (name, version)
        if key not in self._read:
            content = self._store.of_version(name, version)
            if content is None:
                return None
            try:
                self._read[key] = BookContent.model_validate(content)
            except ValidationError:
                # Taken by a program that did not read it yet; it is sent again in a version that can be read.
                log.warning("the book %s in version %s cannot be read; the one before it holds", name, version)
                self._read[key] = None
        return self._read[key]
