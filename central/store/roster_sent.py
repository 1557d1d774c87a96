"""Tables of the lists that terminals were sent, and of what they say that they have."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Table,
    Text,
    delete,
    or_,
    select,
)

from central.store.metadata import UtcDateTime, insert_for, metadata

roster_sent = Table(
    "roster_sent",
    metadata,
    Column("terminal_id", ForeignKey("terminal.terminal_id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False, comment="of the organisation, that the list was made at"),
    Column("employers", JSON(none_as_null=True), comment="whose workers it has; empty: all of the organisation"),
    Column("sha256", Text, nullable=False, comment="digest of the list; empty: nobody knows it"),
    Column("base_version", Integer, comment="of the list that it was a difference to; empty: it went whole"),
    Column("sent_at", UtcDateTime, nullable=False),
)
"""Lists that a terminal was sent: the newest, and what it last said that it has."""

roster_told = Table(
    "roster_told",
    metadata,
    Column("terminal_id", ForeignKey("terminal.terminal_id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sha256", Text, comment="digest of its list; empty: its program knows no differences"),
    Column("seq", BigInteger, nullable=False, comment="of the message that said so; an older one changes nothing"),
    Column("made_at", UtcDateTime, nullable=False, comment="the terminal's clock"),
    Column("asks_whole", Boolean, nullable=False, comment="what it got did not fit"),
)
"""What each terminal last said of the list that it has."""


@dataclass(frozen=True, slots=True)
class SentList:
    """A list that a terminal was sent."""

    terminal_id: str
    version: int
    position: int
    employers: list[str] | None
    sha256: str
    base_version: int | None


@dataclass(frozen=True, slots=True)
class ToldList:
    """What a terminal last said of its list. `sha256` is None where its program knows no differences."""

    terminal_id: str
    version: int
    sha256: str | None
    asks_whole: bool


def sent_lists(connection: Connection) -> Iterator[SentList]:
    """What all terminals were sent, oldest version first."""
    columns = [roster_sent.c[name] for name in SentList.__dataclass_fields__]
    for row in connection.execute(select(*columns).order_by(roster_sent.c.terminal_id, roster_sent.c.version)):
        yield SentList(*row)


def told_lists(connection: Connection, terminal_id: str | None = None) -> dict[str, ToldList]:
    """What each terminal, or this one, last said of its list."""
    query = select(*(roster_told.c[name] for name in ToldList.__dataclass_fields__))
    if terminal_id is not None:
        query = query.where(roster_told.c.terminal_id == terminal_id)
    return {row.terminal_id: ToldList(*row) for row in connection.execute(query)}


def note_sent(connection: Connection, one: SentList, keep: Collection[int], *, now: datetime) -> None:
    """Note a list that is queued, or that the terminal turned out to have; other versions than `keep` are forgotten."""
    values = {name: getattr(one, name) for name in SentList.__dataclass_fields__} | {"sent_at": now}
    c = roster_sent.c
    connection.execute(
        delete(roster_sent).where(c.terminal_id == one.terminal_id, c.version.not_in([*keep, one.version]))
    )
    insert = insert_for(connection, roster_sent).values(**values)
    connection.execute(insert.on_conflict_do_update(index_elements=["terminal_id", "version"], set_=values))


def note_told(connection: Connection, told: ToldList, seq: int, *, made_at: datetime) -> None:
    """Keep what a terminal says of its list. One older by its place in the chain and by its clock changes nothing."""
    values = {name: getattr(told, name) for name in ToldList.__dataclass_fields__} | {"seq": seq, "made_at": made_at}
    insert = insert_for(connection, roster_told).values(**values)
    c = roster_told.c
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["terminal_id"], set_=values, where=or_(c.seq < seq, c.made_at < made_at)
        )
    )
