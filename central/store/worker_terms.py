"""The table of terms: what of each worker's documents ends when, as the rules of grounds have it. A working table.

It is written with the roster entries, from the same judgement, so that lists of a whole employer ask the store and no rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Date, Index, Integer, Row, Table, Text, delete, exists, select

from central.store.ground_effects import Judged
from central.store.metadata import metadata
from central.store.registry import worker

worker_term = Table(
    "worker_term",
    metadata,
    Column("worker_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False, comment="of the term among the worker's"),
    Column(
        "kind", Text, nullable=False, comment="kind of document; who may be told its name says the book ground_kinds"
    ),
    Column("until", Date, comment="last day; empty: needed, and nothing on record holds"),
    Column("warn_from", Date, comment="first day on which it is said to end soon"),
    Index("ix_worker_term_until", "until"),
)
"""Ends of what rules need, far and near, and what they need and nobody has on record."""

STATES = ("over", "soon", "absent")
_NOT_MET = ("missing", "unfit", "not_confirmed")
"""States of a need that nothing meets: told as one, so that none of them says a finding."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class WorkerTerm:
    """One row."""

    kind: str
    until: date | None
    warn_from: date | None


def terms_of(one: Judged) -> list[WorkerTerm]:
    """What rules say of one employment, each kind and end once."""
    first: dict[tuple[str, date | None], date | None] = {}
    for term in one.terms:
        key = (term.kind, term.until)
        before = first.get(key)
        first[key] = term.warn_from if before is None else min(before, term.warn_from)
    for span in one.spans:
        if span.rule.when == "needed" and span.state in _NOT_MET:
            first.setdefault((span.kind, None), None)
    return [
        WorkerTerm(kind, until, warn_from)
        for (kind, until), warn_from in sorted(first.items(), key=lambda item: (item[0][1] or date.max, item[0][0]))
    ]


def write(connection: Connection, worker_ids: Sequence[str], terms: Mapping[str, Sequence[WorkerTerm]]) -> None:
    """Write the terms of these workers anew; who is not in `terms` has none."""
    for start in range(0, len(worker_ids), _AT_ONCE):
        part = worker_ids[start : start + _AT_ONCE]
        connection.execute(delete(worker_term).where(worker_term.c.worker_id.in_(part)))
    rows = [
        {"worker_id": worker_id, "place": place, "kind": one.kind, "until": one.until, "warn_from": one.warn_from}
        for worker_id, found in terms.items()
        for place, one in enumerate(found)
    ]
    if rows:
        connection.execute(worker_term.insert(), rows)


def in_state(state: str, today: date) -> ColumnElement[bool]:
    """Of workers who have a term in that state."""
    c = worker_term.c
    wanted = {
        "over": c.until < today,
        "soon": (c.until >= today) & (c.warn_from <= today),
        "absent": c.until.is_(None),
    }[state]
    return exists().where(c.worker_id == worker.c.worker_id, wanted)


def of_workers(connection: Connection, worker_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """The terms of some workers, the first end first; what is needed and not on record last."""
    c = worker_term.c
    found: dict[str, list[Row[Any]]] = {}
    query = select(worker_term).where(c.worker_id.in_(worker_ids)).order_by(c.worker_id, c.place)
    for row in connection.execute(query):
        found.setdefault(row.worker_id, []).append(row)
    return found
