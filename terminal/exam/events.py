"""Events of an exam: facts in the past tense, each with its moment. They are stored unchanged."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from sync.contract.decision import Outcome
from sync.contract.exam import (
    AppliedLimit,
    Complaints,
    Consent,
    ExamType,
    FaceCheck,
    FaceSearch,
    Failure,
    Measurement,
    MediaReference,
)
from sync.contract.film import FilmGap, PersonChange, StepLooks
from sync.contract.model import Id, LongText, ShortText, Utc, WireModel
from sync.contract.person_code import PresentedBook
from terminal.exam.model import Employment, IdentifiedBy, Plan, Stamp

EndReason = Literal[
    "interrupted",
    "timed_out",
    "not_identified",
    "device_trouble",
    "consent_refused",
    "not_allowed",
    "expired",
    "person_changed",
    "continued_elsewhere",
]

BlockCode = Literal["suspended", "not_remote", "in_person", "not_allowed"]
"""Why a known worker is not examined here; the last two by a rule of the medical organisation."""


class EventBase(WireModel):
    """A fact about one exam."""

    exam_id: Id
    stamp: Stamp


class ExamStarted(EventBase):
    type: Literal["exam_started"] = "exam_started"
    exam_type: ExamType
    plan: Plan
    generation: Literal["real", "demo", "test"]
    software_version: ShortText
    config_version: ShortText
    books: dict[ShortText, ShortText] = {}
    """Version of each book that this exam is asked by, to its end. Empty in diaries of programs before this."""


class IdentificationFailed(EventBase):
    """Nobody was found for what was typed or read; the typed text itself is not kept."""

    type: Literal["identification_failed"] = "identification_failed"
    code: Literal["unknown", "check_digit", "malformed", "foreign_code"]


class BookPresented(EventBase):
    """The code of a medical book was read. Nobody is identified by it; the centre checks it."""

    type: Literal["book_presented"] = "book_presented"
    book: PresentedBook


class EmploymentsFound(EventBase):
    """Several employments go by what was typed or read; which of them it is today the worker says."""

    type: Literal["employments_found"] = "employments_found"
    employments: tuple[Employment, ...] = Field(min_length=2, max_length=1000)
    identified_by: IdentifiedBy
    found_by_face: FaceSearch | None = None


class ExamineeIdentified(EventBase):
    """The worker was found in the roster; the limits that hold for him are stored with the exam."""

    type: Literal["examinee_identified"] = "examinee_identified"
    worker_id: Id
    employer_id: Id
    identified_by: IdentifiedBy
    found_by_face: FaceSearch | None = None
    limits: tuple[AppliedLimit, ...]


class ExamineeBlocked(EventBase):
    """The worker was found and may not be examined here today."""

    type: Literal["examinee_blocked"] = "examinee_blocked"
    worker_id: Id
    employer_id: Id
    identified_by: IdentifiedBy
    found_by_face: FaceSearch | None = None
    code: BlockCode
    text: LongText


class IdentityConfirmed(EventBase):
    type: Literal["identity_confirmed"] = "identity_confirmed"


class IdentityDenied(EventBase):
    """ "No, this is not me": back to the keypad."""

    type: Literal["identity_denied"] = "identity_denied"


class ConsentAnswered(EventBase):
    type: Literal["consent_answered"] = "consent_answered"
    consent: Consent


class PhotoRefused(EventBase):
    """The picture was no good; `code` says what to change (`no_face`, `several_faces`, `too_far`, `dark`, ...)."""

    type: Literal["photo_refused"] = "photo_refused"
    code: ShortText


class PhotoTaken(EventBase):
    """The photo that goes into the record; without a camera `photo` is None and the medic is told."""

    type: Literal["photo_taken"] = "photo_taken"
    face: FaceCheck
    photo: MediaReference | None


class ComplaintsAnswered(EventBase):
    type: Literal["complaints_answered"] = "complaints_answered"
    complaints: Complaints


class UrgencySeen(EventBase):
    """The worker has read that a medic was called, and goes on with the exam."""

    type: Literal["urgency_seen"] = "urgency_seen"


class MeasurementStarted(EventBase):
    type: Literal["measurement_started"] = "measurement_started"
    step: Literal["temperature", "pressure", "breath"]
    attempt: int
    request_id: Id
    device_id: ShortText


class MeasurementTaken(EventBase):
    type: Literal["measurement_taken"] = "measurement_taken"
    request_id: Id
    measurement: Measurement


class MeasurementFailed(EventBase):
    type: Literal["measurement_failed"] = "measurement_failed"
    request_id: Id
    failure: Failure


class ResultSeen(EventBase):
    """The value was shown long enough, or the worker touched "next"."""

    type: Literal["result_seen"] = "result_seen"


class RestEnded(EventBase):
    """The rest interval is over; the next attempt may start."""

    type: Literal["rest_ended"] = "rest_ended"


class RestBeganAnew(EventBase):
    """The machine was started again during the rest: from here it can be counted for certain."""

    type: Literal["rest_began_anew"] = "rest_began_anew"


class DeviceReturned(EventBase):
    """The device that a step is waiting for is ready again."""

    type: Literal["device_returned"] = "device_returned"
    device_id: ShortText


class SummaryConfirmed(EventBase):
    type: Literal["summary_confirmed"] = "summary_confirmed"


class DecisionReceived(EventBase):
    """A medic's decision whose signature was checked on this terminal."""

    type: Literal["decision_received"] = "decision_received"
    decision_id: Id
    outcome: Outcome
    reasons: tuple[ShortText, ...] = ()
    comment: LongText = ""
    released_text: LongText = ""
    medic_name: ShortText
    decided_at: Utc
    valid_until: Utc | None = None
    repeat_step: Literal["temperature", "pressure", "breath"] | None = None
    account_address: LongText = ""
    """Of the page on which the worker may open the own records; empty: the centre offers none with this decision."""
    account_until: Utc | None = None


