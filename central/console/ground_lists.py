"""Lists of the page of grounds: what ends within its days of warning, and whom rules ask about or hold back today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from central.core.ground_effects import EffectSpan, Term, on_day
from central.core.ground_rules import EFFECTS
from central.store import ground_effects
from central.store.workers import employed_workers, workers_in_lists

MOST_SHOWN = 500
_AT_ONCE = 300


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a line is about."""

    org: str
    worker_id: str
    full_name: str
    personnel_number: str
    employer_name: str


@dataclass(frozen=True, slots=True)
class _Line:
    """A line about somebody."""

    whom: Whom

    @property
    def full_name(self) -> str:
        return self.whom.full_name

    @property
    def personnel_number(self) -> str:
        return self.whom.personnel_number

    @property
    def employer_name(self) -> str:
        return self.whom.employer_name


@dataclass(frozen=True, slots=True)
class EndLine(_Line):
    """A document that ends soon. The properties are what the page sorts by."""

    term: Term

    @property
    def kind(self) -> str:
        return self.term.kind

    @property
    def until(self) -> date:
        return self.term.until

    @property
    def effect(self) -> int:
        return EFFECTS.index(self.term.rule.effect)


@dataclass(frozen=True, slots=True)
class HeldLine(_Line):
    """An effect of today that is more than information. The properties are what the page sorts by."""

    span: EffectSpan

    @property
    def rule(self) -> str:
        return self.span.rule.ru

    @property
    def state(self) -> str:
        return self.span.state

    @property
    def effect(self) -> int:
        return EFFECTS.index(self.span.effect)


@dataclass(frozen=True, slots=True)
class GroundLists:
    """Both lists, at most `MOST_SHOWN` lines each; `hidden` is what has no room."""

    ends: tuple[EndLine, ...]
    held: tuple[HeldLine, ...]
    hidden: int


def ground_lists(connection: Connection, orgs: Sequence[str], today: date) -> GroundLists:
    """What these organisations should look at today."""
    ends: list[EndLine] = []
    held: list[HeldLine] = []
    for org in orgs:
        people = [worker_id for worker_id, _ in employed_workers(connection, org, today)]
        for start in range(0, len(people), _AT_ONCE):
            part = people[start : start + _AT_ONCE]
            judged = ground_effects.judged(connection, org, part, today)
            near = {
                worker_id: [term for term in one.terms if term.warn_from <= today <= term.until]
                for worker_id, one in judged.items()
            }
            kept = {
                worker_id: [span for span in on_day(one.spans, today) if span.effect != "inform"]
                for worker_id, one in judged.items()
            }
            wanted = [worker_id for worker_id in part if near.get(worker_id) or kept.get(worker_id)]
            for row in workers_in_lists(connection, wanted):
                whom = Whom(org=org, **row)
                ends += [EndLine(whom, term) for term in near[whom.worker_id]]
                held += [HeldLine(whom, span) for span in kept[whom.worker_id]]
    ends.sort(key=lambda line: (line.term.until, line.whom.employer_name, line.whom.full_name))
    held.sort(key=lambda line: (line.whom.employer_name, line.whom.full_name))
    hidden = max(0, len(ends) - MOST_SHOWN) + max(0, len(held) - MOST_SHOWN)
    return GroundLists(tuple(ends[:MOST_SHOWN]), tuple(held[:MOST_SHOWN]), hidden)
