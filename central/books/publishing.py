"""Publishes a draft with its basis, takes a version back, and makes the first copy of the shipped books."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, true

from central.books import drafting, reading
from central.books.catalogue import BOOKS, CENTRE, BookKind, shipped, version_order
from central.books.reading import Version
from central.books.rule_codes import rule_code_faults
from central.books.rules import MOST_BASIS_CHARS, BookRefused, book_faults, merged
from central.books.spreading import spread
from central.core.days import day_of
from central.core.ground_rules import GROUND_KINDS, GROUND_RULES
from central.link.outgoing import Outgoing
from central.store import books as store
from central.store import consents, roster_entries
from central.store.registry import worker
from central.words.texts import text
from sync.contract.books import CONSENT_TEXT, BookFault, BookItem, items_digest
from sync.contract.canonical import new_id, sha256_hex

_LABEL = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")


def publish(
    connection: Connection,
    outgoing: Outgoing,
    name: str,
    org: str,
    *,
    basis: str,
    author: str,
    now: datetime,
    valid_from: date | None = None,
    version: str = "",
    backdated: bool = False,
) -> Version:
    """Put the draft in force and queue it for the terminals; part of the caller's transaction, wake the dispatcher afterwards.

    `version`: what it is to be called; empty for that of the imported dictionary, or the next number. `backdated`: it may hold
    from a day of the past, as the text of a paper does that was signed before. Raises `BookRefused`.
    """
    drafting.hold_book(connection, name, org)
    draft = drafting.get(connection, name, org)
    if draft is None or not draft.differences():
        raise BookRefused([BookFault("", "items", "no_changes")])
    kind, today = BOOKS[name], day_of(now)
    label = version.strip() or draft.version or next_version(connection, kind, org, today)
    faults = [*_form_faults(basis, label, None if backdated else valid_from, today), *draft.faults()]
    if draft.is_behind:
        faults.append(BookFault("", "version", "changed_meanwhile", draft.base.version))
    faults += _version_faults(connection, name, org, label)
    if name == GROUND_RULES:
        faults += rule_code_faults(connection, org, draft.items, today)
    if faults:
        raise BookRefused(faults)
    items = _labelled(draft.base, draft.items, label) if name == CONSENT_TEXT else draft.items
    made = _store(
        connection,
        kind,
        org,
        label,
        items,
        basis=basis.strip(),
        author=author,
        created_at=draft.created_at,
        now=now,
        valid_from=valid_from or today,
        source=draft.source,
    )
    if name == CONSENT_TEXT:
        _add_consent_texts(connection, org, draft.base, made, valid_from or today, author, now)
    store.drop_draft(connection, name, org)
    _reach_terminals(connection, outgoing, kind, org, now)
    return made


def _reach_terminals(connection: Connection, outgoing: Outgoing, kind: BookKind, org: str, now: datetime) -> None:
    """What follows at the terminals from another version in force: the book goes down, or rosters say something else."""
    if kind.spread:
        spread(connection, outgoing, kind.name, org, now)
    _remake_rosters(connection, kind.name, org)


def _remake_rosters(connection: Connection, name: str, org: str) -> None:
    """Rules of grounds stand in what rosters say of each worker."""
    if name in {GROUND_RULES, GROUND_KINDS}:
        roster_entries.mark_all_due(connection, worker.c.org == org if org != CENTRE else true())


def publish_text(
    connection: Connection,
    outgoing: Outgoing,
    org: str,
    kind: str,
    version: str,
    body: str,
    *,
    valid_from: date,
    author: str,
    now: datetime,
) -> Version:
    """Publish one consent text under its own number, past the draft that somebody may have open. Raises `BookRefused`.

    The text is Russian; an English one of a version before it would say something else, and goes with the Russian beside it.
    """
    drafting.hold_book(connection, CONSENT_TEXT, org)
    base = reading.newest(connection, CONSENT_TEXT, org)
    was = base.by_code.get(kind)
    item = BookItem(code=kind, ru=body, en=was.en if was and was.ru == body else "", attrs={"version": version})
    items = merged(base.items, {kind: item})
    faults = book_faults(BOOKS[CONSENT_TEXT], items)
    if faults:
        raise BookRefused(faults)
    label = version if _LABEL.fullmatch(version) and not _version_faults(connection, CONSENT_TEXT, org, version) else ""
    made = _store(
        connection,
        BOOKS[CONSENT_TEXT],
        org,
        label or next_version(connection, BOOKS[CONSENT_TEXT], org, day_of(now)),
        _labelled(base, items, version),
        basis=text("ru", "book.text_entered", kind=text("ru", f"consent.kind.{kind}"), version=version),
        author=author,
        created_at=now,
        now=now,
        valid_from=valid_from,
        source={},
    )
    _add_consent_texts(connection, org, base, made, valid_from, author, now, anyway=kind)
    spread(connection, outgoing, CONSENT_TEXT, org, now)
    return made


def withdraw(
    connection: Connection,
    outgoing: Outgoing,
    name: str,
    org: str,
    version: str,
    *,
    basis: str,
    author: str,
    now: datetime,
) -> None:
    """Take a published version back: the one before it holds again, at the terminals too. Raises `BookRefused`."""
    drafting.hold_book(connection, name, org)
    row = next((one for one in store.versions(connection, name, org) if one.version == version), None)
    if row is None:
        raise BookRefused([BookFault("", "version", "unknown")])
    if row.withdrawn_at is not None:
        raise BookRefused([BookFault("", "version", "withdrawn_already")])
    if len(basis.strip()) < 3 or len(basis) > MOST_BASIS_CHARS:
        raise BookRefused([BookFault("", "basis", "needed" if len(basis.strip()) < 3 else "too_long")])
    store.add_version(
        connection,
        {
            "version_id": new_id(),
            "book": name,
            "org": org,
            "version": version,
            "state": "withdrawn",
            "basis": basis.strip(),
            "author": author,
            "created_at": row.created_at,
            "published_at": now,
            "valid_from": row.valid_from,
            "sha256": row.sha256,
            "source": {},
        },
        (),
    )
    _reach_terminals(connection, outgoing, BOOKS[name], org, now)


def add_shipped(connection: Connection, now: datetime) -> None:
    """Put into the store what ships with the program and is not there yet. What somebody has published stays in force."""
    for name, kind in BOOKS.items():
        found = shipped(name)
        if found is None:
            continue
        there = store.versions(connection, name, CENTRE)
        if any(row.sha256 == found.sha256 for row in there) or any(row.author for row in there):
            continue
        label = found.version
        taken = {row.version for row in there}
        number = 1
        while label in taken:
            number += 1
            label = f"{found.version}.{number}"
        _store(
            connection,
            kind,
            CENTRE,
            label,
            found.items,
            basis=found.source.get("source", ""),
            author="",
            created_at=now,
            now=now,
            valid_from=min(found.as_of, day_of(now)),
            source=found.source,
        )
        _remake_rosters(connection, name, CENTRE)


def next_version(connection: Connection, kind: BookKind, org: str, today: date) -> str:
    """The next free number of a book: 2026-3 after 2026-2; behind a dictionary's own number, 6.5-1 after 6.5."""
    taken = {row.version for owner in (org, CENTRE) for row in store.versions(connection, kind.name, owner)}
    newest = reading.newest(connection, kind.name, org).version
    taken.add(newest)
    by_year = not newest or bool(re.match(r"20[0-9]{2}\b", newest))
    number = 1
    while True:
        label = f"{today.year}-{number}" if by_year else f"{newest.split('-')[0]}-{number}"
        if label not in taken and version_order(label) > version_order(newest):
            return label
        number += 1
        if number > 10_000:
            # A label from beyond this year, typed by hand: what follows it is counted behind it.
            return f"{newest}.{len(taken)}"


