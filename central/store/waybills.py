"""Files of carriers (electronic waybills, T1 and T5): a row for each driver, who asks for one title.

A file is a record: its bytes and its signature stay as they came. What may change is how far it has got.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import Column, Connection, Date, Index, Integer, LargeBinary, Table, Text, select, update

from central.store.metadata import UtcDateTime, metadata

waybill = Table(
    "waybill",
    metadata,
    Column("waybill_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("operator", Text, nullable=False, comment="name in central.toml"),
    Column("kind", Text, nullable=False, comment="T1, T5; empty: unreadable"),
    Column("file_id", Text, nullable=False, comment="ИдФайл"),
    Column("driver_no", Integer, nullable=False, comment="place of the driver in the file, from 1"),
    Column("sha256", Text, nullable=False),
    Column("waybill_uid", Text, nullable=False, index=True, comment="УИД_ПЛ"),
    Column("number", Text, nullable=False),
    Column("employer_id", Text),
    Column(
        "worker_id",
        Text,
        index=True,
        comment="employment that the driver's ИНН leads to",
    ),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("content", LargeBinary, nullable=False, comment="the file, exactly as it came"),
    Column("signature", LargeBinary, nullable=False, comment="the carrier's detached CMS"),
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False, comment="refused, parked, waiting, not_needed, titled"),
    Column("fault", Text, nullable=False, comment="code of waybill.fault; empty: none"),
    Column("detail", Text, nullable=False, comment="the place of the fault"),
    Index("uq_waybill_file", "operator", "file_id", "sha256", "driver_no", unique=True),
    Index("ix_waybill_org_received_at", "org", "received_at"),
)
"""Files of carriers (T1, T5), a row for each driver."""

WAYBILL_STATE = frozenset({"employer_id", "worker_id", "state", "fault", "detail"})


@dataclass(frozen=True, slots=True)
class Waybill:
    """A carrier's file, for one driver."""

    waybill_id: str
    org: str
    operator: str
    kind: str
    file_id: str
    driver_no: int
    sha256: str
    waybill_uid: str
    number: str
    employer_id: str | None
    worker_id: str | None
    valid_from: date | None
    valid_until: date | None
    content: bytes
    signature: bytes
    received_at: datetime
    state: str
    fault: str = ""
    detail: str = ""


def is_known(connection: Connection, operator: str, file_id: str, sha256: str) -> bool:
    """Whether exactly this file came before."""
    query = select(waybill.c.waybill_id).where(
        waybill.c.operator == operator, waybill.c.file_id == file_id, waybill.c.sha256 == sha256
    )
    return connection.execute(query.limit(1)).first() is not None


def is_named(connection: Connection, operator: str, file_id: str) -> bool:
    """Whether a readable file of that ИдФайл came before."""
    query = select(waybill.c.waybill_id).where(
        waybill.c.operator == operator, waybill.c.file_id == file_id, waybill.c.state != "refused"
    )
    return connection.execute(query.limit(1)).first() is not None


def add(connection: Connection, items: Sequence[Waybill]) -> None:
    """Insert the rows of one file."""
    if items:
        connection.execute(
            waybill.insert(), [{one.name: getattr(item, one.name) for one in fields(Waybill)} for item in items]
        )


def find(connection: Connection, waybill_id: str) -> Waybill | None:
    """The row with that id."""
    row = connection.execute(select(waybill).where(waybill.c.waybill_id == waybill_id)).mappings().one_or_none()
    return None if row is None else Waybill(**row)


def of_uid(connection: Connection, operator: str, waybill_uid: str, kind: str) -> list[Waybill]:
    """Rows of one waybill and kind, in the order of its drivers; those that were refused left out."""
    query = select(waybill).where(
        waybill.c.operator == operator,
        waybill.c.waybill_uid == waybill_uid,
        waybill.c.kind == kind,
        waybill.c.state != "refused",
    )
    rows = connection.execute(query.order_by(waybill.c.received_at, waybill.c.driver_no)).mappings()
    return [Waybill(**row) for row in rows]


def of_worker(connection: Connection, worker_id: str, kind: str, day: date) -> list[Waybill]:
    """What waits for a title of this worker's on that day: the waybill's term holds then, or begins on the next day."""
    query = select(waybill).where(
        waybill.c.worker_id == worker_id,
        waybill.c.kind == kind,
        waybill.c.state == "waiting",
        waybill.c.valid_until >= day,
    )
    found = [Waybill(**row) for row in connection.execute(query.order_by(waybill.c.received_at)).mappings()]
    return [one for one in found if one.valid_from is not None and (one.valid_from - day).days <= 1]


def parked(connection: Connection, operator: str) -> list[Waybill]:
    """What waits for the register or for another file, the oldest first."""
    query = select(waybill).where(waybill.c.operator == operator, waybill.c.state == "parked")
    return [Waybill(**row) for row in connection.execute(query.order_by(waybill.c.received_at)).mappings()]


def settle(connection: Connection, waybill_id: str, **changed: object) -> None:
    """Change how far a file has got: columns of `WAYBILL_STATE`."""
    connection.execute(update(waybill).where(waybill.c.waybill_id == waybill_id).values(**changed))
