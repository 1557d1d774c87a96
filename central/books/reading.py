"""Finds the version of a book in force: that of the organisation, else of the centre, else the one of the program."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from central.books.catalogue import BOOKS, CENTRE, shipped
from central.core.days import day_of
from central.store import books as store
from central.store.books import VersionRow
from sync.contract.books import BookItem

_MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a book with its items. `org` is its owner: empty for the centre. `row` is None for one that ships."""

    book: str
    org: str
    version: str
    sha256: str
    items: tuple[BookItem, ...]
    source: Mapping[str, Any]
    row: VersionRow | None = None

    @property
    def by_code(self) -> dict[str, BookItem]:
        """Items by code."""
        return {item.code: item for item in self.items}


def in_force(connection: Connection, name: str, org: str, day: date) -> Version:
    """The version that holds on that day for an organisation. Empty where none is published and none ships.

    Raises `KeyError` for a book that there is not.
    """
    found = owned(connection, name, org, day) if org else None
    found = found or owned(connection, name, CENTRE, day)
    return found or of_program(name)


def owned(connection: Connection, name: str, org: str, day: date) -> Version | None:
    """The version of this owner that holds on that day: the newest that is not taken back and has begun."""
    for row in store.versions(connection, name, org):
        if row.withdrawn_at is None and row.valid_from <= day:
            return loaded(connection, row)
    return None


def newest(connection: Connection, name: str, org: str) -> Version:
    """What was published last for an organisation and not taken back, whether it has begun or not: drafts follow it."""
    for owner in dict.fromkeys((org, CENTRE)):
        for row in store.versions(connection, name, owner):
            if row.withdrawn_at is None:
                return loaded(connection, row)
    return of_program(name)


def of_program(name: str) -> Version:
    """The version that ships with the program; without items and number where none ships."""
    found = shipped(BOOKS[name].name)
    if found is None:
        return Version(name, CENTRE, "", "", (), {})
    return Version(name, CENTRE, found.version, found.sha256, found.items, found.source)


def named(connection: Connection, name: str, org: str, version: str) -> Version | None:
    """A version by what records call it: of the organisation, of the centre, or of the program. Taken back ones too."""
    for owner in dict.fromkeys((org, CENTRE)):
        for row in store.versions(connection, name, owner):
            if row.version == version:
                return loaded(connection, row)
    program = of_program(name)
    return program if program.version == version else None


def at(connection: Connection, name: str, org: str, moment: datetime) -> Version:
    """The version that held at a moment of the past, also one that was taken back since."""
    day = day_of(moment)
    for owner in dict.fromkeys((org, CENTRE)):
        for row in store.versions(connection, name, owner):
            was_there = row.published_at <= moment and row.valid_from <= day
            if was_there and (row.withdrawn_at is None or row.withdrawn_at > moment):
                return loaded(connection, row)
    return of_program(name)


def loaded(connection: Connection, row: VersionRow) -> Version:
    """A published version with its items. They never change, so the last ones stay in memory."""
    return Version(row.book, row.org, row.version, row.sha256, _items(connection, row.version_id), row.source, row)


_kept: dict[tuple[str, str], tuple[BookItem, ...]] = {}


def _items(connection: Connection, version_id: str) -> tuple[BookItem, ...]:
    key = (str(connection.engine.url), version_id)
    items = _kept.get(key)
    if items is None:
        items = tuple(item_of(row) for row in store.items_of(connection, version_id))
        if len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = items
    return items


def item_of(row: RowMapping) -> BookItem:
    """An item as it is stored."""
    return BookItem.model_construct(**{name: row[name] for name in BookItem.model_fields})
