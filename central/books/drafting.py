"""Drafts: the changes of a book, entered item by item or from a file, by one person or several."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from central.books import reading
from central.books.catalogue import BOOKS
from central.books.reading import Version
from central.books.rule_codes import rule_code_faults
from central.books.rules import BookRefused, Difference, book_faults, differences, item_faults, merged
from central.core.days import day_of
from central.core.ground_rules import GROUND_RULES
from central.core.rights import Right
from central.store import books as store
from central.store.engine import hold
from sync.contract.books import BookFault, BookItem

ALL_RIGHTS = frozenset(Right)
"""Of a command on the centre's machine."""


@dataclass(frozen=True, slots=True)
class DraftItem:
    """One changed item. `revision` counts its changes: a form that was made of an older one is not taken."""

    item: BookItem
    revision: int
    author: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft beside what it was begun from."""

    book: str
    org: str
    base: Version
    base_version: str
    changes: Mapping[str, DraftItem]
    author: str
    created_at: datetime
    source: Mapping[str, Any]
    version: str

    @property
    def items(self) -> tuple[BookItem, ...]:
        """The whole book as it would be."""
        return merged(self.base.items, {code: one.item for code, one in self.changes.items()})

    @property
    def is_behind(self) -> bool:
        """Whether another version was published since it was begun."""
        return self.base_version != self.base.version

    def differences(self) -> list[Difference]:
        """What publishing would change."""
        return differences(self.base.items, self.items)

    def faults(self) -> list[BookFault]:
        """What keeps it from being published."""
        return book_faults(BOOKS[self.book], self.items)


def hold_book(connection: Connection, name: str, org: str) -> None:
    """One change of a book at a time."""
    hold(connection, f"book {name} of {org}")


def get(connection: Connection, name: str, org: str) -> Draft | None:
    """The draft of a book, if somebody has begun one."""
    row = store.get_draft(connection, name, org)
    if row is None:
        return None
    changes = {
        item["code"]: DraftItem(reading.item_of(item), item["revision"], item["author"], item["changed_at"])
        for item in store.draft_items(connection, name, org)
    }
    base = reading.newest(connection, name, org)
    return Draft(
        name, org, base, row["base_version"], changes, row["author"], row["created_at"], row["source"], row["version"]
    )


def put_item(
    connection: Connection,
    name: str,
    org: str,
    item: BookItem,
    *,
    revision: int,
    author: str,
    now: datetime,
    rights: Collection[Right] = ALL_RIGHTS,
) -> None:
    """Add or change one item of the draft, which is begun if there is none. Raises `BookRefused`.

    `revision`: of the item when the form was made, 0 where the draft had no change of it.
    """
    hold_book(connection, name, org)
    kind, before = BOOKS[name], get(connection, name, org)
    base = reading.newest(connection, name, org)
    changed = before.changes.get(item.code) if before else None
    if (changed.revision if changed else 0) != revision:
        raise BookRefused([BookFault(item.code, "", "changed_meanwhile", changed.author if changed else "")])
    was = base.by_code.get(item.code)
    faults = item_faults(kind, item, was, rights)
    changes = {code: one.item for code, one in before.changes.items()} if before else {}
    # A fault of another item, entered before, is told when the book is published.
    faults += [
        fault
        for fault in book_faults(kind, merged(base.items, changes | {item.code: item}))
        if fault.code in {item.code, ""}
    ]
    if name == GROUND_RULES:
        faults += rule_code_faults(connection, org, [item], day_of(now))
    if faults:
        raise BookRefused(faults)
    _begin(connection, name, org, base, author, now)
    if was == item:
        store.drop_draft_item(connection, name, org, item.code)
        return
    store.put_draft_items(connection, [_row(name, org, item, revision + 1, author, now)])


def drop_item(connection: Connection, name: str, org: str, code: str) -> None:
    """Take one change back out of the draft: of a code that nobody has published nothing is left."""
    hold_book(connection, name, org)
    store.drop_draft_item(connection, name, org, code)


def carry_over(connection: Connection, name: str, org: str) -> None:
    """Let the changes of the draft follow the version that was published meanwhile: they are to be looked at anew."""
    hold_book(connection, name, org)
    store.set_draft(connection, name, org, base_version=reading.newest(connection, name, org).version)


def throw_away(connection: Connection, name: str, org: str) -> None:
    """End the draft; what is in force stays."""
    hold_book(connection, name, org)
    store.drop_draft(connection, name, org)


def take_items(
    connection: Connection,
    name: str,
    org: str,
    items: Sequence[BookItem],
    *,
    author: str,
    now: datetime,
    source: Mapping[str, Any] | None = None,
    version: str = "",
    rights: Collection[Right] = ALL_RIGHTS,
) -> Draft:
    """Make the draft hold this book: a file's. What the book in force has and the file has not is ended, never deleted.

    Raises `BookRefused`; the draft before it is replaced.
    """
    hold_book(connection, name, org)
    base = reading.newest(connection, name, org)
    faults = import_faults(base, name, items, rights)
    if faults:
        raise BookRefused(faults)
    whole = with_ended(base.items, items, now)
    store.drop_draft(connection, name, org)
    _begin(connection, name, org, base, author, now)
    store.set_draft(connection, name, org, source=dict(source or {}), version=version)
    rows = [_row(name, org, one.after, 1, author, now) for one in differences(base.items, whole)]
    store.put_draft_items(connection, rows)
    made = get(connection, name, org)
    if made is None:
        raise LookupError("the draft is gone")
    return made


def import_faults(
    base: Version, name: str, items: Sequence[BookItem], rights: Collection[Right] = ALL_RIGHTS
) -> list[BookFault]:
    """What is wrong with the items of a file, beside what is in force."""
    kind, before = BOOKS[name], base.by_code
    faults = [fault for item in items for fault in item_faults(kind, item, before.get(item.code), rights)]
    return faults + book_faults(kind, items)


def with_ended(base: Sequence[BookItem], items: Sequence[BookItem], now: datetime) -> tuple[BookItem, ...]:
    """The items of a file in the order of the base, with those that the file lacks ended on that day."""
    given = {item.code: item for item in items}
    ended = {
        item.code: item.model_copy(update={"offered": False, "valid_until": item.valid_until or now.date()})
        for item in base
        if item.code not in given
    }
    return merged(base, ended | given)


def _begin(connection: Connection, name: str, org: str, base: Version, author: str, now: datetime) -> None:
    store.begin_draft(
        connection,
        {
            "book": name,
            "org": org,
            "base_version": base.version,
            "author": author,
            "created_at": now,
            "source": dict(base.source) if BOOKS[name].is_classifier else {},
            "version": "",
        },
    )


def _row(name: str, org: str, item: BookItem, revision: int, author: str, now: datetime) -> dict[str, Any]:
    values = {field: getattr(item, field) for field in BookItem.model_fields}
    return values | {
        "book": name,
        "org": org,
        "revision": revision,
        "author": author,
        "changed_at": now,
    }
