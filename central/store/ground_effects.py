"""Read-only: what the rules in force say of workers, inside the caller's transaction. Owns no table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, select

from central.core.ground_effects import EffectSpan, Employment, Term, holds, public_terms, spans, standing, terms
from central.core.ground_rules import GROUND_KINDS, GROUND_RULES, RuleBook, public_name, rule_book, shipped_kinds
from central.core.ground_rules import shipped_rules as of_program
from central.store import books, grounds
from central.store.grounds import Ground
from central.store.posts import of_worker, post
from central.store.registry import employer, worker
from sync.contract.books import BookItem

_CENTRE = ""
MOST_TEXT_CHARS = 120
"""Of what a roster says to a worker."""
UNNAMED = "Документ"
"""What a kiosk calls a document whose kind is the medic's business alone."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What rules say of one employment: every effect that was, is or will be, and the ends that are in sight."""

    version: str
    spans: tuple[EffectSpan, ...]
    terms: tuple[Term, ...]
    rows: tuple[Ground, ...]


def rules_in_force(connection: Connection, org: str, day: date) -> RuleBook:
    """The rules of that day: the organisation's, else the centre's, else those of the program."""
    version, items = _held(connection, GROUND_RULES, org, day) or (
        of_program().version,
        of_program().items,
    )
    return rule_book(version, items)


def next_rules_on(connection: Connection, org: str, day: date) -> date | None:
    """The first day after this one on which other rules hold, as far as they are published."""
    later = [
        row.valid_from
        for owner in (org, _CENTRE)
        for row in books.versions(connection, GROUND_RULES, owner)
        if row.withdrawn_at is None and row.valid_from > day
    ]
    return min(later, default=None)


def public_names(connection: Connection, org: str, day: date) -> dict[str, str]:
    """What a kiosk and a letter may call documents, by kind; a kind that it may not name is not there."""
    held = _held(connection, GROUND_KINDS, org, day)
    items = held[1] if held is not None else shipped_kinds().items
    return {item.code: public_name(item) for item in items if public_name(item)}


def judged(connection: Connection, org: str, worker_ids: Sequence[str], day: date) -> dict[str, Judged]:
    """By worker of the organisation. Give at most some hundreds at once."""
    c = worker.c
    query = (
        select(
            *(c.worker_id, c.person_id, c.position_code, c.harm_factors, employer.c.okved, employer.c.inn),
            *(post.c.position_code.label("post_code"), post.c.harm_factors.label("post_factors")),
        )
        .join_from(worker, employer, employer.c.employer_id == c.employer_id)
        .outerjoin(post, of_worker())
        .where(c.org == org, c.worker_id.in_(worker_ids))
    )
    people = connection.execute(query).all()
    known = grounds.of_persons(connection, org, sorted({row.person_id for row in people})) if people else {}
    book = rules_in_force(connection, org, day)
    found = {}
    for row in people:
        # What the post is exposed to, whoever is on it is exposed to; what is said of the worker comes on top.
        factors = tuple(dict.fromkeys([*(row.harm_factors or ()), *(row.post_factors or ())]))
        employment = Employment(row.okved, row.inn, row.position_code or row.post_code, factors)
        rows = standing(known.get(row.person_id, []))
        found[row.worker_id] = Judged(
            book.version,
            tuple(spans(book, rows, employment)),
            tuple(terms(book, rows, employment)),
            tuple(rows),
        )
    return found


def for_roster(one: Judged, names: Mapping[str, str], day: date) -> tuple[dict[str, object], list[date]]:
    """`holds` and `notices` of a roster's worker, and the days after which one of them says nothing any more."""
    kept = {
        (span.effect, span.rule.code, span.since, span.until): span.rule.worker_text for span in holds(one.spans, day)
    }
    told = public_terms(one.terms, names, day)
    fields = {
        "holds": [
            {"code": effect, "rule": rule, "text": text[:MOST_TEXT_CHARS], "since": since, "until": until}
            for (effect, rule, since, until), text in kept.items()
        ],
        "notices": [
            {"code": "ends", "text": name or UNNAMED, "since": since, "until": until} for name, since, until in told
        ],
    }
    ends = [until for _, _, _, until in kept if until is not None] + [until for _, _, until in told]
    return fields, [end + timedelta(days=1) for end in ends if end < date.max]


def _held(connection: Connection, name: str, org: str, day: date) -> tuple[str, list[BookItem]] | None:
    """Version and items that are published: of the organisation, or of the centre."""
    for owner in dict.fromkeys((org, _CENTRE)):
        for row in books.versions(connection, name, owner):
            if row.withdrawn_at is None and row.valid_from <= day:
                rows = books.items_of(connection, row.version_id)
                return row.version, [
                    BookItem.model_construct(**{field: item[field] for field in BookItem.model_fields}) for item in rows
                ]
    return None
