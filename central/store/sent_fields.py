"""The table of fields as partners want them in results. Rows are added; the newest version of a field counts."""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, Table, Text, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import UniqueConstraint

from central.store.code_maps import ChangedMeanwhile
from central.store.metadata import UtcDateTime, metadata

sent_field = Table(
    "sent_field",
    metadata,
    Column("field_id", Text, primary_key=True),
    Column("system_id", Text, nullable=False, comment="name of the partner in central.toml"),
    Column("org", Text, nullable=False),
    Column("object", Text, nullable=False, comment="result"),
    Column("their_field", Text, nullable=False, comment="what the partner calls it: a key of JSON, a heading"),
    Column("kind", Text, nullable=False, comment="field, code, constant, text, none"),
    Column(
        "own",
        Text,
        nullable=False,
        comment="of field and code: our field; of constant: the value; of text: words with {our_field} in it",
    ),
    Column("version", Integer, nullable=False, comment="of this field, from 1; the highest counts"),
    Column("basis", Text, nullable=False, comment="by what it was decided"),
    Column("account_id", Text, nullable=False, comment="who entered it"),
    Column("entered_at", UtcDateTime, nullable=False),
    UniqueConstraint("system_id", "object", "their_field", "version"),
)
"""What stands in each field of a partner's, version by version. A partner without one gets the centre's own form."""


@dataclass(frozen=True, slots=True)
class SentField:
    """One field of a partner's, and what stands in it."""

    field_id: str
    system_id: str
    org: str
    object: str
    their_field: str
    kind: str
    own: str
    version: int
    basis: str
    account_id: str
    entered_at: datetime


def in_force(connection: Connection, system_id: str, name: str) -> list[SentField]:
    """The fields that count, in the order in which they were entered first; those taken out (`none`) are among them."""
    c = sent_field.c
    query = select(sent_field).where(c.system_id == system_id, c.object == name)
    found: dict[str, SentField] = {}
    for row in connection.execute(query.order_by(c.field_id)).mappings():
        # A key that is there keeps its place.
        found[row["their_field"]] = SentField(**row)
    return list(found.values())


def add(connection: Connection, item: SentField) -> None:
    """Enter a version. Raises `ChangedMeanwhile`; the transaction must then be rolled back."""
    try:
        connection.execute(sent_field.insert().values(**{one.name: getattr(item, one.name) for one in fields(item)}))
    except IntegrityError as error:
        raise ChangedMeanwhile(item.their_field) from error
