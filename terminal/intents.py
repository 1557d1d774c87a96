"""Intents of the person at the kiosk; the service turns them into events with facts.

The screen posts each with what it showed (`terminal.touched`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sync.contract.exam import ExamType


@dataclass(frozen=True, slots=True)
class Begin:
    """Touch on the idle screen."""

    exam_type: ExamType = "pre_shift"


@dataclass(frozen=True, slots=True)
class SubmitNumber:
    """A personnel number or a SNILS typed on the keypad."""

    text: str


@dataclass(frozen=True, slots=True)
class PresentCard:
    """A card or a QR code that was read."""

    text: str


@dataclass(frozen=True, slots=True)
class SearchFace:
    """ "Look at the camera" instead of a number, where the configuration offers it."""


@dataclass(frozen=True, slots=True)
class StopSearch:
    """Back to the number."""


@dataclass(frozen=True, slots=True)
class ChooseEmployment:
    """ "Today I work here": which of the employers on the screen, from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class AnswerIdentity:
    """ "Yes, this is me" or "no"; "no" among employers: none of them."""

    yes: bool


@dataclass(frozen=True, slots=True)
class AnswerConsent:
    """`language` is that of the text which was on the screen."""

    yes: bool
    language: str = "ru"


@dataclass(frozen=True, slots=True)
class AnswerComplaints:
    feels_well: bool
    codes: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class StartMeasuring:
    """The cuff is on; or: try again after a failed try."""


@dataclass(frozen=True, slots=True)
class EnterValues:
    """What the instrument without a cable shows, as typed, by quantity."""

    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StopMeasuring:
    """Stop at once; the cuff lets go."""


@dataclass(frozen=True, slots=True)
class Next:
    """Seen: go on from a shown value, the summary, or a decision."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the exam, or the screen that sends to a medic."""


@dataclass(frozen=True, slots=True)
class CallMedic:
    """Call for help; the screen shows the way to a person and staff are told."""


@dataclass(frozen=True, slots=True)
class ResumeExam:
    """After a restart: go on with the stored exam."""


@dataclass(frozen=True, slots=True)
class DropExam:
    """After a restart: close the stored exam as interrupted."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Any touch: the person is still there."""


Intent = (
    Begin
    | SubmitNumber
    | PresentCard
    | SearchFace
    | StopSearch
    | ChooseEmployment
    | AnswerIdentity
    | AnswerConsent
    | AnswerComplaints
    | StartMeasuring
    | EnterValues
    | StopMeasuring
    | Next
    | Leave
    | CallMedic
    | ResumeExam
    | DropExam
    | Touch
)
