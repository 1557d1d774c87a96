"""Judges grounds by rules: which effect holds from which day to which. Pure; nothing here decides or writes anything.

An effect is a span of days, so that a terminal without a link can tell by its own clock what began or ended since.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from typing import Literal, Protocol, TypeVar

from central.core.ground_rules import EFFECTS, HOLDING, Effect, GroundRule, RuleBook

SpanState = Literal[
    "missing", "over", "unfit", "restricted", "by_source", "in_force", "not_confirmed", "contradiction", "scope_unknown"
]
_DAY = timedelta(days=1)
_ONE_BY_ONE = frozenset({"sick_leave", "restriction"})
"""Kinds of which several hold beside each other: a newer one does not end the one before it."""


class GroundFacts(Protocol):
    """A row of `ground` as far as rules need it."""

    @property
    def ground_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def vaccine(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def at(self) -> date: ...
    @property
    def valid_until(self) -> date | None: ...
    @property
    def finding(self) -> str: ...
    @property
    def blocks_remote(self) -> bool: ...
    @property
    def state(self) -> str: ...
    @property
    def supersedes(self) -> str | None: ...


Row = TypeVar("Row", bound=GroundFacts)


@dataclass(frozen=True, slots=True)
class Employment:
    """What scopes of rules ask of an employment; None: nobody has entered it."""

    okved: str | None = None
    employer_inn: str | None = None
    position_code: str | None = None
    harm_factors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EffectSpan:
    """An effect of a rule from `since` to `until`, both included; None: without beginning, without end.

    `ground_id` is the row that it rests on, None where a needed one is not on record.
    """

    rule: GroundRule
    kind: str
    ground_id: str | None
    state: SpanState
    effect: Effect
    since: date | None = None
    until: date | None = None

    @property
    def key(self) -> str:
        """What a form and a record name it by."""
        return f"{self.rule.code}|{self.ground_id or ''}"

    def holds_on(self, day: date) -> bool:
        """Whether it has its effect on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Term:
    """The end of what a rule needs: from `warn_from` on the worker, the employer and the medic may be told."""

    rule: GroundRule
    ground_id: str
    kind: str
    until: date
    warn_from: date


def standing(rows: Iterable[Row]) -> list[Row]:
    """The rows that hold: the last of each kind and source that no other supersedes. `rows`: the oldest entry first."""
    known = list(rows)
    replaced = {row.supersedes for row in known if row.supersedes}
    newest: dict[tuple[str, str, str, str], Row] = {}
    for row in sorted(known, key=lambda one: one.at):
        if row.ground_id in replaced:
            continue
        apart = (row.number or row.at.isoformat()) if row.kind in _ONE_BY_ONE else ""
        newest[(row.kind, row.vaccine, row.source.lower(), apart)] = row
    return sorted(newest.values(), key=lambda one: (one.kind, one.source, one.at))


def spans(book: RuleBook, rows: Sequence[GroundFacts], employment: Employment) -> list[EffectSpan]:
    """What the rules say of these rows, for the employment: spans of the past, of today and to come. `rows`: `standing`."""
    found: list[EffectSpan] = []
    for rule in book.rules:
        applies = _applies(rule, employment)
        if applies is False:
            continue
        for span in _spans_of(rule, rows):
            # Whom a rule is about cannot be told where an entry is empty: nobody is kept away by a guess, and nobody is
            # admitted by what is left over. The medic is asked.
            found.append(span if applies else replace(span, state="scope_unknown", effect=_asked(span.effect)))
    return found


def on_day(found: Iterable[EffectSpan], day: date) -> list[EffectSpan]:
    """The effects of one day, the strongest first."""
    holding = [span for span in found if span.holds_on(day)]
    return sorted(holding, key=lambda span: (-EFFECTS.index(span.effect), span.rule.code, span.ground_id or ""))


def holds(found: Iterable[EffectSpan], day: date) -> list[EffectSpan]:
    """What keeps the worker from an exam at a terminal on that day or later, the strongest first."""
    kept = [span for span in found if span.effect in HOLDING and (span.until is None or span.until >= day)]
    return sorted(kept, key=lambda span: (-EFFECTS.index(span.effect), span.since or date.min, span.rule.code))


def terms(book: RuleBook, rows: Sequence[GroundFacts], employment: Employment) -> list[Term]:
    """Ends of what rules need, whether near or far. `rows`: `standing`."""
    found = []
    for rule in book.rules:
        if rule.when not in {"needed", "over"} or not _applies(rule, employment):
            continue
        last = _last(rule, _meeting(rule, rows))
        if last is not None and last[1] is not None:
            warn_from = last[1] - timedelta(days=rule.warn_days)
            found.append(Term(rule, last[0].ground_id, rule.kind, last[1], warn_from))
    return found


def _applies(rule: GroundRule, employment: Employment) -> bool | None:
    """Whether the rule is about this employment; None where it cannot be told."""
    scope, answers = rule.scope, []
    factors: list[str | None] = [*employment.harm_factors]
    for wanted, given in (
        (scope.okved, [employment.okved]),
        (scope.positions, [employment.position_code]),
        (scope.employers_inn, [employment.employer_inn]),
        (scope.harm_factors, factors),
    ):
        if wanted:
            known = [one for one in given if one]
            answers.append(any(_is_of(one, code) for one in known for code in wanted) if known else None)
    if False in answers:
        return False
    return None if None in answers else True


