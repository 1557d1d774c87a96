"""Transitions of a measuring step: start, value or failure, rest and repeat."""

from dataclasses import replace
from datetime import timedelta

from sync.contract.limits import out_of_limits
from terminal.exam.effects import Effect, ShowResultFor, WakeAt
from terminal.exam.events import (
    DeviceReturned,
    ExamResumed,
    MeasurementFailed,
    MeasurementStarted,
    MeasurementTaken,
    RestBeganAnew,
    RestEnded,
    ResultSeen,
)
from terminal.exam.model import Activity, ExamState, Repeat
from terminal.exam.moves import ImpossibleEvent, Step, advance, start_effects

_MAY_START = frozenset({Activity.READY, Activity.TRY_AGAIN, Activity.TROUBLE})


def started(state: ExamState, event: MeasurementStarted) -> Step:
    if event.step != state.phase or state.activity not in _MAY_START or event.attempt != state.attempt + 1:
        raise ImpossibleEvent(f"start of {event.step} attempt {event.attempt} in {state.phase}/{state.activity}")
    return (
        replace(
            state,
            activity=Activity.MEASURING,
            attempt=event.attempt,
            request_id=event.request_id,
            device_id=event.device_id,
            measuring_since=event.stamp,
        ),
        (),
    )


def taken(state: ExamState, event: MeasurementTaken) -> Step:
    """Keep the value. Only an answer to the current start counts: a late one belongs to nobody."""
    _expect_answer(state, event.request_id)
    state = replace(
        state,
        measurements=(*state.measurements, event.measurement),
        activity=Activity.RESULT,
        request_id="",
    )
    return state, _show_result(state)


def waits_to_be_seen(state: ExamState) -> bool:
    """Whether the value on the screen is out of its limits: then it stays until somebody has touched it away."""
    return state.activity is Activity.RESULT and bool(out_of_limits(state.taken(state.phase)[-1], state.limits))


def _show_result(state: ExamState) -> tuple[Effect, ...]:
    return () if waits_to_be_seen(state) else (ShowResultFor(state.plan.show_result_s),)


def failed(state: ExamState, event: MeasurementFailed) -> Step:
    """Keep the failure. The worker may retry what they can put right; otherwise the exam waits for the person who must act."""
    _expect_answer(state, event.request_id)
    state = replace(state, failures=(*state.failures, event.failure), request_id="")
    mendable = event.failure.act == "worker" and state.has_tries(state.phase)
    return replace(state, activity=Activity.TRY_AGAIN if mendable else Activity.TROUBLE), ()


def result_seen(state: ExamState, event: ResultSeen) -> Step:
    """Go on, or rest before a repeat when the value is out of limits and repeats are left."""
    if state.activity is not Activity.RESULT:
        raise ImpossibleEvent(f"result seen in {state.phase}/{state.activity}")
    attempts = state.taken(state.phase)
    rule = state.plan.repeats.get(state.phase, Repeat())
    if len(attempts) <= rule.most and out_of_limits(attempts[-1], state.limits):
        until = event.stamp.at + timedelta(seconds=rule.rest_s)
        resting = replace(
            state,
            activity=Activity.RESTING,
            rest_until=until,
            rest_s=rule.rest_s,
            rest_from=event.stamp,
            rest_anew=None,
        )
        return resting, (WakeAt(until),)
    return advance(state, event.stamp)


def rest_ended(state: ExamState, event: RestEnded) -> Step:
    if state.activity is not Activity.RESTING:
        raise ImpossibleEvent(f"rest ended in {state.phase}/{state.activity}")
    state = replace(state, activity=Activity.READY, rest_until=None, rest_from=None, rest_anew=None)
    return state, start_effects(state)


def rest_began_anew(state: ExamState, event: RestBeganAnew) -> Step:
    if state.activity is not Activity.RESTING:
        raise ImpossibleEvent(f"rest began anew in {state.phase}/{state.activity}")
    return replace(state, rest_anew=event.stamp), ()


def device_returned(state: ExamState, event: DeviceReturned) -> Step:
    """The cable is back: the step starts again without anybody's help."""
    if state.activity is not Activity.TROUBLE:
        raise ImpossibleEvent(f"device returned in {state.phase}/{state.activity}")
    state = replace(state, activity=Activity.READY)
    return state, start_effects(state)


def resumed(state: ExamState, event: ExamResumed) -> Step:
    """After a restart: what was being measured has no answer any more and is measured again."""
    if state.activity is Activity.RESTING and state.rest_until is not None:
        return state, (WakeAt(state.rest_until),)
    if state.activity is Activity.RESULT:
        return state, _show_result(state)
    if state.activity in (Activity.MEASURING, Activity.READY):
        state = replace(state, activity=Activity.READY, request_id="")
        return state, start_effects(state)
    no_effects: tuple[Effect, ...] = ()
    return state, no_effects


def _expect_answer(state: ExamState, request_id: str) -> None:
    if state.activity is not Activity.MEASURING or request_id != state.request_id:
        raise ImpossibleEvent(
            f"answer to {request_id} in {state.phase}/{state.activity}, expected {state.request_id!r}"
        )
