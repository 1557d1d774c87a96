"""Terms of copies: what has been out of the archive too long, a month that nobody checked, copies beyond the norm and lacking ones.

What is written into the access log here becomes an alert (`central.notifying.vigilance`), once each.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from central.conclusions.norms import Norm, norms
from central.core.days import day_of
from central.core.stock_rules import CLOSE_BY, due_month, month_after
from central.store import audit, copies, copy_terms, registry, stock_checks
from central.store.audit import OF_ITSELF
from central.store.engine import hold, reading, writing

OUT_AT_MOST = timedelta(days=7)
"""So long a copy may be out of the archive."""
LACKING_AFTER = timedelta(days=1)
"""So long after a paper was issued its copies may still be lacking."""
OUT, LATE, BEYOND, LACKING = "copies.out_of_archive", "stock.late", "copies.beyond_norm", "copies.lacking"
"""Actions of the access log."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to be told. `key`: what tells it from others of its action and subject."""

    action: str
    subject: str
    org: str
    key: str
    detail: dict[str, Any] = field(default_factory=dict)


def announce_copies(engine: Engine, now: datetime) -> int:
    """Write down what was not told yet; returns how many."""
    with reading(engine) as connection:
        orgs = [row["org"] for row in registry.list_organisations(connection)]
        if not any(_untold(connection, org, now) for org in orgs):
            return 0
    with writing(engine) as connection:
        hold(connection, "terms of copies")
        found = [one for org in orgs for one in _untold(connection, org, now)]
        for one in found:
            audit.write(
                connection,
                at=now,
                account_id=None,
                address=OF_ITSELF,
                action=one.action,
                subject=one.subject,
                org=one.org,
                detail={"key": one.key, **one.detail},
            )
    return len(found)


def _untold(connection: Connection, org: str, now: datetime) -> list[Told]:
    found = [*_out(connection, org, now), *_late(connection, org, now), *_counts(connection, org, now)]
    return [one for one in found if one.key not in _keys(connection, one)]


def _keys(connection: Connection, one: Told) -> set[str]:
    return {str(entry.detail.get("key")) for entry in audit.of_subject(connection, one.action, one.subject)}


def _out(connection: Connection, org: str, now: datetime) -> Iterator[Told]:
    today = day_of(now)
    for place in copies.places(connection, org, states=("out_of_archive",)):
        last = copies.moves_of(connection, [place.copy_id])[place.copy_id][-1]
        if today - last.on_day > OUT_AT_MOST:
            yield Told(OUT, place.copy_id, org, last.move_id, {"days": (today - last.on_day).days})


def _late(connection: Connection, org: str, now: datetime) -> Iterator[Told]:
    today = day_of(now)
    month = due_month(today)
    first = stock_checks.first_month(connection, org, "monthly")
    if not copy_terms.any_before(connection, org, _first_day(month_after(month))) or (first and first > month):
        return
    if not stock_checks.is_closed(connection, org, "monthly", month):
        last_day = _first_day(month_after(month)) + timedelta(days=CLOSE_BY - 1)
        yield Told(LATE, org, org, month, {"days": (today - last_day).days})


def _counts(connection: Connection, org: str, now: datetime) -> Iterator[Told]:
    """Once a day, of what has become so since the day before: who was told of one is not told of it every day."""
    until = datetime.combine(day_of(now), datetime.min.time()).astimezone()
    beyond = copy_terms.beyond_norm(connection, org, until - timedelta(days=1), until)
    if beyond:
        yield Told(BEYOND, org, org, f"{day_of(now)}", {"count": beyond})
    known: dict[str, Norm] = dict(norms(org))
    since, before = until - LACKING_AFTER - timedelta(days=1), until - LACKING_AFTER
    lacking = copy_terms.lacking(connection, org, {kind: norm.counts for kind, norm in known.items()}, since, before)
    if lacking:
        yield Told(LACKING, org, org, f"{day_of(now)}", {"count": lacking})


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
