"""Tables of maps between our codes and those of partners' systems. Rows are added; the newest version of a code counts.

One own code has as many bindings as there are systems. A partner's own dictionary is kept as it was given, version by version.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, Integer, Table, Text, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, metadata

RELATIONS = ("equal", "wider", "narrower", "none")
"""What their code is to ours. `none`: they have no code for it, so what needs one is not sent."""

code_map = Table(
    "code_map",
    metadata,
    Column("map_id", Text, primary_key=True),
    Column("system_id", Text, nullable=False, comment="name of the partner in central.toml"),
    Column("org", Text, nullable=False),
    Column("book", Text, nullable=False, comment="our reference book"),
    Column("own_code", Text, nullable=False),
    Column(
        "their_system", Text, nullable=False, comment="OID or address of their dictionary; empty: the partner's own"
    ),
    Column("their_code", Text, nullable=False, comment="empty where the relation is none"),
    Column("their_display", Text, nullable=False),
    Column("relation", Text, nullable=False, comment="equal, wider, narrower, none"),
    Column("version", Integer, nullable=False, comment="of this code, from 1; the highest counts"),
    Column("basis", Text, nullable=False, comment="by what it was decided"),
    Column("account_id", Text, nullable=False, comment="who entered it"),
    Column("entered_at", UtcDateTime, nullable=False),
    UniqueConstraint("system_id", "book", "own_code", "version"),
)
"""What of a partner's codes means a code of ours, version by version."""

partner_dictionary = Table(
    "partner_dictionary",
    metadata,
    Column("dictionary_id", Text, primary_key=True),
    Column("system_id", Text, nullable=False, comment="name of the partner in central.toml"),
    Column("org", Text, nullable=False),
    Column("book", Text, nullable=False, comment="our reference book that it is mapped from"),
    Column("their_system", Text, nullable=False, comment="OID or address of the dictionary; empty: the partner's own"),
    Column("items", JSON, nullable=False, comment="code: name"),
    Column("sha256", Text, nullable=False, comment="of the file"),
    Column("account_id", Text, nullable=False, comment="who gave it"),
    Column("entered_at", UtcDateTime, nullable=False),
)
"""Dictionaries of partners as they were given; the newest of a book counts."""


@dataclass(frozen=True, slots=True)
class CodeMap:
    """One binding of a code of ours to one of a partner's."""

    map_id: str
    system_id: str
    org: str
    book: str
    own_code: str
    their_system: str
    their_code: str
    their_display: str
    relation: str
    version: int
    basis: str
    account_id: str
    entered_at: datetime

    @property
    def is_bound(self) -> bool:
        """Whether there is a code of theirs to say."""
        return self.relation != "none" and self.their_code != ""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A partner's dictionary as it was given."""

    dictionary_id: str
    system_id: str
    org: str
    book: str
    their_system: str
    items: dict[str, str]
    sha256: str
    account_id: str
    entered_at: datetime


class ChangedMeanwhile(Exception):
    """Somebody else entered a version of this code at the same moment."""


def in_force(connection: Connection, system_id: str, book: str) -> dict[str, CodeMap]:
    """By own code: the binding that counts. A code without one is not in it; one taken back is, with the relation `none`."""
    c = code_map.c
    newest = (
        select(c.own_code, func.max(c.version).label("version"))
        .where(c.system_id == system_id, c.book == book)
        .group_by(c.own_code)
        .subquery()
    )
    query = select(code_map).join(newest, (newest.c.own_code == c.own_code) & (newest.c.version == c.version))
    rows = connection.execute(query.where(c.system_id == system_id, c.book == book)).mappings()
    return {row["own_code"]: CodeMap(**row) for row in rows}


def versions(connection: Connection, system_id: str, book: str, own_code: str) -> list[CodeMap]:
    """Every version of one binding, the newest first."""
    c = code_map.c
    query = select(code_map).where(c.system_id == system_id, c.book == book, c.own_code == own_code)
    return [CodeMap(**row) for row in connection.execute(query.order_by(c.version.desc())).mappings()]


def add(connection: Connection, item: CodeMap) -> None:
    """Enter a version. Raises `ChangedMeanwhile`; the transaction must then be rolled back."""
    try:
        connection.execute(code_map.insert().values(**_values(item)))
    except IntegrityError as error:
        raise ChangedMeanwhile(item.own_code) from error


def add_dictionary(connection: Connection, item: Dictionary) -> None:
    """Keep a dictionary."""
    connection.execute(partner_dictionary.insert().values(**_values(item)))


def dictionaries(connection: Connection, system_id: str, book: str, limit: int = 2) -> list[Dictionary]:
    """The newest dictionaries of a partner for a book of ours, the one that counts first."""
    c = partner_dictionary.c
    query = select(partner_dictionary).where(c.system_id == system_id, c.book == book)
    rows = connection.execute(query.order_by(c.dictionary_id.desc()).limit(limit)).mappings()
    return [Dictionary(**row) for row in rows]


def _values(item: CodeMap | Dictionary) -> dict[str, Any]:
    return {one.name: getattr(item, one.name) for one in fields(item)}
