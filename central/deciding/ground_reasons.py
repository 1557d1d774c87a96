"""What rules of grounds demand of an admission: a reason in the medic's own words, or an exam in person. Pure.

Nothing here decides: a rule can keep an admission from being signed until a person has looked, and no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from central.core.ground_effects import EffectSpan
from central.core.ground_rules import HOLDING
from sync.contract.decision_rules import AFTER_WORK


@dataclass(frozen=True, slots=True)
class GroundEffects:
    """The effects of the day on one worker, the strongest first, with the version of the rules."""

    version: str = ""
    spans: tuple[EffectSpan, ...] = ()


NONE = GroundEffects()


def is_remote(exam: Mapping[str, Any]) -> bool:
    """Whether nobody of the medical organisation was beside the worker."""
    # A record with a room is made by the centre alone; one of a terminal that claims a room is refused at intake.
    return not exam.get("room")


def holding(effects: GroundEffects, exam: Mapping[str, Any]) -> list[EffectSpan]:
    """What forbids to admit by this exam at all: it was made at a terminal, and a rule demands one in person."""
    if exam["exam_type"] in AFTER_WORK or not is_remote(exam):
        return []
    return [span for span in effects.spans if span.effect in HOLDING]


def asking(effects: GroundEffects, exam: Mapping[str, Any]) -> list[EffectSpan]:
    """What an admission needs a reason for. In the medical room that is also what keeps people from terminals."""
    if exam["exam_type"] in AFTER_WORK:
        return []
    asked = {"ask"} if is_remote(exam) else {"ask", *HOLDING}
    return [span for span in effects.spans if span.effect in asked]


def asked_keys(effects: GroundEffects, exam: Mapping[str, Any]) -> set[str]:
    """What `asking` names."""
    return {span.key for span in asking(effects, exam)}


def admission_faults(effects: GroundEffects, exam: Mapping[str, Any], reasons: Mapping[str, str]) -> dict[str, str]:
    """Field → code of what keeps an admission from being signed."""
    if holding(effects, exam):
        return {"outcome": "in_person"}
    if any(not reasons.get(span.key, "").strip() for span in asking(effects, exam)):
        return {"ground_reasons": "needed"}
    return {}


def signed_reasons(
    effects: GroundEffects, exam: Mapping[str, Any], reasons: Mapping[str, str]
) -> list[dict[str, str | None]]:
    """What goes into the record of an admission: `sync.contract.decision.GroundReason`, one for each that was asked."""
    return [
        {
            "ground_id": span.ground_id,
            "rule": span.rule.code,
            "rules_version": effects.version,
            "state": span.state,
            "effect": span.effect,
            "reason": reasons.get(span.key, "").strip(),
        }
        for span in asking(effects, exam)
    ]


def shown_effects(effects: GroundEffects, exam: Mapping[str, Any]) -> Sequence[tuple[EffectSpan, bool]]:
    """Effects for the page, each with whether an admission needs a reason for it."""
    asked = {span.key for span in asking(effects, exam)}
    return [(span, span.key in asked) for span in effects.spans]
