"""The size of an invented centre, and the days of its exams. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

MOST_WORKERS = 1_000_000
"""SNILS of one population stand in one block of so many numbers."""
_PER_MEDIC_AND_DAY = 250
_PER_TERMINAL_AND_DAY = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a population. Counts are exact; the same plan gives the same people and exams.

    `until`: the moment at which the newest exam has just ended. `zone`: whose days and hours the course follows. `terminals` and
    `medics` of 0: as many as the exams need. `waiting`: how many of the exams came in the last minutes and wait for a medic.
    """

    organisations: int
    employers: int
    workers: int
    exams: int
    days: int
    seed: int
    until: datetime
    frauds: bool = False
    terminals: int = 0
    medics: int = 0
    waiting: int = 0
    zone: tzinfo = UTC

    def faults(self) -> list[str]:
        """What does not go together, in words; empty when all is well."""
        found = [
            f"--{name} must be at least {least}"
            for name, least in (("organisations", 1), ("employers", 1), ("workers", 1), ("exams", 0), ("days", 1))
            if getattr(self, name) < least
        ]
        if self.employers < self.organisations:
            found.append("every organisation needs an employer: --employers must not be below --organisations")
        if self.workers < self.employers:
            found.append("every employer needs a worker: --workers must not be below --employers")
        if self.workers > MOST_WORKERS:
            found.append(f"--workers may be at most {MOST_WORKERS}")
        if not 0 <= self.waiting <= self.exams:
            found.append("--waiting must not be above --exams")
        return found

    @property
    def exams_per_day(self) -> int:
        """On average, rounded up."""
        return -(-self.exams // self.days)

    @property
    def terminal_count(self) -> int:
        """As many as asked for, at least one for each organisation."""
        wanted = self.terminals or -(-self.exams_per_day // _PER_TERMINAL_AND_DAY) + self.employers // 2
        return max(wanted, self.organisations)

    @property
    def medic_count(self) -> int:
        """As many as asked for, at least one for each organisation; two where nobody said."""
        wanted = self.medics or max(-(-self.exams_per_day // _PER_MEDIC_AND_DAY), 2 * self.organisations)
        return max(wanted, self.organisations)

    @property
    def calendar(self) -> tuple[date, ...]:
        """The days, oldest first; the last one is that of `until`."""
        last = self.until.astimezone(self.zone).date()
        return tuple(last - timedelta(days=back) for back in range(self.days - 1, -1, -1))
