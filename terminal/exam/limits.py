"""Limits as data: resolved worker → employer → organisation → default, and applied to values.

The rules only suggest. No official document with numeric limits is known, so the medical organisation owns the numbers;
the version and the owner of each limit are stored with the exam that was judged by it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from pydantic import Field

from sync.contract.exam import URGENT_COMPLAINT, AppliedLimit, Measurement, RuleFinding, RuleVerdict, Value
from sync.contract.model import ShortText, WireModel
from terminal.exam.model import ExamState, Phase

Source = Literal["worker", "employer", "organisation", "default"]
_SPECIFIC_FIRST: tuple[Source, ...] = ("worker", "employer", "organisation", "default")


class LimitEntry(WireModel):
    """One line of a limits book. Ends are inside: a value is out of limits below `low` or above `high`."""

    parameter: ShortText
    low: float | None = None
    high: float | None = None
    source: Source = "default"
    subject: ShortText = ""
    """Id of the worker or employer that it holds for; empty for organisation and default."""
    version: ShortText
    author: ShortText = ""
    basis: ShortText = ""
    valid_from: date | None = None
    valid_until: date | None = None


class LimitsBook(WireModel):
    """All limits that a terminal knows."""

    version: ShortText
    entries: tuple[LimitEntry, ...] = Field(min_length=1)


def resolve(entries: Iterable[LimitEntry], *, worker_id: str, employer_id: str, on: date) -> tuple[AppliedLimit, ...]:
    """Choose for each parameter the most specific entry that is valid on that day."""
    chosen: dict[str, LimitEntry] = {}
    for entry in entries:
        if (entry.valid_from and on < entry.valid_from) or (entry.valid_until and on > entry.valid_until):
            continue
        if entry.source == "worker" and entry.subject != worker_id:
            continue
        if entry.source == "employer" and entry.subject != employer_id:
            continue
        other = chosen.get(entry.parameter)
        if other is None or _SPECIFIC_FIRST.index(entry.source) < _SPECIFIC_FIRST.index(other.source):
            chosen[entry.parameter] = entry
    return tuple(
        AppliedLimit(parameter=e.parameter, low=e.low, high=e.high, source=e.source, version=e.version)
        for _, e in sorted(chosen.items())
    )


def out_of_limits(measurement: Measurement, limits: Sequence[AppliedLimit]) -> tuple[RuleFinding, ...]:
    """Findings of one attempt. A qualitative breath test other than `pass` is out; so is `pass` where a number is due."""
    findings = []
    for limit in limits:
        value = measurement.values.get(limit.parameter)
        if isinstance(value, int | float):
            below = limit.low is not None and value < limit.low
            above = limit.high is not None and value > limit.high
            if below or above:
                findings.append(_finding(measurement, limit.parameter, value, limit, "below" if below else "above"))
    word = measurement.values.get("breath_test")
    if isinstance(word, str):
        findings.append(
            RuleFinding(
                parameter="breath_test",
                attempt=measurement.attempt,
                value=word,
                code="qualitative_only" if word == "pass" else "breath_positive",
            )
        )
    if "breath_alcohol_raw" in measurement.values:
        raw = measurement.values["breath_alcohol_raw"]
        findings.append(
            RuleFinding(
                parameter="breath_alcohol_raw", attempt=measurement.attempt, value=raw, code="unit_not_mg_per_l"
            )
        )
    return tuple(findings)


def _finding(measurement: Measurement, parameter: str, value: Value, limit: AppliedLimit, code: str) -> RuleFinding:
    return RuleFinding(
        parameter=parameter, attempt=measurement.attempt, value=value, low=limit.low, high=limit.high, code=code
    )


def verdict_of(state: ExamState) -> RuleVerdict:
    """What the rules suggest for the whole exam.

    The last attempt counts for pressure and temperature; any attempt counts for breath, because a second test never
    wipes out a first positive one.
    """
    findings: list[RuleFinding] = []
    missing: list[RuleFinding] = []
    for step in state.plan.steps:
        if step not in (Phase.TEMPERATURE, Phase.PRESSURE, Phase.BREATH):
            continue
        taken = state.taken(step)
        if not taken:
            missing.append(RuleFinding(parameter=str(step), code="not_measured"))
        for measurement in taken if step is Phase.BREATH else taken[-1:]:
            findings.extend(out_of_limits(measurement, state.limits))
    attention = [
        finding
        for measurement in state.measurements
        for finding in out_of_limits(measurement, state.limits)
        if finding not in findings
    ]
    if state.complaints is not None and not state.complaints.feels_well:
        attention.append(RuleFinding(parameter="complaints", code="complaints"))
        attention += [RuleFinding(parameter="complaints", value=code, code=URGENT_COMPLAINT) for code in state.urgent]
    if state.face is not None and (state.face.outcome in ("not_same", "unclear") or state.face.faces_found != 1):
        attention.append(RuleFinding(parameter="face", code=state.face.reason or state.face.outcome))
    suggestion: Literal["within_limits", "attention", "out_of_limits", "incomplete"]
    if findings:
        suggestion = "out_of_limits"
    elif missing:
        suggestion = "incomplete"
    else:
        suggestion = "attention" if attention else "within_limits"
    return RuleVerdict(
        suggestion=suggestion,
        findings=(*findings, *missing, *attention),
        rules_version=state.plan.rules_version,
    )
