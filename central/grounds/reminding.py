"""Reminds employers and workers of documents that end, and tells employers whom a rule lets take no exam: a job of `serve`.

Who is told what is pure (`due_reminders`). A letter names the number of the worker, the document as it is called in public, and the
day: no finding, no diagnosis, no name. The worker gets a letter where an e-mail is on record. Each step is told once; a newer
document takes back what is still on its way.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, Engine

from central.core.clock import now_utc
from central.core.days import day_of
from central.core.ground_effects import on_day
from central.core.supervision import Step, Supervised
from central.store import ground_effects, notices, registry, reminders
from central.store.engine import reading, writing
from central.store.ground_effects import UNNAMED, Judged
from central.store.reminders import Reminder
from central.store.workers import employed_workers
from sync.contract.canonical import new_id

STEPS = (30, 14, 7, 1, 0)
"""Days before the end; what is found late is told at the step that has passed."""
LOOK_EVERY_S = 600.0
_AT_ONCE = 300
_WHY = "a newer document has come, or the rule holds no more"
log = logging.getLogger(__name__)


def step_of(days_left: int, warn_days: int) -> int | None:
    """The step that so many days belong to; None where it is too early, or over."""
    if days_left < 0 or days_left > max(warn_days, 0):
        return None
    return min((step for step in STEPS if days_left <= step), default=None)


def due_reminders(
    org: str, employer_id: str, worker_id: str, judged: Judged, names: dict[str, str], today: date, at: datetime
) -> list[Reminder]:
    """What an employer is to be told today of one employment, whether it was told already or not. Pure but for fresh ids."""
    found: dict[tuple[str, int], Reminder] = {}
    for term in judged.terms:
        step = step_of((term.until - today).days, (term.until - term.warn_from).days)
        if step is not None:
            document = names.get(term.kind, "") or UNNAMED
            found[term.ground_id, step] = Reminder(
                new_id(), org, employer_id, worker_id, term.ground_id, "ends", document, term.until, step, at
            )
    for span in on_day(judged.spans, today):
        if span.effect == "not_allowed":
            subject = f"rule:{span.rule.code}:{span.since or ''}"
            found[subject, 0] = Reminder(new_id(), org, employer_id, worker_id, subject, "not_allowed", "", None, 0, at)
    return list(found.values())


class Reminding:
    """A thread of `serve`. Looks some times a day, so that a document that was entered this morning is not told tomorrow."""

    def __init__(self, engine: Engine, every_s: float = LOOK_EVERY_S, others: Sequence[Step] = ()) -> None:
        """`others`: what else employers are reminded of, by the same thread."""
        self._engine = engine
        steps = (Step("remind", self._look, every_s), *others)
        self._loop = Supervised("reminders", steps, poll_s=5.0, daemon=True)

    def __enter__(self) -> "Reminding":
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.stop()

    def _look(self) -> None:
        look(self._engine, now_utc())


def look(engine: Engine, now: datetime) -> int:
    """Write what is to be told, and take back what is no longer so; returns how many reminders are new."""
    with reading(engine) as connection:
        orgs = [row["org"] for row in registry.list_organisations(connection)]
    added = 0
    for org in orgs:
        with reading(engine) as connection:
            people = employed_workers(connection, org, day_of(now))
        for start in range(0, len(people), _AT_ONCE):
            added += _look_at(engine, org, people[start : start + _AT_ONCE], now)
    if added:
        log.info("%d reminders to employers are new", added)
    return added


def _look_at(engine: Engine, org: str, people: Sequence[tuple[str, str]], now: datetime) -> int:
    today, ids = day_of(now), [worker_id for worker_id, _ in people]
    with reading(engine) as connection:
        judged = ground_effects.judged(connection, org, ids, today)
        names = ground_effects.public_names(connection, org, today)
        told = reminders.told(connection, ids)
        waiting = reminders.open_of(connection, ids)
    due = [
        one
        for worker_id, employer_id in people
        if worker_id in judged
        for one in due_reminders(org, employer_id, worker_id, judged[worker_id], names, today, now)
    ]
    fresh = [one for one in due if (one.worker_id, one.subject, one.days) not in told]
    # Only with a document that ended meanwhile does a step that was queued yesterday say the right day still.
    standing = _subjects(due) | {
        (worker_id, term.ground_id) for worker_id, one in judged.items() for term in one.terms if term.until >= today
    }
    past = [one for one in waiting if (one.worker_id, one.subject) not in standing]
    if fresh or past:
        with writing(engine) as connection:
            _write(connection, fresh, past, now)
    return len(fresh)


def _subjects(due: Iterable[Reminder]) -> set[tuple[str, str]]:
    return {(one.worker_id, one.subject) for one in due}


def _write(connection: Connection, fresh: Sequence[Reminder], past: Sequence[Reminder], now: datetime) -> None:
    for one in fresh:
        reminders.add(connection, one)
    reminders.open_worker_channels(connection, {one.worker_id for one in fresh if one.kind == "ends"}, now)
    if past:
        ids = [one.reminder_id for one in past]
        reminders.take_back(connection, ids, now)
        notices.give_up(connection, ids, _WHY)
