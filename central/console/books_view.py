"""What the pages of reference books show: which version holds, who has it, the rows that are sought, the draft beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from central.books import drafting, publishing
from central.books import reading as books
from central.books.catalogue import BOOKS, CENTRE, BookKind
from central.books.codes import is_offered
from central.books.drafting import Draft
from central.books.reading import Version
from central.console.context import Visitor
from central.console.sorting import Sorting
from central.core.days import day_of
from central.core.ground_rules import GROUND_KINDS, GROUND_RULES
from central.core.name_folding import fold_name
from central.store import accounts, registry, terminals
from central.store import books as store
from sync.contract.books import BookItem, items_digest

_UNDER_THE_WORDS = ("worker_text", "basis")
"""Attributes that are sentences: they stand under the words of their row and not in a column."""
SHOWN = 200
"""Rows on a page; a classifier has thousands, and is searched."""


def may_change_book(visitor: Visitor, kind: BookKind, owner: str) -> bool:
    """Whether this visitor may change that organisation's book, or the centre's classifier."""
    may = visitor.may(kind.right) or any(attr.right and visitor.may(attr.right) for attr in kind.attrs)
    return may and (kind.is_classifier or owner != CENTRE)


@dataclass(frozen=True, slots=True)
class ListRow:
    """One book in the list."""

    kind: BookKind
    version: str
    owner: str
    """`organisation`, `centre` or `program`."""
    since: date | None
    items: int
    draft: int
    """Changes of the draft."""
    later: tuple[str, date] | None
    """What is published for a later day."""
    applied: int
    terminals: int


def list_rows(connection: Connection, org: str, now: datetime) -> list[ListRow]:
    """All books as they hold for an organisation today."""
    drafts = store.drafts(connection, [org, CENTRE])
    places = [row for row in terminals.list_terminals(connection, org) if row["state"] == "enrolled"] if org else []
    sent = store.sent_to(connection, [org]) if org else []
    rows = []
    for name, kind in BOOKS.items():
        held = books.in_force(connection, name, org, day_of(now))
        newest = books.newest(connection, name, org)
        later = None
        if newest.row is not None and newest.row.valid_from > day_of(now):
            later = (newest.version, newest.row.valid_from)
        rows.append(
            ListRow(
                kind,
                held.version,
                _owner(held),
                held.row.valid_from if held.row else None,
                len(held.items),
                drafts.get((name, CENTRE if kind.is_classifier else org), 0),
                later,
                sum(one.book == name and one.version == newest.version and one.state == "applied" for one in sent),
                len(places),
            )
        )
    return rows


def _owner(version: Version) -> str:
    if version.org:
        return "organisation"
    return "centre" if version.row is not None and version.row.author else "program"


ITEM_COLUMNS: Mapping[str, Callable[[BookItem], Any]] = {
    "code": lambda item: item.code,
    "parent": lambda item: item.parent,
    "ru": lambda item: item.ru,
    "en": lambda item: item.en,
    "offered": lambda item: item.offered,
}
"""By what the items of a book may be sorted, beside how often each is used."""


def book_page_values(
    connection: Connection,
    kind: BookKind,
    org: str,
    orgs: Sequence[str],
    now: datetime,
    *,
    sought: str,
    edited: str,
    sort: Sorting,
    language: str,
) -> dict[str, Any]:
    """What the page of one book says."""
    held = books.in_force(connection, kind.name, org, day_of(now))
    newest = books.newest(connection, kind.name, org)
    draft = drafting.get(connection, kind.name, org)
    items = draft.items if draft is not None else newest.items
    matching = [item for item in items if _matches(item, sought)]
    uses = store.uses(connection, kind.name, orgs)
    columns = {**ITEM_COLUMNS, "uses": lambda item: uses.get(item.code, 0)}
    edited_item = next((item for item in items if item.code == edited), None)
    return {
        "held": held,
        "owner": _owner(held),
        "newest": newest,
        "draft": draft,
        "differences": draft.differences() if draft else [],
        "draft_faults": draft.faults() if draft else [],
        "seen": items_digest(draft.items) if draft else "",
        "items": sort.rows(matching, columns)[:SHOWN],
        "sort": sort,
        # A book of many attributes is read by those that somebody has filled.
        "shown_attrs": [
            attr
            for attr in kind.attrs
            if attr.name not in _UNDER_THE_WORDS and any(attr.name in item.attrs for item in items)
        ],
        "matching": len(matching),
        "total": len(items),
        "sought": sought,
        "uses": uses,
        "edited": edited,
        "edited_item": edited_item,
        "revision": _revision(draft, edited),
        "history": store.versions(connection, kind.name, org),
        "next_version": publishing.next_version(connection, kind, org, day_of(now)),
        "names": {account.account_id: account.full_name for account in accounts.all_accounts(connection)},
        "sent": store.sent_to(connection, [org], kind.name) if kind.spread and org else [],
        "places": {row["terminal_id"]: row["name"] for row in terminals.list_terminals(connection, org)} if org else {},
        "organisation": registry.get_organisation(connection, org) if org else None,
        "offers": (offers := _offers(connection, kind, org, now, language)),
        "offered_words": {name: dict(choices) for name, choices in offers.items()},
        "today": day_of(now),
        "language": language,
    }


def _offers(
    connection: Connection, kind: BookKind, org: str, now: datetime, language: str
) -> dict[str, list[tuple[str, str]]]:
    """Attributes that hold codes of a short book, with what may be chosen."""
    if kind.name != GROUND_RULES:
        return {}
    day = day_of(now)
    return {
        name: [
            (item.code, item.words(language))
            for item in books.in_force(connection, book, org, day).items
            if is_offered(item, day)
        ]
        for name, book in (("kind", GROUND_KINDS), ("vaccine", "vaccines"))
    }


def _revision(draft: Draft | None, code: str) -> int:
    changed = draft.changes.get(code) if draft else None
    return changed.revision if changed else 0


def _matches(item: BookItem, sought: str) -> bool:
    if not sought:
        return True
    folded = fold_name(sought)
    return (
        item.code.casefold().startswith(sought.casefold())
        or folded in fold_name(item.ru)
        or folded in fold_name(item.en)
    )
