"""Tables of contracts with employers: from when until when, and what an exam of each kind costs from which day on.

Rows are added and never changed. An earlier end is a row of its own; of two prices from the same day the later entry counts.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import BigInteger, Column, Connection, Date, ForeignKey, Index, Table, Text, select
from sqlalchemy.exc import IntegrityError

from central.store.engine import hold
from central.store.metadata import UtcDateTime, metadata

contract = Table(
    "contract",
    metadata,
    Column("contract_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("employer_id", Text, nullable=False),
    Column("number", Text, nullable=False, comment="as the paper has it"),
    Column("since_day", Date, nullable=False, comment="first day"),
    Column("until_day", Date, comment="last day; empty: no term"),
    Column("vat_note", Text, nullable=False, comment="words about value added tax on statements and acts"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", Text, nullable=False, comment="account"),
    Index("ix_contract_org_employer_id", "org", "employer_id"),
)
"""Contracts as they were entered."""

contract_end = Table(
    "contract_end",
    metadata,
    Column("contract_id", ForeignKey("contract.contract_id"), primary_key=True),
    Column("org", Text, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("basis", Text, nullable=False, comment="agreement or letter, in words"),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("ended_by", Text, nullable=False, comment="account"),
)
"""Contracts that ended before their term."""

contract_price = Table(
    "contract_price",
    metadata,
    Column("price_id", Text, primary_key=True),
    Column("contract_id", ForeignKey("contract.contract_id"), nullable=False, index=True),
    Column("org", Text, nullable=False),
    Column("exam_type", Text, nullable=False, comment="as sync.contract.exam.ExamType"),
    Column("first_day", Date, nullable=False, comment="of this price"),
    Column("kopecks", BigInteger, nullable=False, comment="of one exam"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", Text, nullable=False, comment="account"),
)
"""Prices of one exam, by kind of exam and first day."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract. `until_day`: its last day as it was made; None where it has no term."""

    contract_id: str
    org: str
    employer_id: str
    number: str
    since_day: date
    until_day: date | None
    vat_note: str
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class ContractEnd:
    """An earlier end."""

    contract_id: str
    org: str
    last_day: date
    basis: str
    ended_at: datetime
    ended_by: str


@dataclass(frozen=True, slots=True)
class ContractPrice:
    """What one exam of a kind costs from a day on, in kopecks."""

    price_id: str
    contract_id: str
    org: str
    exam_type: str
    first_day: date
    kopecks: int
    made_at: datetime
    made_by: str


class EndedAlready(Exception):
    """Somebody else has ended it."""


def wait_for_contracts(connection: Connection, org: str) -> None:
    """One transaction at a time changes an organisation's contracts and prices or issues statements by them."""
    hold(connection, f"contracts of {org}")


def add(connection: Connection, item: Contract) -> None:
    """Insert a contract."""
    connection.execute(contract.insert().values(**{one.name: getattr(item, one.name) for one in fields(Contract)}))


def add_price(connection: Connection, item: ContractPrice) -> None:
    """Insert a price."""
    values = {one.name: getattr(item, one.name) for one in fields(ContractPrice)}
    connection.execute(contract_price.insert().values(**values))


def end(connection: Connection, item: ContractEnd) -> None:
    """End one. Raises `EndedAlready`; the transaction must then be rolled back."""
    try:
        values = {one.name: getattr(item, one.name) for one in fields(ContractEnd)}
        connection.execute(contract_end.insert().values(**values))
    except IntegrityError as error:
        raise EndedAlready(item.contract_id) from error


def find(connection: Connection, contract_id: str) -> Contract | None:
    """One contract."""
    row = connection.execute(select(contract).where(contract.c.contract_id == contract_id)).mappings().one_or_none()
    return None if row is None else Contract(**row)


def listed(connection: Connection, orgs: Sequence[str]) -> list[Contract]:
    """All contracts of these organisations, the one that began last first."""
    query = select(contract).where(contract.c.org.in_(orgs))
    rows = connection.execute(query.order_by(contract.c.since_day.desc(), contract.c.contract_id.desc())).mappings()
    return [Contract(**row) for row in rows]


def of_employer(connection: Connection, org: str, employer_id: str) -> list[Contract]:
    """Contracts with one employer, the first one first."""
    query = select(contract).where(contract.c.org == org, contract.c.employer_id == employer_id)
    rows = connection.execute(query.order_by(contract.c.since_day, contract.c.contract_id)).mappings()
    return [Contract(**row) for row in rows]


def ends_of(connection: Connection, contract_ids: Collection[str]) -> dict[str, ContractEnd]:
    """Earlier ends of these contracts."""
    query = select(contract_end).where(contract_end.c.contract_id.in_(contract_ids))
    return {row["contract_id"]: ContractEnd(**row) for row in connection.execute(query).mappings()}


def prices_of(connection: Connection, contract_ids: Collection[str]) -> list[ContractPrice]:
    """Prices of these contracts in the order in which they count: by first day, then as they were entered."""
    query = select(contract_price).where(contract_price.c.contract_id.in_(contract_ids))
    rows = connection.execute(query.order_by(contract_price.c.first_day, contract_price.c.price_id)).mappings()
    return [ContractPrice(**row) for row in rows]
