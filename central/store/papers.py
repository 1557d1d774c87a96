"""The table of issued papers: marks, refusal certificates, protocols, each with its number and its public check code."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Index, Integer, Table, Text, func, select
from sqlalchemy.schema import UniqueConstraint

from central.store.metadata import UtcDateTime, metadata

paper = Table(
    "paper",
    metadata,
    Column("paper_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="mark, refusal, sobriety, conclusion"),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False, comment="counted per organisation, kind and year"),
    Column("exam_id", Text, nullable=False, index=True),
    Column("decision_id", Text, nullable=False),
    Column("code", Text, nullable=False, unique=True, comment="random; leads to the public check page"),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("issued_by", Text, nullable=False, comment="account"),
    Column("prints", Integer, nullable=False),
    Column(
        "zone",
        Text,
        nullable=True,
        comment="time zone of the times on it: a name, or an offset from UTC; none before 0002",
    ),
    UniqueConstraint("org", "kind", "year", "number"),
    UniqueConstraint("decision_id", "kind"),
    Index("ix_paper_org_kind_issued_at", "org", "kind", "issued_at"),
)


@dataclass(frozen=True, slots=True)
class Paper:
    """One issued paper."""

    paper_id: str
    org: str
    kind: str
    year: int
    number: int
    exam_id: str
    decision_id: str
    code: str
    issued_at: datetime
    issued_by: str
    prints: int
    zone: str | None


def next_number(connection: Connection, org: str, kind: str, year: int) -> int:
    """The next free number of that kind. Call inside the write transaction that adds the paper."""
    query = select(func.coalesce(func.max(paper.c.number), 0)).where(
        paper.c.org == org, paper.c.kind == kind, paper.c.year == year
    )
    return int(connection.execute(query).scalar_one()) + 1


def add(connection: Connection, item: Paper) -> None:
    """Insert a paper."""
    connection.execute(paper.insert().values(**{name: getattr(item, name) for name in Paper.__slots__}))


def find(connection: Connection, paper_id: str) -> Paper | None:
    """One paper."""
    row = connection.execute(select(paper).where(paper.c.paper_id == paper_id)).mappings().one_or_none()
    return None if row is None else Paper(**row)


def of_decision(connection: Connection, decision_id: str, kind: str) -> Paper | None:
    """The paper of that kind on a decision."""
    query = select(paper).where(paper.c.decision_id == decision_id, paper.c.kind == kind)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Paper(**row)


def ids_of_exam(connection: Connection, exam_id: str) -> list[str]:
    """Ids of the papers on an exam, the oldest first."""
    query = select(paper.c.paper_id).where(paper.c.exam_id == exam_id).order_by(paper.c.paper_id)
    return list(connection.execute(query).scalars())


def of_exam(connection: Connection, exam_id: str) -> list[Paper]:
    """Papers of an exam, in the order of their issue."""
    query = select(paper).where(paper.c.exam_id == exam_id).order_by(paper.c.paper_id)
    return [Paper(**row) for row in connection.execute(query).mappings()]


def by_code(connection: Connection, code: str) -> Paper | None:
    """The paper with that public code."""
    row = connection.execute(select(paper).where(paper.c.code == code)).mappings().one_or_none()
    return None if row is None else Paper(**row)


def count_print(connection: Connection, paper_id: str) -> None:
    """Note that the paper was printed once more."""
    connection.execute(paper.update().where(paper.c.paper_id == paper_id).values(prints=paper.c.prints + 1))
