"""Tables of acts: of a loss, of damage, of destruction, of an inventory; each with the signatures of two people.

An act is drafted once and never changed; a wrong draft is withdrawn, and another one is drafted under the next number. An act has
force when two different people have signed exactly its bytes, each with their own key and account.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, LargeBinary, Select, Table, Text, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import UniqueConstraint

from central.store.engine import hold
from central.store.metadata import UtcDateTime, metadata
from central.store.walking import OnBad, stream

KINDS = ("loss", "damage", "destruction", "inventory")
SIGNATURES_NEEDED = 2
_AT_ONCE = 500
"""So many ids stand in one question to the store."""

act = Table(
    "act",
    metadata,
    Column("act_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="loss, damage, destruction, inventory"),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False, comment="counted per organisation and year"),
    Column("drafted_at", UtcDateTime, nullable=False),
    Column("drafted_by", Text, nullable=False, comment="account"),
    Column("record", LargeBinary, nullable=False, comment="canonical JSON, exactly the bytes that are signed"),
    UniqueConstraint("org", "year", "number"),
)
"""Acts as they were drafted."""

act_signature = Table(
    "act_signature",
    metadata,
    Column("signature_id", Text, primary_key=True),
    Column("act_id", ForeignKey("act.act_id"), nullable=False),
    Column("org", Text, nullable=False),
    Column("place", Integer, nullable=False, comment="1 or 2, in the order of signing"),
    Column("account_id", Text, nullable=False),
    Column("medic_id", Text, nullable=False),
    Column("medic_name", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
    Column("certificate_serial", Text, nullable=False),
    Column("cms", LargeBinary, nullable=False, comment="detached CMS over `act.record`, DER"),
    UniqueConstraint("act_id", "place", name="uq_act_signature_place"),
    UniqueConstraint("act_id", "account_id", name="uq_act_signature_account"),
    UniqueConstraint("act_id", "medic_id", name="uq_act_signature_medic"),
)
"""Signatures of acts: at most two of each, of two people."""

act_withdrawal = Table(
    "act_withdrawal",
    metadata,
    Column("act_id", ForeignKey("act.act_id"), primary_key=True),
    Column("org", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("withdrawn_at", UtcDateTime, nullable=False),
    Column("withdrawn_by", Text, nullable=False, comment="account"),
)
"""Drafts that were taken back before the second signature."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act as it was drafted. `record`: exactly the bytes that are signed."""

    act_id: str
    org: str
    kind: str
    year: int
    number: int
    drafted_at: datetime
    drafted_by: str
    record: bytes


@dataclass(frozen=True, slots=True)
class ActSignature:
    """One of the two signatures of an act."""

    signature_id: str
    act_id: str
    org: str
    place: int
    account_id: str
    medic_id: str
    medic_name: str
    position: str
    signed_at: datetime
    certificate_serial: str
    cms: bytes


@dataclass(frozen=True, slots=True)
class ActWithdrawal:
    """A draft that was taken back."""

    act_id: str
    org: str
    reason: str
    withdrawn_at: datetime
    withdrawn_by: str


class ActTaken(Exception):
    """Somebody else has signed, or taken back, at the same moment."""


def next_number(connection: Connection, org: str, year: int) -> int:
    """The next free number of the organisation in that year; nobody else gets it before the transaction ends.

    Call inside the write transaction that adds the act.
    """
    hold(connection, f"acts of {org}")
    query = select(func.coalesce(func.max(act.c.number), 0)).where(act.c.org == org, act.c.year == year)
    return int(connection.execute(query).scalar_one()) + 1


def add(connection: Connection, item: Act) -> None:
    """Insert a draft."""
    connection.execute(act.insert().values(**{one.name: getattr(item, one.name) for one in fields(Act)}))


def add_signature(connection: Connection, item: ActSignature) -> None:
    """Insert a signature. Raises `ActTaken`; the transaction must then be rolled back."""
    try:
        connection.execute(
            act_signature.insert().values(**{one.name: getattr(item, one.name) for one in fields(ActSignature)})
        )
    except IntegrityError as error:
        raise ActTaken(item.act_id) from error


def withdraw(connection: Connection, item: ActWithdrawal) -> None:
    """Take a draft back. Raises `ActTaken`; the transaction must then be rolled back."""
    try:
        connection.execute(
            act_withdrawal.insert().values(**{one.name: getattr(item, one.name) for one in fields(ActWithdrawal)})
        )
    except IntegrityError as error:
        raise ActTaken(item.act_id) from error


def hold_act(connection: Connection, act_id: str) -> None:
    """From here to the end of the transaction nobody else signs this act or takes it back."""
    hold(connection, f"act {act_id}")


def find(connection: Connection, act_id: str) -> Act | None:
    """One act."""
    row = connection.execute(select(act).where(act.c.act_id == act_id)).mappings().one_or_none()
    return None if row is None else Act(**row)


def listed(connection: Connection, orgs: Sequence[str], limit: int, kind: str = "") -> list[Act]:
    """Acts of these organisations, the newest first."""
    query = _of(orgs, kind).order_by(act.c.act_id.desc()).limit(limit)
    return [Act(**row) for row in connection.execute(query).mappings()]


def _of(orgs: Sequence[str], kind: str) -> Select[tuple[object, ...]]:
    query = select(act).where(act.c.org.in_(orgs))
    return query.where(act.c.kind == kind) if kind else query


def signatures_of(connection: Connection, act_ids: Collection[str]) -> Mapping[str, list[ActSignature]]:
    """Signatures in their order, by act."""
    found: dict[str, list[ActSignature]] = {}
    for some in _parts(act_ids):
        query = select(act_signature).where(act_signature.c.act_id.in_(some)).order_by(act_signature.c.place)
        for row in connection.execute(query).mappings():
            found.setdefault(row["act_id"], []).append(ActSignature(**row))
    return found


def withdrawals_of(connection: Connection, act_ids: Collection[str]) -> Mapping[str, ActWithdrawal]:
    """Which of them were taken back, by act."""
    found: dict[str, ActWithdrawal] = {}
    for some in _parts(act_ids):
        query = select(act_withdrawal).where(act_withdrawal.c.act_id.in_(some))
        found |= {row["act_id"]: ActWithdrawal(**row) for row in connection.execute(query).mappings()}
    return found


def is_in_force(connection: Connection, act_id: str) -> bool:
    """Whether both signatures are there."""
    return len(signatures_of(connection, [act_id]).get(act_id, ())) == SIGNATURES_NEEDED


def standing(connection: Connection, kind: str, orgs: Sequence[str] = ()) -> list[Act]:
    """Acts of that kind that were not taken back, the oldest first; of these organisations, or of all."""
    query = select(act).where(act.c.kind == kind, act.c.act_id.not_in(select(act_withdrawal.c.act_id)))
    query = query.where(act.c.org.in_(orgs)) if orgs else query
    return [Act(**row) for row in connection.execute(query.order_by(act.c.act_id)).mappings()]


def named_files(item: Act) -> dict[str, str]:
    """Hash and exam of each file that an act of destruction names."""
    rows = json.loads(item.record)["act"]["rows"] if item.kind == "destruction" else ()
    return {str(row["sha256"]): str(row["exam_id"]) for row in rows}


def every(connection: Connection, on_bad: OnBad | None = None) -> Iterator[Act]:
    """All acts, oldest first, without holding them in memory."""
    for row in stream(connection, select(act).order_by(act.c.act_id), 500, on_bad):
        yield Act(**row)


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    known = list(ids)
    return (known[place : place + _AT_ONCE] for place in range(0, len(known), _AT_ONCE))
