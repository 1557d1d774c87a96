"""The table of staffing tables: the posts of an employer with their harm factors, as its HR department enters them.

Rows are added and never changed: each is a version of one post, the highest one holds. A worker names a post by its number.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    func,
    select,
)

from central.store import roster_entries
from central.store.metadata import UtcDateTime, metadata
from central.store.registry import worker
from sync.contract.canonical import new_id

post = Table(
    "post",
    metadata,
    Column("version_id", Text, primary_key=True),
    Column("post_id", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="the highest one holds"),
    Column("org", Text, nullable=False),
    Column("employer_id", Text, nullable=False),
    Column("number", Text, nullable=False, comment="of the row in the staffing table; a worker names the post by it"),
    Column("title", Text, nullable=False, comment="the position in words"),
    Column("department", Text, nullable=False),
    Column("position_code", Text, comment="code of the book of positions"),
    Column("places", Integer, nullable=False, comment="how many people the post is for"),
    Column("harm_factors", JSON, nullable=False, comment="codes of the book of harmful factors"),
    Column(
        "sout_class", Text, comment="class of working conditions by the special assessment, 1 to 4; empty: not said"
    ),
    Column("sout_until", Date, comment="last day of the special assessment; empty: not said"),
    Column("document", Text, nullable=False, comment="report or order in words"),
    Column("is_closed", Boolean, nullable=False, comment="the post is there no more"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", Text, nullable=False, comment="account"),
    UniqueConstraint("post_id", "version"),
    Index("ix_post_employer_id_number", "employer_id", "number"),
)
"""Posts, each version a row."""


@dataclass(frozen=True, slots=True)
class Post:
    """One version of a post. `places`: 1 to 9999."""

    post_id: str
    version: int
    org: str
    employer_id: str
    number: str
    title: str
    department: str
    position_code: str | None
    places: int
    harm_factors: tuple[str, ...]
    sout_class: str | None
    sout_until: date | None
    document: str
    is_closed: bool


_NAMES = tuple(one.name for one in fields(Post))
_later = post.alias("later")


def holds() -> ColumnElement[bool]:
    """The version that holds, of a post that is there."""
    newest = select(func.max(_later.c.version)).where(_later.c.post_id == post.c.post_id).scalar_subquery()
    return and_(post.c.version == newest, post.c.is_closed.is_(False))


def of_worker() -> ColumnElement[bool]:
    """How a worker's row is joined with the post it names."""
    return and_(post.c.employer_id == worker.c.employer_id, post.c.number == worker.c.post_number, holds())


def put(connection: Connection, items: Sequence[Post], at: datetime, by: str) -> None:
    """Add versions; rosters look again at whoever is on these posts.

    Raises `sqlalchemy.exc.IntegrityError` for a version that somebody else has written meanwhile.
    """
    if not items:
        return
    rows = [
        {name: getattr(item, name) for name in _NAMES}
        | {"version_id": new_id(), "harm_factors": list(item.harm_factors), "made_at": at, "made_by": by}
        for item in items
    ]
    connection.execute(post.insert(), rows)
    by_employer: dict[str, list[str]] = {}
    for item in items:
        by_employer.setdefault(item.employer_id, []).append(item.number)
    for employer_id, numbers in by_employer.items():
        for start in range(0, len(numbers), _AT_ONCE):
            part = numbers[start : start + _AT_ONCE]
            roster_entries.mark_all_due(
                connection, and_(worker.c.employer_id == employer_id, worker.c.post_number.in_(part))
            )


def held(connection: Connection, employer_ids: Collection[str]) -> dict[tuple[str, str], Post]:
    """The posts that are there, by employer and number."""
    rows = connection.execute(select(post).where(post.c.employer_id.in_(employer_ids), holds())).mappings()
    found = [_post(dict(row)) for row in rows]
    return {(one.employer_id, one.number): one for one in found}


def of_org(connection: Connection, org: str) -> set[tuple[str, str]]:
    """Employer and number of all posts that are there."""
    rows = connection.execute(select(post.c.employer_id, post.c.number).where(post.c.org == org, holds()))
    return {(row.employer_id, row.number) for row in rows}


