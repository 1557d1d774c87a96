"""What the rules suggest for an exam at this terminal. The rules themselves: `sync.contract.limits`."""

from sync.contract.exam import RuleFinding, RuleVerdict
from sync.contract.limits import attention_to, suggest
from terminal.exam.model import ExamState, Phase

_MEASURED = (Phase.TEMPERATURE, Phase.PRESSURE, Phase.BREATH)


def verdict_of(state: ExamState) -> RuleVerdict:
    """What the rules suggest for the whole exam: values, missing steps, complaints, and what the face was."""
    attention = attention_to(state.complaints, state.urgent)
    if state.face is not None and (state.face.outcome in ("not_same", "unclear") or state.face.faces_found != 1):
        attention.append(RuleFinding(parameter="face", code=state.face.reason or state.face.outcome))
    needed = [str(step) for step in state.plan.steps if step in _MEASURED]
    return suggest(needed, state.measurements, state.limits, attention, state.plan.rules_version)
