"""Chooses the index for a page of the journal: the filter that leaves the fewest exams. Owns no table.

Each filter of the journal has an index in the journal's own order. Where several filters are set, walking down the index of
one that matches nearly everything, in search of rows that another one rarely lets through, would read the whole store.
How many exams each filter leaves is counted in its index alone, and no further than `COUNTED_TO`.

PostgreSQL knows how often each value occurs and chooses by itself. SQLite does not, and is kept from the other indexes: it uses
none on a column with a plus before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select
from sqlalchemy.sql.expression import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from central.store.exams import exam

COUNTED_TO = 20_000


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """What is asked for. Empty fields do not restrict."""

    orgs: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    employer_id: str = ""
    terminal_id: str = ""
    exam_type: str = ""
    outcome: str = ""
    person: str = ""
    """Beginning of a name, or a personnel number."""
    worker_ids: tuple[str, ...] = ()
    """These workers and no others."""
    medic_id: str = ""
    deviation: bool = False
    unfinished: bool = False
    """Unfinished exams stand apart: either they or the others."""
    reason: str = ""
    """A code of the reference book, of the decision in force."""
    reason_class: str = ""
    complaint: str = ""
    quantity: str = ""
    """A name of `exam_facts.QUANTITIES`; any attempt counts. `low` and `high` belong to it, ends inside."""
    low: float | None = None
    high: float | None = None
    device_serial: str = ""
    paper_number: str = ""
    """`12` or `12/2026`."""
    certificate_serial: str = ""
    identified_by: str = ""
    override: bool = False
    """Admitted against what the rules suggest."""
    corrected: bool = False
    """The decision in force corrects an earlier one."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """One filter with an index of its own, in which the exams stand by their end."""

    column: ColumnElement[Any]
    accepts: Callable[[ColumnElement[Any]], ColumnElement[bool]]
    within_org: bool = True
    """The index begins with the organisation."""


def narrowings(wanted: JournalFilter, worker_ids: Sequence[str] | None) -> list[Narrowing]:
    """The filters that are set. `worker_ids`: who is meant; None when nobody is, or too many are."""
    c, found = exam.c, []
    if worker_ids is not None:
        found.append(Narrowing(c.worker_id, lambda column: column.in_(worker_ids), within_org=False))
    if wanted.unfinished or wanted.outcome == "waiting":
        # Follows from the state, and lets the index by outcome find the few among the many.
        found.append(Narrowing(c.outcome, lambda column: column.is_(None)))
    elif wanted.outcome:
        found.append(_equal(c.outcome, wanted.outcome))
    if wanted.deviation:
        found.append(Narrowing(c.has_deviation, lambda column: column.is_(True)))
    for name in ("terminal_id", "medic_id", "exam_type", "employer_id"):
        if value := getattr(wanted, name):
            found.append(_equal(c[name], value, within_org=name != "employer_id"))
    return found


def leading(connection: Connection, wanted: JournalFilter, org: str, offered: Sequence[Narrowing]) -> Narrowing | None:
    """The filter that leaves the fewest exams; None without any, and where the database knows better."""
    if connection.dialect.name != "sqlite" or not offered:
        return None
    return offered[0] if len(offered) == 1 else min(offered, key=lambda item: count(connection, wanted, org, item))


def conditions(
    connection: Connection,
    wanted: JournalFilter,
    org: str,
    offered: Sequence[Narrowing],
    lead: Narrowing | None,
    *,
    led_elsewhere: bool = False,
) -> list[ColumnElement[bool]]:
    """What an exam of the journal must meet, written so that the index of `lead` is the one that is used.

    `led_elsewhere`: exams are found by their id, and no index by what they say is used.
    """
    free = connection.dialect.name != "sqlite"
    plain_org = free or (not led_elsewhere and (lead is None or lead.within_org))
    state = exam.c.state if free else unindexed(exam.c.state)
    found = [
        (exam.c.org if plain_org else unindexed(exam.c.org)) == org,
        state == "unfinished" if wanted.unfinished else state != "unfinished",
    ]
    if not led_elsewhere:
        found += of_period(wanted, exam.c.finished_at)
    if wanted.outcome == "waiting":
        found.append(state == "waiting")
    for item in offered:
        found.append(item.accepts(item.column if free or item is lead else unindexed(item.column)))
    return found


def of_period(wanted: JournalFilter, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """From `since` on and before `until`. `column`: the moment in which exams ended."""
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(column >= wanted.since)
    if wanted.until is not None:
        found.append(column < wanted.until)
    return found


def _equal(column: ColumnElement[Any], value: str, *, within_org: bool = True) -> Narrowing:
    return Narrowing(column, lambda found: found == value, within_org)


def unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column, for SQLite alone, so that no index on it is used."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def count(connection: Connection, wanted: JournalFilter, org: str, item: Narrowing) -> int:
    """How many exams one filter leaves, no more than `COUNTED_TO`."""
    asked = [item.accepts(item.column), *of_period(wanted, exam.c.finished_at)]
    if item.within_org:
        asked.append(exam.c.org == org)
    rows = select(literal(1).label("one")).select_from(exam).where(*asked).limit(COUNTED_TO).subquery()
    return int(connection.execute(select(func.count()).select_from(rows)).scalar_one())
