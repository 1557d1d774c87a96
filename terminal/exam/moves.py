"""Actions that transitions share: leaving one phase for another, and the order of phases."""

from dataclasses import replace

from terminal.exam.effects import Effect, LookAtFace, StartMeasurement
from terminal.exam.model import MEASURING, Activity, ExamState, Phase, Stamp

Step = tuple[ExamState, tuple[Effect, ...]]

SELF_STARTING = frozenset({Phase.TEMPERATURE, Phase.BREATH})
"""Steps whose device waits for the worker; at the cuff the worker starts when ready."""


class ImpossibleEvent(Exception):
    """An event that cannot happen in this state: a bug of ours, never ignored."""


def enter(state: ExamState, phase: Phase, stamp: Stamp) -> Step:
    """Go to a phase, with the effects that entering it brings."""
    moved = replace(
        state,
        phase=phase,
        activity=Activity.READY,
        attempt=state.tried(phase),
        request_id="",
        device_id="",
        rest_until=None,
        rest_from=None,
        rest_anew=None,
        phase_since=stamp,
    )
    if phase is Phase.FACE:
        return moved, (LookAtFace(),)
    return moved, start_effects(moved)


def start_effects(state: ExamState) -> tuple[Effect, ...]:
    """Start the device of the current step if it starts by itself."""
    match state.phase:
        case Phase.TEMPERATURE:
            return (StartMeasurement("temperature"),)
        case Phase.BREATH:
            return (StartMeasurement("breath"),)
        case _:
            return ()


def advance(state: ExamState, stamp: Stamp) -> Step:
    """Go to the next step of the plan that is still to be done, or to the review."""
    steps = state.plan.steps
    after = steps[steps.index(state.phase) + 1 :] if state.phase in steps else steps
    for phase in after:
        if not _is_done(state, phase):
            return enter(state, phase, stamp)
    return enter(state, Phase.REVIEW, stamp)


def _is_done(state: ExamState, phase: Phase) -> bool:
    match phase:
        case Phase.CONSENT:
            return state.consent is not None
        case Phase.FACE:
            return state.face is not None
        case Phase.COMPLAINTS:
            return state.complaints is not None
        case _:
            return phase in MEASURING and bool(state.taken(phase))