class DecisionRefused(EventBase):
    """The centre sent a decision on this exam that did not stand the check of its signature; nothing of it is shown."""

    type: Literal["decision_refused"] = "decision_refused"


class DecisionSeen(EventBase):
    type: Literal["decision_seen"] = "decision_seen"


class ExamResumed(EventBase):
    """After a restart the worker chose to go on; what was being measured is measured again."""

    type: Literal["exam_resumed"] = "exam_resumed"


class FilmBegan(EventBase):
    """The camera films from now on. `film` counts within the exam."""

    type: Literal["film_began"] = "film_began"
    film: int = Field(ge=1)


class MediaKept(EventBase):
    """A film segment or a still is on the disk under its hash; its chunks are queued in the same transaction."""

    type: Literal["media_kept"] = "media_kept"
    media: MediaReference


class FilmMissed(EventBase):
    """A part of the film, or a still, that there is not."""

    type: Literal["film_missed"] = "film_missed"
    gap: FilmGap


class FilmEnded(EventBase):
    """Every segment of this film is kept or named as missed."""

    type: Literal["film_ended"] = "film_ended"
    film: int = Field(ge=1)


class PeopleSeen(EventBase):
    """What the looks during some steps showed. `compared`: with a legal basis and consent; otherwise presence alone."""

    type: Literal["people_seen"] = "people_seen"
    compared: bool
    looks: tuple[StepLooks, ...]


class PersonChanged(EventBase):
    """Somebody else stands before the camera: the exam goes no further."""

    type: Literal["person_changed"] = "person_changed"
    change: PersonChange


class ExamEnded(EventBase):
    """The exam ended without a decision."""

    type: Literal["exam_ended"] = "exam_ended"
    reason: EndReason


Event = (
    ExamStarted
    | IdentificationFailed
    | BookPresented
    | EmploymentsFound
    | ExamineeIdentified
    | ExamineeBlocked
    | IdentityConfirmed
    | IdentityDenied
    | ConsentAnswered
    | PhotoRefused
    | PhotoTaken
    | ComplaintsAnswered
    | UrgencySeen
    | MeasurementStarted
    | MeasurementTaken
    | MeasurementFailed
    | ResultSeen
    | RestEnded
    | RestBeganAnew
    | DeviceReturned
    | SummaryConfirmed
    | DecisionReceived
    | DecisionRefused
    | DecisionSeen
    | ExamResumed
    | FilmBegan
    | MediaKept
    | FilmMissed
    | FilmEnded
    | PeopleSeen
    | PersonChanged
    | ExamEnded
)

EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
"""Reads a stored event back: `EVENTS.validate_python(fields)`."""
