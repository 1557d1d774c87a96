"""The one table of the exam: which event may follow in which phase, and what it does.

An event that is not in the table is an `ImpossibleEvent`. Read it together with the picture in docs/architecture.md.
"""

from collections.abc import Callable, Mapping
from typing import Any

from terminal.exam import asking, identification, measuring, outcome
from terminal.exam.events import (
    ComplaintsAnswered,
    ConsentAnswered,
    DecisionReceived,
    DecisionSeen,
    DeviceReturned,
    ExamEnded,
    ExamineeBlocked,
    ExamineeIdentified,
    ExamResumed,
    IdentificationFailed,
    IdentityConfirmed,
    IdentityDenied,
    MeasurementFailed,
    MeasurementStarted,
    MeasurementTaken,
    PhotoRefused,
    PhotoTaken,
    RestEnded,
    ResultSeen,
    SummaryConfirmed,
)
from terminal.exam.model import Phase
from terminal.exam.moves import Step

Handler = Callable[..., Step]

_OF_A_MEASURING_STEP: dict[type[Any], Handler] = {
    MeasurementStarted: measuring.started,
    MeasurementTaken: measuring.taken,
    MeasurementFailed: measuring.failed,
    ResultSeen: measuring.result_seen,
    RestEnded: measuring.rest_ended,
    DeviceReturned: measuring.device_returned,
    ExamResumed: measuring.resumed,
    ExamEnded: outcome.ended,
}

TRANSITIONS: Mapping[Phase, Mapping[type[Any], Handler]] = {
    Phase.IDENTIFY: {
        IdentificationFailed: identification.failed,
        ExamineeIdentified: identification.identified,
        ExamineeBlocked: identification.blocked,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.NOT_TODAY: {ExamResumed: outcome.unchanged, ExamEnded: outcome.ended},
    Phase.CONFIRM: {
        IdentityConfirmed: identification.confirmed,
        IdentityDenied: identification.denied,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.CONSENT: {
        ConsentAnswered: asking.consent_answered,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.FACE: {
        PhotoRefused: asking.photo_refused,
        PhotoTaken: asking.photo_taken,
        ExamResumed: asking.face_resumed,
        ExamEnded: outcome.ended,
    },
    Phase.COMPLAINTS: {
        ComplaintsAnswered: asking.complaints_answered,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.TEMPERATURE: _OF_A_MEASURING_STEP,
    Phase.PRESSURE: _OF_A_MEASURING_STEP,
    Phase.BREATH: _OF_A_MEASURING_STEP,
    Phase.REVIEW: {
        SummaryConfirmed: outcome.summary_confirmed,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.WAITING: {
        DecisionReceived: outcome.decision_received,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.DECIDED: {
        DecisionReceived: outcome.decision_received,
        DecisionSeen: outcome.decision_seen,
        ExamResumed: outcome.unchanged,
    },
    Phase.ENDED: {DecisionReceived: outcome.decision_after_end},
}
