"""Read-only journal of issue: moves of copies with their papers and workers. Owns no table."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, func, select

from central.store.copies import CopyMove, copy, copy_move
from central.store.exams import exam
from central.store.papers import paper
from central.store.registry import worker


@dataclass(frozen=True, slots=True)
class MovedCopy:
    """One line of the journal."""

    move: CopyMove
    paper_id: str
    copy_no: int
    kind: str
    number: int
    year: int
    worker_name: str | None


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which moves: of these organisations; of one kind, and between two days, both included, where they are said."""

    orgs: Sequence[str]
    kind: str = ""
    since: date | None = None
    until: date | None = None


def listed(connection: Connection, wanted: JournalFilter, limit: int | None) -> list[MovedCopy]:
    """The wanted moves, the newest first."""
    names = [one.name for one in fields(CopyMove)]
    query = _joined(
        select(
            *(copy_move.c[name] for name in names),
            paper.c.paper_id,
            copy.c.copy_no,
            paper.c.kind.label("paper_kind"),
            paper.c.number,
            paper.c.year,
            worker.c.full_name,
        ),
        wanted,
    )
    query = query.order_by(copy_move.c.on_day.desc(), copy_move.c.move_id.desc()).limit(limit)
    return [MovedCopy(CopyMove(*row[: len(names)]), *row[len(names) :]) for row in connection.execute(query)]


def count(connection: Connection, wanted: JournalFilter) -> int:
    """How many moves there are of those that are wanted."""
    return int(connection.execute(_joined(select(func.count()).select_from(copy_move), wanted)).scalar_one())


def _joined(query: Select[Any], wanted: JournalFilter) -> Select[Any]:
    c = copy_move.c
    query = (
        query.join(copy, copy.c.copy_id == c.copy_id)
        .join(paper, paper.c.paper_id == copy.c.paper_id)
        .join(exam, exam.c.exam_id == paper.c.exam_id)
        .outerjoin(worker, worker.c.worker_id == exam.c.worker_id)
        .where(c.org.in_(wanted.orgs))
    )
    if wanted.kind:
        query = query.where(c.kind == wanted.kind)
    if wanted.since is not None:
        query = query.where(c.on_day >= wanted.since)
    return query if wanted.until is None else query.where(c.on_day <= wanted.until)
