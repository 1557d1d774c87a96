"""Holds: what a terminal must not delete. Content of the reference book `holds`, the whole list of one terminal each time."""

from collections.abc import Collection
from datetime import date, timedelta

from pydantic import Field

from sync.contract.model import Id, Utc, WireModel

HOLDS = "holds"
"""Name of the book. A terminal deletes no film or picture by age before it has one, and by none that is old."""
MOST_HOLDS = 2000
"""So many go into one list; where there are more, `keeps_all` says that nothing may go."""
FRESH_FOR = timedelta(hours=24)
"""A list counts for so long after the moment that it is of."""
_DAY = timedelta(days=1)


class HeldExams(WireModel):
    """One hold: an exam, or the exams of a person or of this terminal on some days."""

    exam_id: Id | None = None
    worker_ids: tuple[Id, ...] = ()
    """All employments of the person; empty for a hold that is not about one."""
    is_terminal: bool = False
    since: date | None = None
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Whether an exam of that day is meant; a day more on each side, for clocks and zones that differ."""
        after = self.since is None or self.since - _DAY <= day
        return after and (self.until is None or day <= self.until + _DAY)

    def keeps(self, exam_id: str, day: date, worker_ids: Collection[str] | None) -> bool:
        """Whether an exam's files stay. `worker_ids`: who was identified in it; None or nobody: perhaps this person."""
        if self.exam_id is not None:
            return self.exam_id == exam_id
        if not self.covers(day):
            return False
        return self.is_terminal or not worker_ids or not set(self.worker_ids).isdisjoint(worker_ids)


class Holds(WireModel):
    """All holds that one terminal has to keep to, as of a moment."""

    as_of: Utc
    holds: tuple[HeldExams, ...] = Field(default=(), max_length=MOST_HOLDS)
    keeps_all: bool = False

    def keeps(self, exam_id: str, day: date, worker_ids: Collection[str] | None) -> bool:
        """Whether any hold keeps that exam's files."""
        return self.keeps_all or any(one.keeps(exam_id, day, worker_ids) for one in self.holds)
