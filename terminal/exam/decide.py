"""`decide(state, event)`: the exam's only way from one state to the next; and `fold`, which replays stored events."""

from collections.abc import Iterable
from dataclasses import replace

from terminal.exam.events import Event, ExamStarted
from terminal.exam.model import ExamState, Stamp
from terminal.exam.moves import ImpossibleEvent, Step
from terminal.exam.transitions import TRANSITIONS


def decide(state: ExamState | None, event: Event) -> Step:
    """Next state and effects. Raises `ImpossibleEvent` for an event that the table does not allow."""
    if isinstance(event, ExamStarted):
        if state is not None:
            raise ImpossibleEvent("an exam starts once")
        return _start(event), ()
    if state is None or event.exam_id != state.exam_id:
        raise ImpossibleEvent(f"{event.type} belongs to no open exam")
    handler = TRANSITIONS[state.phase].get(type(event))
    if handler is None:
        raise ImpossibleEvent(f"{event.type} cannot happen in {state.phase}")
    moved, effects = handler(state, event)
    return _timed(state, moved, event.stamp), effects


def fold(events: Iterable[Event]) -> ExamState | None:
    """The state that the stored events lead to; effects are not run again. None for no events."""
    state: ExamState | None = None
    for event in events:
        state, _ = decide(state, event)
    return state


def _start(event: ExamStarted) -> ExamState:
    return ExamState(
        exam_id=event.exam_id,
        exam_type=event.exam_type,
        plan=event.plan,
        started=event.stamp,
        generation=event.generation,
        software_version=event.software_version,
        config_version=event.config_version,
        books=event.books,
        phase_since=event.stamp,
        last=event.stamp,
    )


def _timed(before: ExamState, after: ExamState, stamp: Stamp) -> ExamState:
    """Book the time since the last event on the phase that was left; a restart in between leaves a gap, not a guess."""
    timings = dict(after.timings_s)
    if before.last is not None and before.last.boot_id == stamp.boot_id:
        spent_s = max(0.0, stamp.monotonic_s - before.last.monotonic_s)
        timings[before.phase] = round(timings.get(before.phase, 0.0) + spent_s, 3)
    return replace(after, timings_s=timings, last=stamp)
