"""Limits as data: resolved worker → employer → organisation → default, and applied to values. Pure.

The rules only suggest. No official document with numeric limits is known, so the medical organisation owns the numbers;
the version and the owner of each limit are stored with the exam that was judged by it. A terminal and the medical room's
page at the centre judge by this one mechanism.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from pydantic import Field

from sync.contract.exam import (
    URGENT_COMPLAINT,
    AppliedLimit,
    Complaints,
    Measurement,
    RuleFinding,
    RuleVerdict,
    Value,
)
from sync.contract.model import ShortText, WireModel
from sync.contract.second_breath import second_breath

Source = Literal["worker", "employer", "organisation", "default"]
_SPECIFIC_FIRST: tuple[Source, ...] = ("worker", "employer", "organisation", "default")
ALCOHOL = "breath_alcohol_mg_per_l"
_OUT_OF_TIME = {"early": "second_breath_early", "late": "second_breath_late"}
_ANY_ATTEMPT = "breath"
"""The step of which each attempt counts: a second test never wipes out a first positive one."""


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


def attention_to(complaints: Complaints | None, urgent: Iterable[str]) -> list[RuleFinding]:
    """What complaints add to the rules' reasons to look twice. `urgent`: the codes among them that cannot wait."""
    if complaints is None or complaints.feels_well:
        return []
    found = [RuleFinding(parameter="complaints", code="complaints")]
    return found + [RuleFinding(parameter="complaints", value=code, code=URGENT_COMPLAINT) for code in urgent]


def _interval(measurements: Sequence[Measurement], limits: Sequence[AppliedLimit]) -> list[RuleFinding]:
    """A second breath outside its time is a reason to look twice, whatever it has shown."""
    high = next((limit.high for limit in limits if limit.parameter == ALCOHOL), None) or 0.0
    values = [(one.at, one.values.get(ALCOHOL)) for one in measurements if one.step == _ANY_ATTEMPT]
    found = second_breath([(at, float(value)) for at, value in values if isinstance(value, int | float)], high)
    if found is None or found.state not in _OUT_OF_TIME:
        return []
    return [RuleFinding(parameter=_ANY_ATTEMPT, value=found.minutes, code=_OUT_OF_TIME[found.state])]


def suggest(
    steps: Iterable[str],
    measurements: Sequence[Measurement],
    limits: Sequence[AppliedLimit],
    attention: Iterable[RuleFinding],
    rules_version: str,
    found: Iterable[RuleFinding] = (),
) -> RuleVerdict:
    """What the rules suggest for a whole exam. `steps`: those that need a value; `measurements`: all attempts, in order.

    `found`: what weighs as a value out of limits without being one.

    The last attempt counts for pressure and temperature; any attempt counts for breath. Earlier attempts out of limits come
    before `attention` as reasons to look twice.
    """
    findings = list(found)
    missing: list[RuleFinding] = []
    for step in steps:
        taken = [measurement for measurement in measurements if measurement.step == step]
        if not taken:
            missing.append(RuleFinding(parameter=step, code="not_measured"))
        for measurement in taken if step == _ANY_ATTEMPT else taken[-1:]:
            findings.extend(out_of_limits(measurement, limits))
    looked_at = [
        finding
        for measurement in measurements
        for finding in out_of_limits(measurement, limits)
        if finding not in findings
    ]
    looked_at += [*_interval(measurements, limits), *attention]
    suggestion: Literal["within_limits", "attention", "out_of_limits", "incomplete"]
    if findings:
        suggestion = "out_of_limits"
    elif missing:
        suggestion = "incomplete"
    else:
        suggestion = "attention" if looked_at else "within_limits"
    return RuleVerdict(suggestion=suggestion, findings=(*findings, *missing, *looked_at), rules_version=rules_version)
