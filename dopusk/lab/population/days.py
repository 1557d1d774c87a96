"""The events of one day: its exams in the order in which they ended. Pure; each day can be made by itself."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from dopusk.lab.population import course
from dopusk.lab.population.frauds import commit_frauds
from dopusk.lab.population.judging import Limits
from dopusk.lab.population.plan import Plan
from dopusk.lab.population.society import Job, Society
from dopusk.lab.population.story import Moment, Stories
from dopusk.lab.population.visits import Visit

WAITING_FOR_S = 900.0
"""The exams that wait came within so many seconds before the end."""
_WHOLE_DAY_H = 24.0
_LEAST_H = 0.6
"""A last day that has lasted less than this has its exams in the hour before the end."""
_WAY_H = 0.25
_LASTS_AT_MOST = timedelta(seconds=260)
"""An exam without rests."""
_LAST_DECIDED_S = 700.0
"""What ended so shortly before the end is among those that wait, and not decided."""


class Days:
    """The days of a plan."""

    def __init__(self, plan: Plan, society: Society, limits: Limits) -> None:
        self._plan, self._society = plan, society
        self._stories = Stories(plan, society, limits)
        self.calendar = plan.calendar
        # By whole hours, so that the same plan gives the same exams a little later.
        self._ends_at = plan.until.astimezone(plan.zone).replace(minute=0, second=0, microsecond=0)
        self._last_h = float(self._ends_at.hour)
        part = course.part_of_day(self._last_h)
        self.quotas = course.quotas(self.calendar, plan.exams - plan.waiting, part)
        """How many exams each day has, without those that wait."""

    def visits(self, skip: int = 0) -> Iterator[Visit]:
        """All exams, day by day, each day in the order of their ends; without the first `skip`."""
        for place, quota in enumerate(self.quotas):
            if skip >= quota:
                skip -= quota
                continue
            yield from self.of_day(place)[skip:]
            skip = 0
        yield from self.waiting()[skip:]

    def of_day(self, place: int) -> list[Visit]:
        """The exams of one day of the calendar."""
        day, quota = self.calendar[place], self.quotas[place]
        dice = random.Random(f"day {self._plan.seed} {day}")  # noqa: S311  # invented exams
        is_last = place == len(self.calendar) - 1
        midnight = datetime.combine(day, time.min, self._plan.zone).astimezone(UTC)
        ends_h = self._last_h if is_last else _WHOLE_DAY_H
        found: list[Visit] = []
        for job, hour, exam_type in self._comings(dice, day, quota, ends_h):
            moment = Moment(day, hour, midnight + timedelta(hours=hour))
            rest_s = (self._ends_at - moment.at).total_seconds() - _LAST_DECIDED_S if is_last else float("inf")
            found.append(self._stories.tell(dice, job, exam_type, moment, rest_s))
        found.sort(key=lambda visit: visit.finished_at)
        if self._plan.frauds:
            commit_frauds(dice, found)
        return found

    def waiting(self) -> list[Visit]:
        """The exams that wait for a medic at the end, oldest first."""
        plan = self._plan
        dice = random.Random(f"waiting {plan.seed}")  # noqa: S311  # invented exams
        found = []
        for number in range(plan.waiting):
            before_s = WAITING_FOR_S * (plan.waiting - number - dice.random()) / plan.waiting
            found.append(self.arriving(dice, plan.until - timedelta(seconds=before_s)))
        return sorted(found, key=lambda visit: visit.finished_at)

    def arriving(self, dice: random.Random, ended_at: datetime) -> Visit:
        """Somebody's exam that ended about then, not later, and waits."""
        job = dice.choice(self._society.jobs)
        moment = Moment(self.calendar[-1], self._last_h, ended_at - _LASTS_AT_MOST)
        return self._stories.tell(dice, job, _before_work(job), moment, 0.0, waits=True)

    def _comings(self, dice: random.Random, day: date, quota: int, ends_h: float) -> Iterator[tuple[Job, float, str]]:
        """Who comes at which hour for which type of exam; exactly `quota` of them."""
        on_duty = [job for job in self._society.jobs if job.regime.works(day, job.phase)]
        dice.shuffle(on_duty)
        left = quota
        for job in on_duty:
            if left <= 0:
                return
            shift_h = job.regime.begins_h + _later_h(job)
            begins_h = shift_h - dice.triangular(0.08, 1.3, _WAY_H)
            over_h = shift_h + job.regime.lasts_h + dice.triangular(0.02, 0.6, 0.1)
            if begins_h < ends_h - 0.5:
                left -= 1
                yield job, begins_h, _before_work(job)
            if left > 0 and over_h % 24.0 < ends_h - 0.5 and dice.random() < job.firm.after_work:
                left -= 1
                yield job, over_h % 24.0, "post_trip" if job.firm.activity.is_transport else "post_shift"
        # More exams than shifts: people are looked at again during their work.
        first_h, last_h = (0.0, ends_h - 0.5) if ends_h > _LEAST_H else (-1.0, ends_h - 0.5)
        for _ in range(left):
            yield dice.choice(self._society.jobs), dice.uniform(first_h, last_h), "during_shift"


def _before_work(job: Job) -> str:
    return "pre_trip" if job.firm.activity.is_transport else "pre_shift"


def _later_h(job: Job) -> float:
    """Firms begin at hours of their own, up to 0.7 h from the usual one; a second job waits for the end of the first."""
    return 0.0 if job.regime is course.SECOND_JOB else 0.35 * (job.firm.place * 3 % 5 - 2)
