"""Tables of reference books: versions and their items, drafts, and which version went to which terminal.

What is published is never changed: a version is a row with its items, and taking one back is another row that names it. A draft
holds what differs from the version in force; its rows change, and nothing is judged, shown or sent by them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    Table,
    Text,
    and_,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.schema import UniqueConstraint

from central.store.consents import consent
from central.store.exam_facts import exam_fact
from central.store.grounds import ground
from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.outgoing import centre_outbox
from central.store.registry import employer, worker
from central.store.terminals import terminal

book = Table(
    "book",
    metadata,
    Column("book", Text, primary_key=True, comment="name: complaints, okved2 …"),
    Column("org", Text, primary_key=True, comment="whose it is; empty = of the whole centre"),
    Column("title_ru", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("columns", JSON, nullable=False, comment="names of the attributes of its items"),
    Column("spread", Boolean, nullable=False, comment="whether it goes down to the terminals"),
    Column("owner_right", Text, nullable=False, comment="right that its changes need"),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Reference books that have a version of their own; those that ship with the program need no row."""

book_version = Table(
    "book_version",
    metadata,
    Column("version_id", Text, primary_key=True),
    Column("book", Text, nullable=False),
    Column("org", Text, nullable=False, comment="empty = of the whole centre"),
    Column("version", Text, nullable=False, comment="what people and records call it"),
    Column("state", Text, nullable=False, comment="published, or withdrawn: takes the published one back"),
    Column("basis", Text, nullable=False, comment="on whose word or by which paper"),
    Column("author", Text, nullable=False, comment="account; empty for a command or what ships"),
    Column("created_at", UtcDateTime, nullable=False, comment="when its draft was begun"),
    Column("published_at", UtcDateTime, nullable=False),
    Column("valid_from", Date, nullable=False, comment="first day on which it holds"),
    Column("sha256", Text, nullable=False, comment="sync.contract.books.items_digest"),
    Column("source", JSON, nullable=False, comment="of a classifier: oid, version, date, address"),
    UniqueConstraint("book", "org", "version", "state"),
    Index("ix_book_version_book_org", "book", "org", "version_id"),
)
"""Published versions, and the words by which some were taken back. Drafts stand in book_draft."""