def newest_version(connection: Connection, employer_ids: Collection[str]) -> str | None:
    """Id of the version that was written last of these employers; another one when anything has changed."""
    query = select(func.max(post.c.version_id)).where(post.c.employer_id.in_(employer_ids))
    found: str | None = connection.execute(query).scalar_one()
    return found


def versions(connection: Connection, employer_ids: Collection[str], post_id: str) -> list[Row[Any]]:
    """All versions of one post of these employers, the newest first."""
    wanted = (post.c.post_id == post_id, post.c.employer_id.in_(employer_ids))
    return list(connection.execute(select(post).where(*wanted).order_by(post.c.version.desc())))


def newest(connection: Connection, employer_ids: Collection[str], post_id: str) -> Post | None:
    """The highest version of a post of these employers, a closed one too."""
    wanted = (post.c.post_id == post_id, post.c.employer_id.in_(employer_ids))
    row = connection.execute(select(post).where(*wanted).order_by(post.c.version.desc()).limit(1)).mappings().first()
    return None if row is None else _post(dict(row))


def table(employer_ids: Collection[str], today: date, warn_from: date) -> Select[Any]:
    """The posts with how many people are on them (`filled`) and how their assessment stands (`sout`: over, soon, holds, none)."""
    c, w = post.c, worker.c
    there = and_(
        w.employer_id == c.employer_id,
        w.post_number == c.number,
        w.archived_at.is_(None),
        (w.until.is_(None)) | (w.until >= today),
    )
    filled = select(func.count()).select_from(worker).where(there).correlate(post).scalar_subquery()
    sout = case(
        (c.sout_until.is_(None), "none"),
        (c.sout_until < today, "over"),
        (c.sout_until <= warn_from, "soon"),
        else_="holds",
    )
    return select(post, filled.label("filled"), sout.label("sout")).where(c.employer_id.in_(employer_ids), holds())


def page(
    connection: Connection, found: Select[Any], state: str = "", *, limit: int | None = None, offset: int = 0
) -> tuple[Sequence[Row[Any]], dict[str, int]]:
    """Rows of `table` in one state by department and title, and how many posts are in each state.

    States: `free` has a free place, `over` more people than places, `sout` an assessment that is over or ends soon.
    """
    rows = found.subquery()
    c = rows.c
    states = {"free": c.filled < c.places, "over": c.filled > c.places, "sout": c.sout.in_(("over", "soon"))}
    counted = select(func.count(), *(func.count(case((one, 1))) for one in states.values())).select_from(rows)
    numbers = connection.execute(counted).one()
    counts = dict(zip(("", *states), map(int, numbers), strict=True))
    query = select(rows).where(*([states[state]] if state in states else ()))
    query = query.order_by(c.department, c.title, c.number, c.post_id)
    return connection.execute(query.limit(limit).offset(offset)).all(), counts


def factors_of(connection: Connection, worker_ids: Sequence[str]) -> dict[str, list[str]]:
    """Harm factors of some workers: their own and those of their posts, each once."""
    query = select(worker.c.worker_id, worker.c.harm_factors, post.c.harm_factors.label("of_post"))
    query = query.select_from(worker).outerjoin(post, of_worker()).where(worker.c.worker_id.in_(worker_ids))
    return {
        row.worker_id: list(dict.fromkeys([*row.harm_factors, *(row.of_post or ())]))
        for row in connection.execute(query)
    }


def people_on(connection: Connection, employer_id: str, number: str, today: date) -> int:
    """How many people at work name the post."""
    c = worker.c
    there = (c.archived_at.is_(None), (c.until.is_(None)) | (c.until >= today))
    query = select(func.count()).where(c.employer_id == employer_id, c.post_number == number, *there)
    return int(connection.execute(query).scalar_one())


_AT_ONCE = 500


def _post(row: dict[str, Any]) -> Post:
    return Post(**{name: row[name] for name in _NAMES} | {"harm_factors": tuple(row["harm_factors"])})
