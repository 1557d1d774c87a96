"""One exam as plain values: person, place, time, measurements, findings, and the medic's decision."""

from dataclasses import dataclass, field
from datetime import datetime

from dopusk.lab.population.society import Job


@dataclass(frozen=True, slots=True)
class Reading:
    """One attempt that gave values."""

    step: str
    attempt: int
    at: datetime
    values: dict[str, int | float]


@dataclass(frozen=True, slots=True)
class Miss:
    """One attempt that gave none, and who has to act."""

    step: str
    attempt: int
    at: datetime
    code: str
    message: str
    act: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A value out of its limits, or a complaint (no value then)."""

    parameter: str
    code: str
    attempt: int | None = None
    value: int | float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a medic decided so many seconds after the record had come."""

    doctor: int
    after_s: float
    outcome: str
    reasons: tuple[str, ...] = ()
    comment: str = ""
    override: str = ""
    repeat_step: str | None = None
    then: "Ruling | None" = None
    """A correction of it; `after_s` counts from the decision that is corrected."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The record as it was sent once. A second one goes on after the medic had asked for a repeat."""

    readings: tuple[Reading, ...]
    finished_at: datetime
    suggestion: str
    findings: tuple[Finding, ...]
    ruling: Ruling | None
    """None while it waits, and for what was never finished."""


@dataclass(slots=True)
class Visit:
    """One exam. `end_reason` is empty for one that was finished."""

    job: Job
    gate: int
    exam_type: str
    started_at: datetime
    revisions: tuple[Revision, ...]
    end_reason: str = ""
    complaints: tuple[str, ...] = ()
    misses: tuple[Miss, ...] = field(default=())
    fraud: str = ""
    """Which fraud this exam belongs to; empty for all others."""
    breath_of: "Visit | None" = None
    """With frauds: somebody else's exam whose breath stands in this one."""

    @property
    def finished_at(self) -> datetime:
        """When the first record of it was sent."""
        return self.revisions[0].finished_at
