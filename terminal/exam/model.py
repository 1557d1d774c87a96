"""The state of one examination at one moment. Frozen; only `terminal.exam.decide` makes new ones."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from sync.contract.decision import Outcome
from sync.contract.exam import (
    AppliedLimit,
    Complaints,
    Consent,
    Examinee,
    ExamType,
    FaceCheck,
    FaceSearch,
    Failure,
    Measurement,
    MediaReference,
)
from sync.contract.film import Continuity, FilmGap
from sync.contract.model import Id, ShortText, Utc, WireModel
from sync.contract.person_code import PresentedBook

IdentifiedBy = Literal["personnel_number", "card", "qr", "face"]


class Phase(StrEnum):
    """Where an exam is. The values of the steps between CONFIRM and REVIEW are the names used in the plan."""

    IDENTIFY = "identify"
    NOT_TODAY = "not_today"
    EMPLOYER = "employer"
    """Several employments go by what was typed or read: the worker says where they work today."""
    CONFIRM = "confirm"
    CONSENT = "consent"
    FACE = "face"
    COMPLAINTS = "complaints"
    URGENT = "urgent"
    """A complaint that cannot wait: a medic is called, and the worker says whether the exam goes on."""
    TEMPERATURE = "temperature"
    PRESSURE = "pressure"
    BREATH = "breath"
    REVIEW = "review"
    WAITING = "waiting"
    DECIDED = "decided"
    ENDED = "ended"


MEASURING = frozenset({Phase.TEMPERATURE, Phase.PRESSURE, Phase.BREATH})


class Stamp(WireModel):
    """When something happened: UTC for records, the monotonic clock of this boot for durations."""

    at: Utc
    monotonic_s: float
    boot_id: ShortText
    trusted: bool = True


class Repeat(WireModel):
    """How a value out of limits is measured again. Source: practice of order 835n item 12, kept as configuration."""

    most: int = Field(default=0, ge=0, le=5)
    rest_s: float = Field(default=0, ge=0)


class Employment(WireModel):
    """One of several employments that go by the same number, card or face."""

    worker_id: Id
    employer_id: Id


STOPPED_AT_ONCE = "stopped_at_once"
"""Code of a try that the worker stopped before anything could be measured: a slip of the finger, not a failed try."""
AT_ONCE_S = 2.0
MOST_SLIPS = 20
"""Tries of one step stopped at once that cost nothing; a record has to end somewhere."""

PlannedStep = Literal[Phase.CONSENT, Phase.FACE, Phase.COMPLAINTS, Phase.TEMPERATURE, Phase.PRESSURE, Phase.BREATH]


class Plan(WireModel):
    """Order and content of the steps of one exam, as configured when it started."""

    steps: tuple[PlannedStep, ...] = (
        Phase.CONSENT,
        Phase.FACE,
        Phase.COMPLAINTS,
        Phase.TEMPERATURE,
        Phase.PRESSURE,
        Phase.BREATH,
    )
    repeats: dict[str, Repeat] = {}
    most_failures: int = Field(default=3, ge=1, le=10)
    """Failed tries of one step before the worker is sent to a medic."""
    most_identifications: int = Field(default=3, ge=1, le=10)
    most_photos: int = Field(default=3, ge=1, le=10)
    urgent_complaints: tuple[ShortText, ...] = ()
    """Codes of complaints that call a medic at once. Configuration: no list in the program."""
    show_result_s: float = Field(default=4.0, ge=0)
    """How long a value within its limits is shown; one out of limits stays until the worker has seen it."""
    rules_version: ShortText = "default"


class Activity(StrEnum):
    """What goes on inside a measuring step."""

    READY = "ready"
    """The screen explains; nothing is measured yet."""
    MEASURING = "measuring"
    RESULT = "result"
    """The value is on the disk and on the screen; the step goes on by itself."""
    RESTING = "resting"
    """Out of limits: measured again after `rest_until`."""
    TRY_AGAIN = "try_again"
    """A failed try that the worker can mend."""
    TROUBLE = "trouble"
    """A failed try that the worker cannot mend: the service engineer or the medic must act."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The medic's decision as the terminal checked it."""

    decision_id: str
    outcome: Outcome
    signature_valid: bool
    medic_name: str
    decided_at: datetime
    reasons: tuple[str, ...] = ()
    comment: str = ""
    released_text: str = ""
    valid_until: datetime | None = None
    repeat_step: str | None = None
    account_address: str = ""
    """Of the page on which the worker may open the own records, until `account_until`; empty: none is offered."""
    account_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Film:
    """One uninterrupted film of the exam; `ended_at` is None while it runs or its last segment is still to come."""

    number: int
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExamState:
    """One exam. `attempt` counts the starts of the current measuring step, failed ones included."""

    exam_id: str
    exam_type: ExamType
    plan: Plan
    started: Stamp
    generation: str
    software_version: str
    config_version: str
    books: dict[str, str] = field(default_factory=dict)
    """Version of each book that this exam is asked by."""
    phase: Phase = Phase.IDENTIFY
    activity: Activity = Activity.READY
    attempt: int = 0
    request_id: str = ""
    device_id: str = ""
    measuring_since: Stamp | None = None
    """When the current try was started."""
    rest_until: datetime | None = None
    """When the rest was to end by the clock of then; how much of it is left is `times.rest_left_s`'s to say."""
    rest_s: float = 0.0
    """What was ordered."""
    rest_from: Stamp | None = None
    rest_anew: Stamp | None = None
    """The terminal's first moment after a restart of the machine during this rest."""
    phase_since: Stamp | None = None
    identification_attempts: int = 0
    identification_error: str = ""
    presented_book: PresentedBook | None = None
    employments: tuple[Employment, ...] = ()
    """In EMPLOYER: among which the worker chooses, in the order of the screen."""
    found_by: IdentifiedBy | None = None
    """In EMPLOYER: how they were found."""
    found_by_face: FaceSearch | None = None
    examinee: Examinee | None = None
    blocked_code: str = ""
    blocked_text: str = ""
    consent: Consent | None = None
    photo_attempts: int = 0
    photo_error: str = ""
    face: FaceCheck | None = None
    complaints: Complaints | None = None
    measurements: tuple[Measurement, ...] = ()
    failures: tuple[Failure, ...] = ()
    limits: tuple[AppliedLimit, ...] = ()
    media: tuple[MediaReference, ...] = ()
    films: tuple[Film, ...] = ()
    film_gaps: tuple[FilmGap, ...] = ()
    continuity: Continuity | None = None
    timings_s: dict[str, float] = field(default_factory=dict)
    revision: int = 0
    sent_revision: int = 0
    decision: Decided | None = None
    decision_refused: bool = False
    """A decision came whose signature did not stand the check; a right one may still come."""
    end_reason: str = ""
    last: Stamp | None = None

    @property
    def is_open(self) -> bool:
        return self.phase is not Phase.ENDED

    @property
    def is_waiting(self) -> bool:
        """The worker may leave: the exam rests on the disk until the medic decides or the rest is over."""
        return self.phase in (Phase.WAITING, Phase.DECIDED) or self.activity is Activity.RESTING

    @property
    def urgent(self) -> tuple[str, ...]:
        """The worker's complaints that cannot wait, in the order of the configuration."""
        told = self.complaints.codes if self.complaints is not None else ()
        return tuple(code for code in self.plan.urgent_complaints if code in told)

    @property
    def last_failure(self) -> Failure | None:
        return self.failures[-1] if self.failures else None

    def taken(self, step: str) -> tuple[Measurement, ...]:
        """All attempts of a step that gave values, in order."""
        return tuple(m for m in self.measurements if m.step == step)

    def tried(self, step: str) -> int:
        """The number of the last attempt of a step, whether it gave a value or not."""
        return max(
            max((m.attempt for m in self.measurements if m.step == step), default=0),
            max((f.attempt for f in self.failures if f.step == step), default=0),
        )

    def has_tries(self, step: str) -> bool:
        """Whether another try of a step may start: so many may fail, whoever's fault they were."""
        return self.failed(step) < self.plan.most_failures

    def failed(self, step: str) -> int:
        """How many tries of a step failed since its last value; those that were stopped at once are no tries."""
        last_value = max((m.attempt for m in self.taken(step)), default=0)
        since = [failure for failure in self.failures if failure.step == step and failure.attempt > last_value]
        slips = sum(1 for failure in since if failure.code == STOPPED_AT_ONCE)
        return len(since) - min(slips, MOST_SLIPS)
