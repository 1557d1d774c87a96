"""The table of papers that the organisation's key has signed: made once, kept by hash, handed out again byte by byte."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, LargeBinary, Table, Text, select

from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.papers import paper

PADES, DETACHED = "pades", "detached"

signed_paper = Table(
    "signed_paper",
    metadata,
    Column("signed_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("paper_id", ForeignKey("paper.paper_id"), nullable=False),
    Column("record_id", Text, nullable=False, comment="what stands on it: a medic's paper record, else the decision"),
    Column("sha256", Text, nullable=False, comment="of the signed PDF"),
    Column("stored_sha256", Text, nullable=False, comment="of the sealed file in the folder of media"),
    Column("size_bytes", Integer, nullable=False),
    Column("form", Text, nullable=False, comment="pades: inside of the PDF; detached: beside it"),
    Column("signature", LargeBinary, nullable=False, comment="the organisation's CMS, DER; empty where it is inside"),
    Column("certificate_serial", Text, nullable=False),
    Column("certificate_sha256", Text, nullable=False),
    Column("stamp", Text, nullable=False, comment="stamped, missing or none"),
    Column("made_at", UtcDateTime, nullable=False),
    Index("uq_signed_paper_paper_id", "paper_id", "record_id", unique=True),
)
"""Papers signed by the organisation's key."""


@dataclass(frozen=True, slots=True)
class SignedPaper:
    """One signed file of a paper. `record_id`: of what a medic wrote, or of the decision."""

    signed_id: str
    org: str
    paper_id: str
    record_id: str
    sha256: str
    stored_sha256: str
    size_bytes: int
    form: str
    signature: bytes
    certificate_serial: str
    certificate_sha256: str
    stamp: str
    made_at: datetime


def add(connection: Connection, item: SignedPaper) -> bool:
    """Insert; False, and nothing stored, where somebody else has made it first."""
    values = {one.name: getattr(item, one.name) for one in fields(SignedPaper)}
    statement = insert_for(connection, signed_paper).values(**values)
    done = statement.on_conflict_do_nothing(index_elements=["paper_id", "record_id"])
    return connection.execute(done.returning(signed_paper.c.signed_id)).first() is not None


def find(connection: Connection, paper_id: str, record_id: str) -> SignedPaper | None:
    """The file of a paper with that content."""
    query = select(signed_paper).where(signed_paper.c.paper_id == paper_id, signed_paper.c.record_id == record_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else SignedPaper(**row)


def of_papers(connection: Connection, paper_ids: Sequence[str]) -> list[SignedPaper]:
    """All files of these papers, the oldest first: a paper that was corrected has several."""
    query = select(signed_paper).where(signed_paper.c.paper_id.in_(paper_ids)).order_by(signed_paper.c.signed_id)
    return [SignedPaper(**row) for row in connection.execute(query).mappings()]


def beside(connection: Connection, decision_id: str) -> dict[str, SignedPaper]:
    """Of the papers on a decision the newest files whose signature stands beside them, by kind of paper."""
    query = (
        select(paper.c.kind, *signed_paper.c)
        .join(paper, paper.c.paper_id == signed_paper.c.paper_id)
        .where(paper.c.decision_id == decision_id, signed_paper.c.form == DETACHED)
        .order_by(signed_paper.c.signed_id)
    )
    found = {}
    for row in connection.execute(query).mappings():
        values = dict(row)
        kind = str(values.pop("kind"))
        found[kind] = SignedPaper(**values)
    return found


def stored_hashes(connection: Connection) -> Sequence[str]:
    """Hashes of all sealed files, as they are found in the folder of media."""
    query = select(signed_paper.c.stored_sha256).order_by(signed_paper.c.stored_sha256)
    return connection.execute(query).scalars().all()
