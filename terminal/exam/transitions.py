"""The table of the exam: which event may follow in which phase, and what it does.

An event that is not in the table is an `ImpossibleEvent`. Read it together with the picture in docs/architecture.md.
"""

from collections.abc import Callable, Mapping
from typing import Any

from terminal.exam import asking, filming, identification, measuring, outcome
from terminal.exam.events import (
    BookPresented,
    ComplaintsAnswered,
    ConsentAnswered,
    DecisionReceived,
    DecisionRefused,
    DecisionSeen,
    DeviceReturned,
    EmploymentsFound,
    ExamEnded,
    ExamineeBlocked,
    ExamineeIdentified,
    ExamResumed,
    FilmBegan,
    FilmEnded,
    FilmMissed,
    IdentificationFailed,
    IdentityConfirmed,
    IdentityDenied,
    MeasurementFailed,
    MeasurementStarted,
    MeasurementTaken,
    MediaKept,
    PeopleSeen,
    PersonChanged,
    PhotoRefused,
    PhotoTaken,
    RestBeganAnew,
    RestEnded,
    ResultSeen,
    SummaryConfirmed,
    UrgencySeen,
)
from terminal.exam.model import Phase
from terminal.exam.moves import Step

Handler = Callable[..., Step]

_OF_THE_FILM: dict[type[Any], Handler] = {
    MediaKept: filming.media_kept,
    FilmMissed: filming.film_missed,
    FilmEnded: filming.film_ended,
    PeopleSeen: filming.people_seen,
}
"""May come in any phase after the worker was identified: the last segment is late, the looks are counted at the end."""

_OF_A_MEASURING_STEP: dict[type[Any], Handler] = {
    **_OF_THE_FILM,
    FilmBegan: filming.film_began,
    PersonChanged: filming.person_changed,
    MeasurementStarted: measuring.started,
    MeasurementTaken: measuring.taken,
    MeasurementFailed: measuring.failed,
    ResultSeen: measuring.result_seen,
    RestEnded: measuring.rest_ended,
    RestBeganAnew: measuring.rest_began_anew,
    DeviceReturned: measuring.device_returned,
    ExamResumed: measuring.resumed,
    ExamEnded: outcome.ended,
}

TRANSITIONS: Mapping[Phase, Mapping[type[Any], Handler]] = {
    Phase.IDENTIFY: {
        IdentificationFailed: identification.failed,
        BookPresented: identification.book_presented,
        EmploymentsFound: identification.employments_found,
        ExamineeIdentified: identification.identified,
        ExamineeBlocked: identification.blocked,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.EMPLOYER: {
        IdentificationFailed: identification.employment_gone,
        ExamineeIdentified: identification.identified,
        ExamineeBlocked: identification.blocked,
        IdentityDenied: identification.denied,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.NOT_TODAY: {**_OF_THE_FILM, ExamResumed: outcome.unchanged, ExamEnded: outcome.ended},
    Phase.CONFIRM: {
        IdentityConfirmed: identification.confirmed,
        IdentityDenied: identification.denied,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.CONSENT: {
        **_OF_THE_FILM,
        ConsentAnswered: asking.consent_answered,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.FACE: {
        **_OF_THE_FILM,
        FilmBegan: filming.film_began,
        PhotoRefused: asking.photo_refused,
        PhotoTaken: asking.photo_taken,
        ExamResumed: asking.face_resumed,
        ExamEnded: outcome.ended,
    },
    Phase.COMPLAINTS: {
        **_OF_THE_FILM,
        FilmBegan: filming.film_began,
        ComplaintsAnswered: asking.complaints_answered,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.URGENT: {
        **_OF_THE_FILM,
        UrgencySeen: asking.urgency_seen,
        SummaryConfirmed: outcome.summary_confirmed,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.TEMPERATURE: _OF_A_MEASURING_STEP,
    Phase.PRESSURE: _OF_A_MEASURING_STEP,
    Phase.BREATH: _OF_A_MEASURING_STEP,
    Phase.REVIEW: {
        **_OF_THE_FILM,
        SummaryConfirmed: outcome.summary_confirmed,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.WAITING: {
        **_OF_THE_FILM,
        DecisionReceived: outcome.decision_received,
        DecisionRefused: outcome.decision_refused,
        ExamResumed: outcome.unchanged,
        ExamEnded: outcome.ended,
    },
    Phase.DECIDED: {
        **_OF_THE_FILM,
        DecisionReceived: outcome.decision_received,
        DecisionSeen: outcome.decision_seen,
        ExamResumed: outcome.unchanged,
    },
    Phase.ENDED: {DecisionReceived: outcome.decision_after_end},
}
