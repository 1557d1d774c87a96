"""Where words of published books come from, for code that has no store at hand: one source a process, set by its root.

Pages, files and papers say codes of the past with the words of their own version. The functions that do so are pure but for this
one question; without a source, as in a unit test, they say the words that ship.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sync.contract.books import BookItem


class BookSource(Protocol):
    """Answers from a store, quickly: lists of thousands of exams ask for each code."""

    def items(self, book: str, org: str, version: str, at: datetime | None) -> Mapping[str, BookItem]:
        """Items by code of that version; of the one that held at that moment; of the one that holds now."""


_sources: list[BookSource] = []


def use(source: BookSource | None) -> None:
    """From now on this process asks that source; None: nobody."""
    _sources[:] = [source] if source is not None else []


def in_use() -> BookSource | None:
    """Whom this process asks now."""
    return _sources[0] if _sources else None


def items(book: str, org: str, *, version: str = "", at: datetime | None = None) -> Mapping[str, BookItem]:
    """Items by code; empty where there is no source or no organisation."""
    return _sources[0].items(book, org, version, at) if _sources and org else {}
