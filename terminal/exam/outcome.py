"""Transitions of the end: sending, the medic's decision, and ending without one."""

from dataclasses import replace

from terminal.exam.effects import CancelMeasurement, Effect, SendRecord
from terminal.exam.events import DecisionReceived, DecisionRefused, DecisionSeen, EventBase, ExamEnded, SummaryConfirmed
from terminal.exam.model import Activity, Decided, ExamState, Phase
from terminal.exam.moves import Step, enter


def summary_confirmed(state: ExamState, event: SummaryConfirmed) -> Step:
    """The record goes out; from here only a medic's decision ends the exam."""
    state = replace(state, sent_revision=state.sent_revision + 1)
    state, _ = enter(state, Phase.WAITING, event.stamp)
    return state, (SendRecord(),)


def decision_received(state: ExamState, event: DecisionReceived) -> Step:
    """Show the decision, or go back to the step that the medic wants repeated."""
    state = replace(state, decision=_decided(event), decision_refused=False)
    if event.outcome == "repeat" and event.repeat_step is not None:
        return enter(state, Phase(event.repeat_step), event.stamp)
    state, _ = enter(state, Phase.DECIDED, event.stamp)
    return state, ()


def decision_refused(state: ExamState, event: DecisionRefused) -> Step:
    """The worker is told to see the medic; the exam waits on."""
    return replace(state, decision_refused=True), ()


def decision_seen(state: ExamState, event: DecisionSeen) -> Step:
    state, _ = enter(state, Phase.ENDED, event.stamp)
    return replace(state, end_reason="decided"), ()


def decision_after_end(state: ExamState, event: DecisionReceived) -> Step:
    """A decision or a correction that came after the worker had left: it is kept, the exam stays ended."""
    return replace(state, decision=_decided(event)), ()


def ended(state: ExamState, event: ExamEnded) -> Step:
    """End without a decision. Whoever was recognised or tried to be leaves a record; a passer-by does not."""
    effects: list[Effect] = []
    if state.activity is Activity.MEASURING:
        effects.append(CancelMeasurement(state.request_id))
    leaves_record = state.examinee is not None or state.identification_attempts > 0
    if leaves_record and event.reason != "continued_elsewhere":
        state = replace(state, sent_revision=state.sent_revision + 1)
        effects.append(SendRecord())
    state, _ = enter(state, Phase.ENDED, event.stamp)
    return replace(state, end_reason=event.reason), tuple(effects)


def unchanged(state: ExamState, event: EventBase) -> Step:
    return state, ()


def _decided(event: DecisionReceived) -> Decided:
    return Decided(
        decision_id=event.decision_id,
        outcome=event.outcome,
        signature_valid=True,  # the event exists only after the signature was checked
        medic_name=event.medic_name,
        decided_at=event.decided_at,
        reasons=event.reasons,
        comment=event.comment,
        released_text=event.released_text,
        valid_until=event.valid_until,
        repeat_step=event.repeat_step,
        account_address=event.account_address,
        account_until=event.account_until,
    )