def _is_of(code: str, wanted: str) -> bool:
    return code == wanted or code.startswith(f"{wanted}.")


def _spans_of(rule: GroundRule, rows: Sequence[GroundFacts]) -> Iterator[EffectSpan]:
    about = _about(rule, rows)
    match rule.when:
        case "needed" | "over":
            yield from _of_need(rule, about)
        case "unfit" | "restricted":
            for row in about:
                if row.finding == rule.when:
                    yield _while_in_force(rule, row, "unfit" if rule.when == "unfit" else "restricted")
        case "by_source":
            yield from (_while_in_force(rule, row, "by_source") for row in about if row.blocks_remote)
        case "in_force":
            yield from (_while_in_force(rule, row, "in_force") for row in about)
        case "not_confirmed":
            yield from (_while_in_force(rule, row, "not_confirmed") for row in about if row.state == "not_confirmed")
        case "contradiction":
            yield from _contradictions(rule, about)
        case _:
            # The book takes no other word: a state that this program does not know comes from a newer one.
            yield EffectSpan(rule, rule.kind, None, "scope_unknown", _asked(rule.effect))


def _asked(effect: Effect) -> Effect:
    """What is left of an effect where it cannot be told whether it is due."""
    return "inform" if effect == "inform" else "ask"


def _about(rule: GroundRule, rows: Sequence[GroundFacts]) -> list[GroundFacts]:
    return [
        row
        for row in rows
        if (not rule.kind or row.kind == rule.kind) and (not rule.vaccine or row.vaccine == rule.vaccine)
    ]


def _meeting(rule: GroundRule, rows: Sequence[GroundFacts]) -> list[GroundFacts]:
    """Rows that a need can be met by: what a register did not confirm, and what says unfit, permits nothing."""
    return [row for row in _about(rule, rows) if row.state != "not_confirmed" and row.finding != "unfit"]


def _end(rule: GroundRule, row: GroundFacts) -> date | None:
    if row.valid_until is not None or not rule.term_days:
        return row.valid_until
    try:
        return row.at + timedelta(days=rule.term_days)
    except OverflowError:
        return None


def _last(rule: GroundRule, rows: Sequence[GroundFacts]) -> tuple[GroundFacts, date | None] | None:
    """The row that holds longest, with its end; an end of None is none."""
    ends = [(row, _end(rule, row)) for row in rows]
    return max(ends, key=lambda one: (one[1] is None, one[1] or date.min), default=None)


def _of_need(rule: GroundRule, about: Sequence[GroundFacts]) -> Iterator[EffectSpan]:
    last = _last(rule, _meeting(rule, about))
    if last is None:
        if rule.when == "needed":
            newest = max(about, key=lambda row: row.at, default=None)
            state: SpanState = "missing"
            if newest is not None:
                state = "unfit" if newest.finding == "unfit" else "not_confirmed"
            yield EffectSpan(rule, rule.kind, newest.ground_id if newest else None, state, rule.effect)
        return
    row, end = last
    if end is None or end >= date.max - timedelta(days=rule.grace_days + 1):
        return
    begins = end + timedelta(days=rule.grace_days + 1)
    if rule.grace_days:
        yield EffectSpan(rule, rule.kind, row.ground_id, "over", "inform", end + _DAY, begins - _DAY)
    yield EffectSpan(rule, rule.kind, row.ground_id, "over", rule.effect, begins)


def _while_in_force(rule: GroundRule, row: GroundFacts, state: SpanState) -> EffectSpan:
    # What restricts does so without a term where the register names none: `term_days` ends permissions alone.
    return EffectSpan(rule, row.kind, row.ground_id, state, rule.effect, row.at, row.valid_until)


def _contradictions(rule: GroundRule, about: Sequence[GroundFacts]) -> Iterator[EffectSpan]:
    """Two rows of one kind of which one says fit and the other unfit, for the days on which both hold."""
    for one, other in combinations(about, 2):
        if one.kind != other.kind or {one.finding, other.finding} != {"fit", "unfit"}:
            continue
        since = max(one.at, other.at)
        ends = [row.valid_until for row in (one, other) if row.valid_until is not None]
        until = min(ends, default=None)
        if until is None or until >= since:
            newer = max(one, other, key=lambda row: row.at)
            yield EffectSpan(rule, one.kind, newer.ground_id, "contradiction", rule.effect, since, until)


def public_terms(found: Iterable[Term], names: Mapping[str, str], day: date) -> list[tuple[str, date, date]]:
    """Name, first day of the warning and last day of validity, of terms that are not over; each name and end once."""
    first: dict[tuple[str, date], date] = {}
    for term in found:
        if term.until >= day:
            key = (names.get(term.kind, ""), term.until)
            first[key] = min(first.get(key, term.warn_from), term.warn_from)
    return sorted(((name, since, until) for (name, until), since in first.items()), key=lambda one: (one[2], one[0]))
