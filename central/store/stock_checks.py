"""Tables of stock checks: what had to lie on paper in a month, what was found, why the rest was not. Rows are added."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, ForeignKey, Index, Table, Text, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, insert_for, metadata

stock_check = Table(
    "stock_check",
    metadata,
    Column("check_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="monthly: copies at hand; inventory: copies in the archive"),
    Column("month", Text, nullable=False, comment="YYYY-MM"),
    Column("expected", JSON, nullable=False, comment="copy_id of every copy that had to be there at the opening"),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("responsible", Text, nullable=False, comment="account that opened it"),
    UniqueConstraint("org", "kind", "month"),
)
"""Monthly reconciliations and inventories of the archive."""

stock_check_find = Table(
    "stock_check_find",
    metadata,
    Column("find_id", Text, primary_key=True),
    Column("check_id", ForeignKey("stock_check.check_id"), nullable=False),
    Column("copy_id", ForeignKey("copy.copy_id"), nullable=False),
    Column("org", Text, nullable=False),
    Column("means", Text, nullable=False, comment="scan: by the code on it; tick: by hand"),
    Column("found_at", UtcDateTime, nullable=False),
    Column("found_by", Text, nullable=False, comment="account"),
    UniqueConstraint("check_id", "copy_id"),
)
"""Copies that were found in a check, each once."""

stock_check_close = Table(
    "stock_check_close",
    metadata,
    Column("close_id", Text, primary_key=True),
    Column("check_id", ForeignKey("stock_check.check_id"), nullable=False, unique=True),
    Column("org", Text, nullable=False),
    Column(
        "differences", JSON, nullable=False, comment="copy_id, kind (missing, unexpected), cause and action of each"
    ),
    Column("closed_at", UtcDateTime, nullable=False),
    Column("closed_by", Text, nullable=False, comment="account"),
    Column("act_id", Text, comment="of an inventory: the act that was drafted with the close"),
    Index("ix_stock_check_close_org", "org"),
)
"""How a check ended."""


@dataclass(frozen=True, slots=True)
class StockCheck:
    """One check as it was opened."""

    check_id: str
    org: str
    kind: str
    month: str
    expected: list[str]
    opened_at: datetime
    responsible: str


@dataclass(frozen=True, slots=True)
class StockFind:
    """A copy that was found."""

    find_id: str
    check_id: str
    copy_id: str
    org: str
    means: str
    found_at: datetime
    found_by: str


@dataclass(frozen=True, slots=True)
class StockClose:
    """How a check ended. Each difference: `copy_id`, `kind`, `cause`, `action`."""

    close_id: str
    check_id: str
    org: str
    differences: list[dict[str, Any]]
    closed_at: datetime
    closed_by: str
    act_id: str | None = None


class AlreadyDone(Exception):
    """Somebody else has opened that month, or closed that check, first. The transaction must be rolled back."""


def open_check(connection: Connection, item: StockCheck) -> None:
    """Insert a check. Raises `AlreadyDone`."""
    try:
        connection.execute(
            stock_check.insert().values(**{one.name: getattr(item, one.name) for one in fields(StockCheck)})
        )
    except IntegrityError as error:
        raise AlreadyDone(item.month) from error


def find(connection: Connection, check_id: str) -> StockCheck | None:
    """One check."""
    row = connection.execute(select(stock_check).where(stock_check.c.check_id == check_id)).mappings().one_or_none()
    return None if row is None else StockCheck(**row)


def newest(connection: Connection, org: str, kind: str) -> StockCheck | None:
    """The check of the latest month."""
    c = stock_check.c
    query = select(stock_check).where(c.org == org, c.kind == kind).order_by(c.month.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else StockCheck(**row)


def first_month(connection: Connection, org: str, kind: str) -> str | None:
    """The earliest month that was ever opened."""
    c = stock_check.c
    found: str | None = connection.execute(select(func.min(c.month)).where(c.org == org, c.kind == kind)).scalar_one()
    return found


def is_closed(connection: Connection, org: str, kind: str, month: str) -> bool:
    """Whether that month was checked to the end."""
    c = stock_check.c
    query = (
        select(stock_check_close.c.close_id)
        .join(stock_check, c.check_id == stock_check_close.c.check_id)
        .where(c.org == org, c.kind == kind, c.month == month)
    )
    return connection.execute(query).first() is not None


def listed(connection: Connection, orgs: Sequence[str], limit: int) -> list[tuple[StockCheck, StockClose | None]]:
    """Checks of these organisations with how each ended, the newest first."""
    c = stock_check.c
    query = select(stock_check).where(c.org.in_(orgs)).order_by(c.month.desc(), c.check_id.desc()).limit(limit)
    found = [StockCheck(**row) for row in connection.execute(query).mappings()]
    ends = select(stock_check_close).where(stock_check_close.c.check_id.in_([one.check_id for one in found]))
    closes = {row["check_id"]: StockClose(**row) for row in connection.execute(ends).mappings()}
    return [(one, closes.get(one.check_id)) for one in found]


def add_find(connection: Connection, item: StockFind) -> bool:
    """Note that a copy was found; False where it was already."""
    statement = insert_for(connection, stock_check_find).values(
        **{one.name: getattr(item, one.name) for one in fields(StockFind)}
    )
    done = statement.on_conflict_do_nothing(index_elements=["check_id", "copy_id"])
    return connection.execute(done.returning(stock_check_find.c.find_id)).first() is not None


def finds_of(connection: Connection, check_id: str) -> list[StockFind]:
    """What was found, the newest first."""
    c = stock_check_find.c
    query = select(stock_check_find).where(c.check_id == check_id).order_by(c.find_id.desc())
    return [StockFind(**row) for row in connection.execute(query).mappings()]


def close(connection: Connection, item: StockClose) -> None:
    """Insert the end of a check. Raises `AlreadyDone`."""
    try:
        connection.execute(
            stock_check_close.insert().values(**{one.name: getattr(item, one.name) for one in fields(StockClose)})
        )
    except IntegrityError as error:
        raise AlreadyDone(item.check_id) from error


def close_of(connection: Connection, check_id: str) -> StockClose | None:
    """How a check ended; None while it is open."""
    query = select(stock_check_close).where(stock_check_close.c.check_id == check_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else StockClose(**row)
