"""Judges a medical book by the last copy that the centre has: what complies has to be known, point by point. Pure.

A check is no admission, and what is not known never complies: no entry, no term, an end that was yesterday anywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from central.core.ground_effects import EffectSpan, GroundFacts, Term
from sync.contract.person_code import digits_of

MEDICAL_BOOK = "medical_book"
EXAMINATIONS = ("preliminary", "periodic", "extraordinary")
VACCINATION = "vaccination"
PointState = Literal["ok", "missing", "over", "not_yet", "no_term", "not_in_force", "replaced", "not_certain"]
_WORST: tuple[PointState, ...] = (
    "ok",
    "no_term",
    "not_certain",
    "not_yet",
    "over",
    "replaced",
    "not_in_force",
    "missing",
)
_BY_RULE: Mapping[str, PointState] = {"missing": "missing", "over": "over", "scope_unknown": "not_certain"}
"""States of rules as an employer may read them; of a finding or a comparison only that the document is not in force."""


@dataclass(frozen=True, slots=True)
class Days:
    """The days on which all has to hold: midnight may have come at the place and not at the centre, or the other way round."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Point:
    """One point: `book`, `examination`, `vaccination`, or `document` that a rule needs, with its name in public."""

    code: str
    state: PointState
    name: str = ""
    at: date | None = None
    until: date | None = None

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        days = {"at": self.at, "until": self.until}
        return {"code": self.code, "state": self.state, "name": self.name} | {
            name: day.isoformat() if day is not None else None for name, day in days.items()
        }


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What the centre has of one person. `rows`: all, the oldest entry first; `standing`: those that hold."""

    rows: Sequence[GroundFacts]
    standing: Sequence[GroundFacts]
    spans: Sequence[EffectSpan]
    terms: Sequence[Term]
    names: Mapping[str, str]
    """What kinds are called in public."""


def entry_of(known: OnRecord, number: str) -> GroundFacts | None:
    """The entry of the book with these twelve digits (of any book without them): one that holds, else one that was replaced."""
    standing = {row.ground_id for row in known.standing}
    found = [row for row in known.rows if row.kind == MEDICAL_BOOK and (not number or digits_of(row.number) == number)]
    return max(found, key=lambda row: (row.ground_id in standing, row.at), default=None)


def points_of(entry: GroundFacts | None, known: OnRecord, days: Days) -> tuple[Point, ...]:
    """All points of a book, in the order in which they are read. `entry`: the book that was held, None where none is on record."""
    found = {
        "book": _of_book(entry, known, days),
        "examination": _of_examinations(known, days),
        VACCINATION: _of_vaccinations(known, days),
    }
    for kind, point in _of_rules(known, days):
        code = _code_of(kind)
        if code in found:
            found[code] = _worse(found[code], point)
        else:
            key = f"document|{point.name}"
            found[key] = _worse(found[key], point) if key in found else point
    return tuple(found.values())


def complies(points: Sequence[Point]) -> bool:
    """Whether every point is known to hold."""
    return bool(points) and all(point.state == "ok" for point in points)


def _code_of(kind: str) -> str:
    if kind == MEDICAL_BOOK:
        return "book"
    return "examination" if kind in EXAMINATIONS else kind


def _of_book(entry: GroundFacts | None, known: OnRecord, days: Days) -> Point:
    if entry is None:
        return Point("book", "missing")
    if entry.ground_id not in {row.ground_id for row in known.standing}:
        return Point("book", "replaced", at=entry.at, until=entry.valid_until)
    # Several registers may name one book: what one of them does not confirm, or ends earlier, is no book in force.
    same = [row for row in known.standing if row.kind == MEDICAL_BOOK and _number(row) == _number(entry)]
    return max((_judged("book", row, known, days) for row in same), key=_rank)


def _number(row: GroundFacts) -> str:
    return digits_of(row.number) or row.number


def _of_examinations(known: OnRecord, days: Days) -> Point:
    rows = [row for row in known.standing if row.kind in EXAMINATIONS]
    points = [_judged("examination", row, known, days) for row in rows]
    # One register says fit and another unfit: a person has to look, and until then nothing complies.
    against = [
        point
        for row, point in zip(rows, points, strict=True)
        if row.finding == "unfit" and (row.valid_until is None or row.valid_until >= days.first)
    ]
    return min(against or points, key=_rank, default=Point("examination", "missing"))


def _of_vaccinations(known: OnRecord, days: Days) -> Point:
    """Entries have to be there, and for each infection one that is not over; one without a term lasts."""
    by_infection: dict[str, Point] = {}
    for row in known.standing:
        if row.kind == VACCINATION:
            point = _judged(VACCINATION, row, known, days)
            if point.state == "no_term":
                point = Point(VACCINATION, "ok", at=row.at)
            by_infection[row.vaccine] = min(by_infection.get(row.vaccine, point), point, key=_rank)
    if not by_infection:
        return Point(VACCINATION, "missing")
    worst = max(by_infection.values(), key=_rank)
    ends = [point.until for point in by_infection.values() if point.until is not None]
    latest = max(point.at for point in by_infection.values() if point.at is not None)
    return Point(VACCINATION, worst.state, at=latest, until=min(ends, default=None))


def _of_rules(known: OnRecord, days: Days) -> list[tuple[str, Point]]:
    """What published rules need, and do not find; and what they need of other kinds, and find."""
    found = []
    for span in known.spans:
        holds = span.holds_on(days.first) or span.holds_on(days.last)
        if holds and span.rule.when in {"needed", "over"}:
            state = _BY_RULE.get(span.state, "not_in_force")
            name = known.names.get(span.kind, "")
            found.append((span.kind, Point("document", state, name, until=_until(span.ground_id, known))))
    for term in known.terms:
        if _code_of(term.kind) not in {"book", "examination", VACCINATION} and term.until >= days.last:
            found.append((term.kind, Point("document", "ok", known.names.get(term.kind, ""), until=term.until)))
    return found


def _until(ground_id: str | None, known: OnRecord) -> date | None:
    return next((term.until for term in known.terms if term.ground_id == ground_id), None)


def _judged(code: str, row: GroundFacts, known: OnRecord, days: Days) -> Point:
    """A row without an end of its own ends where a published rule says so."""
    until = row.valid_until or _until(row.ground_id, known)
    state: PointState = "ok"
    if row.state == "not_confirmed" or row.finding == "unfit":
        state = "not_in_force"
    elif row.at > days.first:
        state = "not_yet"
    elif until is None:
        state = "no_term"
    elif until < days.last:
        state = "over"
    return Point(code, state, at=row.at, until=until)


def _worse(point: Point, by_rule: Point) -> Point:
    if _rank(by_rule)[0] <= _rank(point)[0]:
        return point
    return Point(point.code, by_rule.state, point.name, point.at, point.until or by_rule.until)


def _rank(point: Point) -> tuple[int, int]:
    """The better one first; of two alike the one that holds longer."""
    return _WORST.index(point.state), -(point.until or date.max).toordinal()