def _form_faults(basis: str, label: str, valid_from: date | None, today: date) -> list[BookFault]:
    faults = []
    if len(basis.strip()) < 3:
        faults.append(BookFault("", "basis", "needed"))
    elif len(basis) > MOST_BASIS_CHARS:
        faults.append(BookFault("", "basis", "too_long", str(MOST_BASIS_CHARS)))
    if not _LABEL.fullmatch(label):
        faults.append(BookFault("", "version", "wrong_form"))
    if valid_from is not None and valid_from < today:
        faults.append(BookFault("", "valid_from", "past"))
    return faults


def _version_faults(connection: Connection, name: str, org: str, label: str) -> list[BookFault]:
    chain = [row.version for owner in dict.fromkeys((org, CENTRE)) for row in store.versions(connection, name, owner)]
    program = shipped(name)
    if label in chain or (program is not None and label == program.version):
        return [BookFault("", "version", "taken", label)]
    newest = reading.newest(connection, name, org).version
    if newest and version_order(label) < version_order(newest):
        return [BookFault("", "version", "older_version", newest)]
    return []


def _store(
    connection: Connection,
    kind: BookKind,
    org: str,
    label: str,
    items: Sequence[BookItem],
    *,
    basis: str,
    author: str,
    created_at: datetime,
    now: datetime,
    valid_from: date,
    source: object,
) -> Version:
    store.add_book(
        connection,
        book=kind.name,
        org=org,
        title_ru=text("ru", f"book.title.{kind.name}"),
        title_en=text("en", f"book.title.{kind.name}"),
        columns=[attr.name for attr in kind.attrs],
        spread=kind.spread,
        owner_right=str(kind.right),
        created_at=now,
    )
    values = {
        "version_id": new_id(),
        "book": kind.name,
        "org": org,
        "version": label,
        "state": "published",
        "basis": basis,
        "author": author,
        "created_at": created_at,
        "published_at": now,
        "valid_from": valid_from,
        "sha256": items_digest(items),
        "source": source,
    }
    store.add_version(
        connection, values, [{name: getattr(item, name) for name in BookItem.model_fields} for item in items]
    )
    row = next(one for one in store.versions(connection, kind.name, org) if one.version == label)
    return reading.loaded(connection, row)


