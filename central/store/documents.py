"""Tables of documents: what was uploaded for a ground, and who accepted or refused it. The files lie sealed among the media."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, Table, Text, select
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, insert_for, metadata

document = Table(
    "document",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("ground_id", ForeignKey("ground.ground_id"), nullable=False),
    Column("sha256", Text, nullable=False, comment="of the file as it came"),
    Column("stored_sha256", Text, nullable=False, comment="of the sealed file in the folder of media"),
    Column("content_type", Text, nullable=False, comment="application/pdf, image/jpeg or image/png: by its bytes"),
    Column("size_bytes", Integer, nullable=False),
    Column("dpi", Integer, comment="of a picture, as it says"),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("uploaded_by", Text, nullable=False, comment="account"),
    UniqueConstraint("ground_id", "sha256"),
)
"""Documents of grounds. The same file of one ground stands here once."""

document_verdict = Table(
    "document_verdict",
    metadata,
    Column("verdict_id", Text, primary_key=True),
    Column("document_id", ForeignKey("document.document_id"), nullable=False),
    Column("state", Text, nullable=False, comment="accepted or refused"),
    Column("field", Text, nullable=False, comment="of a refusal: which part of the document it is about"),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("account_id", Text, nullable=False),
    Index("ix_document_verdict_document_id", "document_id", "verdict_id"),
)
"""What a person made of a document; the newest holds, without one it is only uploaded."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document."""

    document_id: str
    org: str
    ground_id: str
    sha256: str
    stored_sha256: str
    content_type: str
    size_bytes: int
    dpi: int | None
    uploaded_at: datetime
    uploaded_by: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person made of a document."""

    verdict_id: str
    document_id: str
    state: str
    field: str
    reason: str
    at: datetime
    account_id: str


def add(connection: Connection, item: Document) -> bool:
    """Insert; False where this file stands at the ground already."""
    values = {name: getattr(item, name) for name in Document.__slots__}
    statement = insert_for(connection, document).values(**values)
    done = statement.on_conflict_do_nothing(index_elements=["ground_id", "sha256"]).returning(document.c.document_id)
    return connection.execute(done).first() is not None


def get(connection: Connection, document_id: str) -> Document | None:
    """One document."""
    row = connection.execute(select(document).where(document.c.document_id == document_id)).mappings().one_or_none()
    return None if row is None else Document(**row)


def of_ground(connection: Connection, ground_id: str) -> list[Document]:
    """Documents of a ground, the newest first."""
    query = select(document).where(document.c.ground_id == ground_id).order_by(document.c.document_id.desc())
    return [Document(**row) for row in connection.execute(query).mappings()]


def stored_hashes(connection: Connection) -> Sequence[str]:
    """Hashes of all sealed files, as they are found in the folder of media."""
    query = select(document.c.stored_sha256).order_by(document.c.stored_sha256)
    return connection.execute(query).scalars().all()


def add_verdict(connection: Connection, item: Verdict) -> None:
    """Keep what a person made of a document."""
    connection.execute(document_verdict.insert().values(**{name: getattr(item, name) for name in Verdict.__slots__}))


def verdicts_of(connection: Connection, document_ids: Sequence[str]) -> dict[str, list[Verdict]]:
    """By document: verdicts, the newest first."""
    c = document_verdict.c
    found: dict[str, list[Verdict]] = {}
    query = select(document_verdict).where(c.document_id.in_(document_ids)).order_by(c.verdict_id.desc())
    for row in connection.execute(query).mappings():
        found.setdefault(row["document_id"], []).append(Verdict(**row))
    return found
