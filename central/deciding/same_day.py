"""Other events of the same person on the day of an exam, which the deciding medic has to know. Pure.

Day is the calendar day of the place, by the zone of the centre's machine. A night shift crosses midnight: what speaks against an
admission, and an exam of the same kind, also counts from the evening before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.core.days import day_of
from central.store.same_day import OtherExam

AGAINST = ("not_admitted", "refer", "not_identified")
"""Outcomes that speak against an admission."""
BEFORE_MIDNIGHT = timedelta(hours=12)
LOOK_BACK = timedelta(hours=48)
"""What ended longer ago than this before an exam cannot concern it."""


@dataclass(frozen=True, slots=True)
class SameDay:
    """Another exam of that person. `is_second`: of the same kind, so that this one is not the first of its day."""

    other: OtherExam
    is_second: bool

    @property
    def outcome(self) -> str:
        """Outcome, or the state where nobody has decided: `waiting`, `unfinished`."""
        return self.other.outcome or self.other.state

    @property
    def speaks_against(self) -> bool:
        """Whether a medic should think twice before admitting."""
        return self.outcome in AGAINST


def same_day(exam_id: str, exam_type: str, finished_at: datetime, exams: Sequence[OtherExam]) -> tuple[SameDay, ...]:
    """Of these exams of the same person those that concern this one: first what speaks against it, then the newest."""
    found = []
    for other in exams:
        alike = other.exam_type == exam_type and other.state != "unfinished"
        if other.exam_id == exam_id or not _concerns(other, finished_at, alike=alike):
            continue
        found.append(SameDay(other, is_second=alike and other.finished_at <= finished_at))
    found.sort(key=lambda item: item.other.at, reverse=True)
    found.sort(key=lambda item: not item.speaks_against)
    return tuple(found)


def _concerns(other: OtherExam, finished_at: datetime, *, alike: bool) -> bool:
    day = day_of(finished_at)
    if day_of(other.finished_at) == day or (other.decided_at is not None and day_of(other.decided_at) == day):
        return True
    is_near = timedelta(0) <= finished_at - other.finished_at <= BEFORE_MIDNIGHT
    return is_near and (alike or other.outcome in AGAINST)
