"""Transitions of identifying the worker."""

from dataclasses import replace

from sync.contract.exam import Examinee
from terminal.exam.events import (
    BookPresented,
    EmploymentsFound,
    ExamineeBlocked,
    ExamineeIdentified,
    IdentificationFailed,
    IdentityConfirmed,
    IdentityDenied,
)
from terminal.exam.model import ExamState, Phase
from terminal.exam.moves import Step, advance, enter


def failed(state: ExamState, event: IdentificationFailed) -> Step:
    """Count the try; after the last one the worker is sent to a medic."""
    tries = state.identification_attempts + 1
    state = replace(state, identification_attempts=tries, identification_error=event.code)
    if tries >= state.plan.most_identifications:
        return enter(replace(state, blocked_code="not_identified"), Phase.NOT_TODAY, event.stamp)
    return state, ()


def book_presented(state: ExamState, event: BookPresented) -> Step:
    """Keep what was read; it costs no try, and whose it is says the number that comes next."""
    return replace(state, presented_book=event.book, identification_error=""), ()


def employments_found(state: ExamState, event: EmploymentsFound) -> Step:
    """Ask where the worker works today, before anybody's name is shown."""
    state = replace(
        state,
        employments=event.employments,
        found_by=event.identified_by,
        found_by_face=event.found_by_face,
        identification_error="",
    )
    return enter(state, Phase.EMPLOYER, event.stamp)


def employment_gone(state: ExamState, event: IdentificationFailed) -> Step:
    """The chosen employment has left the roster meanwhile: back to the keypad."""
    state, effects = failed(_without_choice(state), event)
    return (state, effects) if state.phase is Phase.NOT_TODAY else enter(state, Phase.IDENTIFY, event.stamp)


def _without_choice(state: ExamState) -> ExamState:
    return replace(state, employments=(), found_by=None, found_by_face=None)


def identified(state: ExamState, event: ExamineeIdentified) -> Step:
    examinee = Examinee(
        worker_id=event.worker_id,
        employer_id=event.employer_id,
        identified_by=event.identified_by,
        found_by_face=event.found_by_face,
        confirmed=False,
    )
    state = replace(_without_choice(state), examinee=examinee, limits=event.limits, identification_error="")
    return enter(state, Phase.CONFIRM, event.stamp)


def blocked(state: ExamState, event: ExamineeBlocked) -> Step:
    """Found, but not to be examined here today: the screen says why and where to go."""
    examinee = Examinee(
        worker_id=event.worker_id,
        employer_id=event.employer_id,
        identified_by=event.identified_by,
        found_by_face=event.found_by_face,
        confirmed=False,
    )
    state = replace(_without_choice(state), examinee=examinee, blocked_code=event.code, blocked_text=event.text)
    return enter(state, Phase.NOT_TODAY, event.stamp)


def confirmed(state: ExamState, event: IdentityConfirmed) -> Step:
    if state.examinee is not None:
        state = replace(state, examinee=state.examinee.model_copy(update={"confirmed": True}))
    return advance(state, event.stamp)


def denied(state: ExamState, event: IdentityDenied) -> Step:
    """A wrong number, or none of these employers: back to the keypad, and the other worker is forgotten."""
    state = replace(
        _without_choice(state),
        examinee=None,
        limits=(),
        identification_attempts=state.identification_attempts + 1,
    )
    return enter(state, Phase.IDENTIFY, event.stamp)
