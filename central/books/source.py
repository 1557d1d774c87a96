"""Words of published books for the whole process, read from the store and kept: a version never changes."""

import logging
import time
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from central.books import reading as books
from central.books.reading import Version, of_program
from central.core.clock import now_utc
from central.core.days import day_of
from central.store.engine import reading
from sync.contract.books import COMPLAINTS, BookItem

_FRESH_S = 2.0
"""So long is what holds now believed to hold still: another process may have published."""
_MOST_KEPT = 256
log = logging.getLogger(__name__)


class StoreBooks:
    """A `BookSource` over one store. From any thread: what two of them read at once is the same."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: dict[tuple[str, str, str], tuple[float, Mapping[str, BookItem]]] = {}

    def items(self, book: str, org: str, version: str, at: datetime | None) -> Mapping[str, BookItem]:
        """As `BookSource.items`. Nothing where the store does not answer: then the words that ship are said.

        Of complaints only what an organisation said otherwise: for the others the catalogues have words for the medic.
        """
        key = (book, org, version or (f"at {at:%Y-%m-%d %H:%M}" if at else ""))
        kept = self._kept.get(key)
        if kept is not None and (version or time.monotonic() - kept[0] < _FRESH_S):
            return kept[1]
        try:
            found = self._read(book, org, version, at)
        except SQLAlchemyError as error:
            log.warning("the book %s cannot be read now: %s", book, getattr(error, "orig", None) or error)
            return {}
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        made = found.by_code if found is not None else {}
        if book == COMPLAINTS:
            program = of_program(book).by_code
            made = {code: item for code, item in made.items() if code not in program or program[code].ru != item.ru}
        self._kept[key] = (time.monotonic(), made)
        return made

    def _read(self, book: str, org: str, version: str, at: datetime | None) -> Version | None:
        with reading(self._engine) as connection:
            if version:
                return books.named(connection, book, org, version)
            return (
                books.at(connection, book, org, at) if at else books.in_force(connection, book, org, day_of(now_utc()))
            )
