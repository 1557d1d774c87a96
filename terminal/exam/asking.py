"""Transitions of consent, photo and complaints."""

from dataclasses import replace

from terminal.exam.effects import LookAtFace
from terminal.exam.events import ComplaintsAnswered, ConsentAnswered, ExamResumed, PhotoRefused, PhotoTaken, UrgencySeen
from terminal.exam.model import ExamState, Phase
from terminal.exam.moves import Step, advance, enter


def consent_answered(state: ExamState, event: ConsentAnswered) -> Step:
    """Without consent there is no remote exam: the worker is sent to a medic."""
    state = replace(state, consent=event.consent)
    if event.consent.given:
        return advance(state, event.stamp)
    return enter(replace(state, blocked_code="consent_refused"), Phase.NOT_TODAY, event.stamp)


def photo_refused(state: ExamState, event: PhotoRefused) -> Step:
    """Say what to change and look again."""
    state = replace(state, photo_attempts=state.photo_attempts + 1, photo_error=event.code)
    return state, (LookAtFace(),)


def photo_taken(state: ExamState, event: PhotoTaken) -> Step:
    media = state.media if event.photo is None else (*state.media, event.photo)
    state = replace(state, face=event.face, media=media, photo_error="")
    return advance(state, event.stamp)


def face_resumed(state: ExamState, event: ExamResumed) -> Step:
    return state, (LookAtFace(),)


def complaints_answered(state: ExamState, event: ComplaintsAnswered) -> Step:
    """Go on; with a complaint that cannot wait, stop here first: a medic is called."""
    state = replace(state, complaints=event.complaints)
    return enter(state, Phase.URGENT, event.stamp) if state.urgent else advance(state, event.stamp)


def urgency_seen(state: ExamState, event: UrgencySeen) -> Step:
    return advance(state, event.stamp)
