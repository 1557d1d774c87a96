"""How much each medic has decided on each day, and how long people waited for it. Pure.

Exams per hour are counted over the clock hours in which the medic decided at all: the roster says when somebody was there, not when
there was work. A percentile is a value that really occurred (nearest rank); where nobody waited there is none.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from math import ceil

from central.store.medic_load import TakenDecision


@dataclass(frozen=True, slots=True)
class Load:
    """One medic on one day of a zone. Waits in seconds; None where nobody waited or nothing is known."""

    day: date
    medic_id: str
    medic: str
    count: int
    hours: int
    to_opening_p50_s: float | None
    to_opening_p90_s: float | None
    to_decision_p50_s: float | None
    to_decision_p90_s: float | None

    @property
    def per_hour(self) -> float:
        """Exams in each hour in which the medic decided."""
        return self.count / self.hours


@dataclass(slots=True)
class _Gathered:
    name: str = ""
    count: int = 0
    hours: set[datetime] = field(default_factory=set)
    to_opening: list[float] = field(default_factory=list)
    to_decision: list[float] = field(default_factory=list)


def loads(taken: Iterable[TakenDecision], zone: tzinfo) -> list[Load]:
    """A row for each day and medic, the newest day first."""
    gathered: defaultdict[tuple[date, str], _Gathered] = defaultdict(_Gathered)
    for one in taken:
        local = one.decided_at.astimezone(zone)
        found = gathered[local.date(), one.medic_id]
        found.name, found.count = one.medic_name, found.count + 1
        # By UTC: an hour that the clock shows twice is two hours.
        found.hours.add(one.decided_at.replace(minute=0, second=0, microsecond=0))
        if one.in_room:
            continue
        found.to_decision.append(_seconds(one.decided_at - one.arrived_at))
        if one.opened_at is not None:
            found.to_opening.append(_seconds(one.opened_at - one.arrived_at))
    rows = [
        Load(
            day,
            medic_id,
            found.name,
            found.count,
            len(found.hours),
            percentile(found.to_opening, 50),
            percentile(found.to_opening, 90),
            percentile(found.to_decision, 50),
            percentile(found.to_decision, 90),
        )
        for (day, medic_id), found in gathered.items()
    ]
    return sorted(rows, key=lambda row: (-row.day.toordinal(), row.medic, row.medic_id))


def percentile(values: Sequence[float], share: int) -> float | None:
    """The value that so many per cent do not exceed, by nearest rank; None of none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share / 100) - 1)] if ordered else None


def _seconds(span: timedelta) -> float:
    """Never below nothing: the centre's clock may have been set back in between."""
    return max(0.0, span.total_seconds())