def _labelled(base: Version, items: Sequence[BookItem], label: str) -> tuple[BookItem, ...]:
    """Each text with the number of the version in which it was changed last: that is what a consent names."""
    before = base.by_code

    def labelled(item: BookItem) -> BookItem:
        was = before.get(item.code)
        if (
            was is not None
            and (was.ru, was.en) == (item.ru, item.en)
            and "version" not in item.attrs.keys() - was.attrs.keys()
        ):
            return item if "version" in item.attrs else item.model_copy(update={"attrs": {"version": base.version}})
        if was is None or item.attrs.get("version") != was.attrs.get("version"):
            return item if item.attrs.get("version") else item.model_copy(update={"attrs": {"version": label}})
        return item.model_copy(update={"attrs": item.attrs | {"version": label}})

    return tuple(labelled(item) for item in items)


def _add_consent_texts(
    connection: Connection,
    org: str,
    base: Version,
    made: Version,
    valid_from: date,
    author: str,
    now: datetime,
    *,
    anyway: str = "",
) -> None:
    """What consents refer to: one row for each text that this version changes, and for the one that was entered anew."""
    before = base.by_code
    for item in made.items:
        was = before.get(item.code)
        is_same = was is not None and was.ru == item.ru and base.org == org and item.code != anyway
        if item.code not in consents.KINDS or is_same:
            continue
        label = str(item.attrs.get("version", made.version))
        if consents.get_text(connection, org, item.code, label) is None:
            consents.add_text(
                connection,
                org=org,
                kind=item.code,
                version=label,
                body=item.ru,
                sha256=sha256_hex(item.ru.encode("utf-8")),
                valid_from=valid_from,
                author=author,
                created_at=now,
            )
