"""The examination as it travels: everything that was asked, measured and missed, and nothing that was not.

Schema `dopusk.exam/1`. Carries no name and no SNILS: the worker is an opaque `worker_id` from the roster.
A missing measurement is absent; a failed try stands under `failures`. All attempts are kept.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from sync.contract.film import Continuity, FilmMark, FilmReport
from sync.contract.model import Id, LongText, Name, Sha256, ShortText, Utc, WireModel
from sync.contract.person_code import PresentedBook
from sync.contract.room import RoomVisit

EXAM_SCHEMA = "dopusk.exam/1"

URGENT_COMPLAINT = "urgent_complaint"
"""Code of the finding that names a complaint which cannot wait; its value is the complaint's code."""

ExamType = Literal["pre_shift", "pre_trip", "post_shift", "post_trip", "during_shift"]
Value = int | float | str


class Examinee(WireModel):
    """Who was examined, and how that was found out."""

    worker_id: Id
    employer_id: Id
    identified_by: Literal["personnel_number", "card", "qr", "face", "document"]
    """`document`: a medic looked at one, in a medical room."""
    confirmed: bool
    found_by_face: "FaceSearch | None" = None
    """For `face`: what the search among the terminal's workers gave."""


class FaceSearch(WireModel):
    """A hit of a search among the faces enrolled on a terminal; the worker confirmed it or it is not in the record."""

    engine: ShortText
    score: float
    threshold: float
    """The least score of a hit."""
    next_score: float | None = None
    """Score of the next most similar worker; None when nobody else is enrolled."""
    enrolled: int = Field(ge=1)
    """Among how many."""
    frames: int = Field(ge=1)


class Consent(WireModel):
    """The worker's answer to the consent text of that version."""

    given: bool
    version: ShortText
    language: ShortText = "ru"
    text_sha256: Sha256
    """Hash of the whole text in that language, as the worker could read it."""
    at: Utc


class FaceCheck(WireModel):
    """What the terminal made of the face. `not_compared` unless a legal basis is configured and consent is on record."""

    outcome: Literal["not_compared", "same", "not_same", "unclear"]
    faces_found: int | None = Field(default=None, ge=0)
    reason: ShortText = ""
    engine: ShortText = ""
    score: float | None = None
    threshold: float | None = None
    frames: int | None = Field(default=None, ge=0)
    """How many camera frames the score rests on; `score` is their median."""
    liveness: Literal["not_checked", "live", "not_live", "unclear"] = "not_checked"


class Complaints(WireModel):
    """Answers to "how do you feel"; codes come from the reference book of the organisation."""

    feels_well: bool
    codes: tuple[ShortText, ...] = ()
    text: LongText = ""


class Device(WireModel):
    """Which instrument gave a value."""

    device_id: ShortText
    driver: ShortText
    maker: ShortText
    model: ShortText
    serial: ShortText | None
    serial_source: ShortText = "configuration"
    firmware: ShortText | None = None
    medical_device: bool
    verified_until: date | None = None


class Measurement(WireModel):
    """One attempt that gave values. `values` is keyed by quantity with its unit in the name, as in `codes.QUANTITIES`."""

    measurement_id: Id
    step: Literal["temperature", "pressure", "breath", "oximetry"]
    attempt: int = Field(ge=1)
    at: Utc
    values: dict[ShortText, Value]
    device: Device
    derivation: Literal["automatic", "manual"] = "automatic"
    generation: Literal["real", "demo", "test"]
    raw_hex: LongText
    device_clock: ShortText | None = None
    details: dict[ShortText, Value] = {}


class Failure(WireModel):
    """One attempt that gave no value, and who has to act."""

    step: ShortText
    attempt: int = Field(ge=1)
    at: Utc
    device_id: ShortText
    kind: ShortText
    code: ShortText
    message: ShortText
    act: Literal["worker", "service", "medic"]


class AppliedLimit(WireModel):
    """A limit as it was resolved for this exam. Values outside [`low`, `high`] are out of limits; ends are inside."""

    parameter: ShortText
    low: float | None = None
    high: float | None = None
    source: Literal["worker", "employer", "organisation", "default"]
    version: ShortText


class RuleFinding(WireModel):
    """One reason why the rules look twice."""

    parameter: ShortText
    attempt: int | None = None
    value: Value | None = None
    low: float | None = None
    high: float | None = None
    code: ShortText


class RuleVerdict(WireModel):
    """What the rules suggest. Never a decision."""

    suggestion: Literal["within_limits", "attention", "out_of_limits", "incomplete"]
    findings: tuple[RuleFinding, ...] = ()
    rules_version: ShortText

    @property
    def urgent_complaints(self) -> tuple[str, ...]:
        """Codes of the complaints that cannot wait."""
        return tuple(str(finding.value) for finding in self.findings if finding.code == URGENT_COMPLAINT)


class MediaReference(WireModel):
    """A photo or video segment that belongs to the exam; the bytes travel apart and are found by their hash."""

    sha256: Sha256
    kind: Literal["photo", "video"]
    content_type: ShortText
    size_bytes: int = Field(ge=1)
    step: ShortText
    at: Utc
    """When it was taken; of a video segment, when it begins."""
    ended_at: Utc | None = None
    """Of a video segment, when it ends."""
    attempt: int | None = Field(default=None, ge=1)
    moment: ShortText = ""
    """What a still shows: `blow`, `result`, `person_changed`; empty for the photo of the exam and for videos."""
    codec: ShortText = ""
    film: int | None = Field(default=None, ge=1)
    """Number of the film within the exam that a segment belongs to: a new one begins after each rest or restart."""
    marks: tuple[FilmMark, ...] = ()


class DiaryRange(WireModel):
    """The part of the terminal's own signed diary that this record was folded from."""

    first_seq: int = Field(ge=1)
    last_seq: int = Field(ge=1)
    head_hash: Sha256


class ExamRecord(WireModel):
    """One examination. `revision` grows when the exam goes on after it was sent (a repeat that the medic asked for)."""

    exam_id: Id
    revision: int = Field(ge=1)
    exam_type: ExamType
    org: Name
    state: Literal["submitted", "unfinished"]
    end_reason: ShortText = ""
    """For `unfinished`: `not_identified`, `interrupted`, `consent_refused`, `device_trouble`, `expired`, `person_changed`."""
    started_at: Utc
    finished_at: Utc
    examinee: Examinee | None
    identification_attempts: int = Field(default=0, ge=0)
    consent: Consent | None = None
    face: FaceCheck | None = None
    complaints: Complaints | None = None
    measurements: tuple[Measurement, ...] = ()
    failures: tuple[Failure, ...] = ()
    limits: tuple[AppliedLimit, ...] = ()
    rule_verdict: RuleVerdict
    media: tuple[MediaReference, ...] = ()
    film: FilmReport | None = None
    """None where nothing was to be filmed: switched off, no camera, or no consent."""
    continuity: Continuity | None = None
    """None where nobody looked."""
    timings_s: dict[ShortText, float] = {}
    software_s: float | None = None
    """The software's own share of the exam's time, in seconds."""
    software_version: ShortText
    config_version: ShortText
    books: dict[ShortText, ShortText] = {}
    """Version of each reference book that the kiosk showed: `complaints`, `consent_text`, `kiosk_texts`."""
    diary: DiaryRange | None = None
    """None for an exam of a medical room, which keeps no diary: its record is signed as a whole."""
    room: RoomVisit | None = None
    """None for an exam at a terminal."""
    presented_book: PresentedBook | None = None
    """The code of a medical book that was held to the reader, the last one; None where nobody did so."""
