"""Tells an employer of who has not passed the examination when the shift began: once for each shift, by mail and webhook.

A letter names the personnel number and the beginning; no name. Who comes after all takes back what is still on its way.
"""

import logging
from datetime import UTC, datetime

from sqlalchemy import Engine

from central.core.clock import now_utc
from central.core.supervision import Step
from central.store import notices, reminders, shift_plans
from central.store.engine import reading, writing
from central.store.reminders import LATE_KIND, Reminder
from sync.contract.canonical import new_id

LOOK_EVERY_S = 30.0
_WHY = "the worker has come, or the shift was withdrawn"
log = logging.getLogger(__name__)


def late_step(engine: Engine, every_s: float = LOOK_EVERY_S) -> Step:
    """The step of a supervised thread that looks."""
    return Step("late", lambda: _look(engine), every_s)


def _look(engine: Engine) -> None:
    look(engine, now_utc())


def look(engine: Engine, now: datetime) -> int:
    """Write what is to be told, and take back what is no longer so; returns how many are new."""
    with reading(engine) as connection:
        rows = {f"shift:{row.plan_id}": row for row in shift_plans.late(connection, now)}
        told = reminders.subjects(connection, list(rows))
        past = [one.reminder_id for one in reminders.open_of_kind(connection, LATE_KIND) if one.subject not in rows]
    fresh = [
        Reminder(
            new_id(),
            row.org,
            row.employer_id,
            row.worker_id,
            subject,
            LATE_KIND,
            f"{row.begin_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}",
            row.day,
            0,
            now,
        )
        for subject, row in rows.items()
        if subject not in told
    ]
    if fresh or past:
        with writing(engine) as connection:
            for one in fresh:
                reminders.add(connection, one)
            if past:
                reminders.take_back(connection, past, now)
                notices.give_up(connection, past, _WHY)
        log.info("%d late shifts are told", len(fresh))
    return len(fresh)