book_item = Table(
    "book_item",
    metadata,
    Column("book", Text, primary_key=True),
    Column("org", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("version_id", ForeignKey("book_version.version_id"), nullable=False, index=True),
    Column("place", Integer, nullable=False, comment="in the order of the book, from 0"),
    Column("parent", Text, nullable=False),
    Column("ru", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("attrs", JSON, nullable=False),
    Column("offered", Boolean, nullable=False, comment="whether it may still be chosen"),
    Column("valid_from", Date),
    Column("valid_until", Date, comment="last day; the row stays"),
)
"""Items of the published versions, all of each version."""

book_draft = Table(
    "book_draft",
    metadata,
    Column("book", Text, primary_key=True),
    Column("org", Text, primary_key=True),
    Column("base_version", Text, nullable=False, comment="what held when the draft was begun"),
    Column("author", Text, nullable=False, comment="who began it"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("source", JSON, nullable=False),
    Column("version", Text, nullable=False, comment="of an imported dictionary; empty = the next number"),
)
"""Drafts, one for each book and owner."""

book_draft_item = Table(
    "book_draft_item",
    metadata,
    Column("book", Text, primary_key=True),
    Column("org", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("parent", Text, nullable=False),
    Column("ru", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("attrs", JSON, nullable=False),
    Column("offered", Boolean, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("revision", Integer, nullable=False, comment="counts the changes of this item in this draft"),
    Column("author", Text, nullable=False, comment="who changed it last"),
    Column("changed_at", UtcDateTime, nullable=False),
)
"""Items that a draft adds or changes."""

terminal_book = Table(
    "terminal_book",
    metadata,
    Column("message_id", ForeignKey("centre_outbox.message_id"), primary_key=True),
    Column("terminal_id", ForeignKey("terminal.terminal_id"), nullable=False),
    Column("book", Text, nullable=False),
    Column("org", Text, nullable=False, comment="whose version it is; empty = of the whole centre"),
    Column("version", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, comment="when it was queued"),
    Index("ix_terminal_book_terminal_id_book", "terminal_id", "book", "message_id"),
)
"""Which version went to which terminal with which message; what the terminal answered stands at the message."""

_ITEM_COLUMNS = ("code", "parent", "ru", "en", "attrs", "offered", "valid_from", "valid_until")
Arrival = Literal["sent", "applied", "refused"]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One published version. `withdrawn_at`: when it was taken back, and by which word."""

    version_id: str
    book: str
    org: str
    version: str
    basis: str
    author: str
    created_at: datetime
    published_at: datetime
    valid_from: date
    sha256: str
    source: Mapping[str, Any]
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_basis: str = ""


@dataclass(frozen=True, slots=True)
class TerminalBook:
    """What a terminal was sent last of a book, and what it said to it."""

    terminal_id: str
    book: str
    org: str
    version: str
    at: datetime
    state: Arrival
    answered_at: datetime | None
    reason: str


def add_book(connection: Connection, **values: Any) -> None:
    """Insert the row of a book unless it is there."""
    connection.execute(
        insert_for(connection, book).values(**values).on_conflict_do_nothing(index_elements=["book", "org"])
    )


def add_version(connection: Connection, values: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> None:
    """Insert a published version with its items, or a withdrawal (no items). A double raises `IntegrityError`."""
    connection.execute(book_version.insert().values(**values))
    named = {name: values[name] for name in ("book", "org", "version", "version_id")}
    rows = [named | {"place": place} | {name: item[name] for name in _ITEM_COLUMNS} for place, item in enumerate(items)]
    for start in range(0, len(rows), 500):
        connection.execute(book_item.insert(), rows[start : start + 500])


def versions(connection: Connection, name: str, org: str) -> list[VersionRow]:
    """All published versions of one owner, the newest first."""
    c = book_version.c
    query = select(book_version).where(c.book == name, c.org == org).order_by(c.version_id.desc())
    rows = connection.execute(query).mappings().all()
    ends = {row["version"]: row for row in rows if row["state"] == "withdrawn"}
    return [_version(row, ends.get(row["version"])) for row in rows if row["state"] == "published"]


def _version(row: RowMapping, end: RowMapping | None) -> VersionRow:
    names = [name for name in VersionRow.__slots__ if not name.startswith("withdrawn")]
    values = {name: row[name] for name in names}
    if end is not None:
        values |= {"withdrawn_at": end["published_at"], "withdrawn_by": end["author"], "withdrawn_basis": end["basis"]}
    return VersionRow(**values)


def items_of(connection: Connection, version_id: str) -> Sequence[RowMapping]:
    """Items of a version in their order."""
    query = select(book_item).where(book_item.c.version_id == version_id).order_by(book_item.c.place)
    return connection.execute(query).mappings().all()


def get_draft(connection: Connection, name: str, org: str) -> RowMapping | None:
    """The draft of a book, or None."""
    query = select(book_draft).where(book_draft.c.book == name, book_draft.c.org == org)
    return connection.execute(query).mappings().one_or_none()


def begin_draft(connection: Connection, values: Mapping[str, Any]) -> None:
    """Begin a draft; one that is there stays."""
    connection.execute(
        insert_for(connection, book_draft).values(**values).on_conflict_do_nothing(index_elements=["book", "org"])
    )


def set_draft(connection: Connection, name: str, org: str, **values: Any) -> None:
    """Change what the draft as a whole says."""
    connection.execute(update(book_draft).where(book_draft.c.book == name, book_draft.c.org == org).values(**values))


def draft_items(connection: Connection, name: str, org: str) -> Sequence[RowMapping]:
    """What a draft adds or changes, in the order in which it was entered."""
    c = book_draft_item.c
    query = select(book_draft_item).where(c.book == name, c.org == org).order_by(c.changed_at, c.code)
    return connection.execute(query).mappings().all()


def put_draft_items(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or change items of a draft by their code."""
    for row in rows:
        insert = insert_for(connection, book_draft_item).values(**row)
        changed = {name: row[name] for name in row if name not in {"book", "org", "code"}}
        connection.execute(insert.on_conflict_do_update(index_elements=["book", "org", "code"], set_=changed))


def drop_draft_item(connection: Connection, name: str, org: str, code: str) -> None:
    """Take one change back out of the draft."""
    c = book_draft_item.c
    connection.execute(delete(book_draft_item).where(c.book == name, c.org == org, c.code == code))


def drop_draft(connection: Connection, name: str, org: str) -> None:
    """End a draft: it was published, or thrown away."""
    connection.execute(delete(book_draft_item).where(book_draft_item.c.book == name, book_draft_item.c.org == org))
    connection.execute(delete(book_draft).where(book_draft.c.book == name, book_draft.c.org == org))


def drafts(connection: Connection, orgs: Collection[str]) -> dict[tuple[str, str], int]:
    """Open drafts by book and owner, with the number of their changes."""
    count = func.count(book_draft_item.c.code)
    query = (
        select(book_draft.c.book, book_draft.c.org, count)
        .join_from(
            book_draft,
            book_draft_item,
            and_(book_draft_item.c.book == book_draft.c.book, book_draft_item.c.org == book_draft.c.org),
            isouter=True,
        )
        .where(book_draft.c.org.in_(orgs))
        .group_by(book_draft.c.book, book_draft.c.org)
    )
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(query)}


def note_sent(connection: Connection, **values: Any) -> None:
    """Write down that a message carries a version to a terminal."""
    connection.execute(terminal_book.insert().values(**values))


def sent_to(connection: Connection, orgs: Collection[str], name: str | None = None) -> list[TerminalBook]:
    """What each terminal of these organisations was sent last of each book."""
    newest = (
        select(func.max(terminal_book.c.message_id).label("message_id"))
        .join_from(terminal_book, terminal, terminal.c.terminal_id == terminal_book.c.terminal_id)
        .where(terminal.c.org.in_(orgs))
        .group_by(terminal_book.c.terminal_id, terminal_book.c.book)
    )
    if name is not None:
        newest = newest.where(terminal_book.c.book == name)
    query = (
        select(terminal_book, *_ANSWER)
        .join_from(terminal_book, centre_outbox, centre_outbox.c.message_id == terminal_book.c.message_id)
        .where(terminal_book.c.message_id.in_(newest))
        .order_by(terminal_book.c.terminal_id, terminal_book.c.book)
    )
    return [_arrival(connection, row) for row in connection.execute(query).mappings().all()]


_ANSWER = tuple(centre_outbox.c[name] for name in ("state", "acked_at", "refused_at", "refusal_reason", "resent_as"))


def _arrival(connection: Connection, row: RowMapping) -> TerminalBook:
    answer: RowMapping = row
    while answer["resent_as"] is not None:
        query = select(*_ANSWER).where(centre_outbox.c.message_id == answer["resent_as"])
        again = connection.execute(query).mappings().one_or_none()
        if again is None:
            break
        answer = again
    state: Arrival = "sent"
    if answer["state"] == "acked":
        state = "applied"
    elif answer["state"] == "refused":
        state = "refused"
    return TerminalBook(
        row["terminal_id"],
        row["book"],
        row["org"],
        row["version"],
        row["at"],
        state,
        answer["acked_at"] or answer["refused_at"],
        answer["refusal_reason"] or "",
    )


def sent_hashes(connection: Connection, terminal_id: str) -> dict[str, str]:
    """Hash of the version of each book that the terminal was sent last."""
    query = select(terminal_book).where(terminal_book.c.terminal_id == terminal_id).order_by(terminal_book.c.message_id)
    return {row["book"]: row["sha256"] for row in connection.execute(query).mappings()}


def every_version(connection: Connection) -> Iterator[VersionRow]:
    """All published versions of all owners: for verification."""
    names = connection.execute(select(book_version.c.book, book_version.c.org).distinct()).all()
    for name, org in names:
        yield from versions(connection, name, org)


def uses(connection: Connection, name: str, orgs: Collection[str]) -> dict[str, int]:
    """In how many exams or entries of these organisations each code of a book stands."""
    match name:
        case "complaints" | "reasons":
            fact = exam_fact.c
            kind = "complaint" if name == "complaints" else "reason"
            query = select(fact.value, func.count()).where(fact.org.in_(orgs), fact.kind == kind).group_by(fact.value)
        case "okved2" | "rf_subjects":
            column = employer.c.okved if name == "okved2" else employer.c.region_code
            query = select(column, func.count()).where(employer.c.org.in_(orgs), column.is_not(None)).group_by(column)
        case "positions":
            column = worker.c.position_code
            query = select(column, func.count()).where(worker.c.org.in_(orgs), column.is_not(None)).group_by(column)
        case "ground_kinds":
            query = select(ground.c.kind, func.count()).where(ground.c.org.in_(orgs)).group_by(ground.c.kind)
        case "consent_text":
            query = select(consent.c.kind, func.count()).where(consent.c.org.in_(orgs)).group_by(consent.c.kind)
        case _:
            return {}
    return {str(row[0]): int(row[1]) for row in connection.execute(query)}
