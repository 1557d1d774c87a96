"""What the rules find in an invented exam, as `sync.contract.limits` would; and what a medic makes of it. Pure.

Written anew for plain values because a million exams are judged; a test holds it against the terminal's own rules.
"""

import random
from collections.abc import Mapping, Sequence

from dopusk.lab.population.visits import Finding, Reading, Ruling
from sync.contract.exam import URGENT_COMPLAINT

STEPS = ("temperature", "pressure", "breath")
URGENT = frozenset({"chest_pain", "breathless", "injury", "fever"})
"""As `exam.urgent_complaints` of `config/terminal.toml`."""
Limits = Mapping[str, tuple[float | None, float | None]]
"""Least and most of each quantity; both ends are inside."""
_REASONS = {
    ("systolic_mmhg", "above"): "pressure_high",
    ("diastolic_mmhg", "above"): "pressure_high",
    ("systolic_mmhg", "below"): "pressure_low",
    ("diastolic_mmhg", "below"): "pressure_low",
    ("pulse_bpm", "above"): "pulse_high",
    ("pulse_bpm", "below"): "pulse_low",
    ("temperature_celsius", "above"): "temperature_high",
}
NOBODY_COMES = 600.0
"""So many seconds after the record a medic has decided at the latest."""


def judge(readings: Sequence[Reading], complaints: Sequence[str], limits: Limits) -> tuple[str, tuple[Finding, ...]]:
    """What the rules suggest, and why: the last attempt counts, of breath every one."""
    counted: list[Finding] = []
    earlier: list[Finding] = []
    missing: list[Finding] = []
    for step in STEPS:
        taken = [reading for reading in readings if reading.step == step]
        if not taken:
            missing.append(Finding(step, "not_measured"))
        for reading in taken:
            found = out_of_limits(reading, limits)
            (counted if step == "breath" or reading is taken[-1] else earlier).extend(found)
    attention = earlier
    if complaints:
        attention.append(Finding("complaints", "complaints"))
    suggestion = (
        "out_of_limits" if counted else "incomplete" if missing else "attention" if attention else "within_limits"
    )
    return suggestion, (*counted, *missing, *attention)


def out_of_limits(reading: Reading, limits: Limits) -> list[Finding]:
    """Findings of one attempt, in the order of the quantities' names."""
    found = []
    for name in sorted(reading.values):
        low, high = limits.get(name, (None, None))
        value = reading.values[name]
        if low is not None and value < low:
            found.append(Finding(name, "below", reading.attempt, value, low, high))
        elif high is not None and value > high:
            found.append(Finding(name, "above", reading.attempt, value, low, high))
    return found


def is_urgent(findings: Sequence[Finding]) -> bool:
    """Whether a complaint among them cannot wait."""
    return any(finding.code == URGENT_COMPLAINT for finding in findings)


def rule(
    dice: random.Random,
    doctor: int,
    after_s: float,
    suggestion: str,
    findings: Sequence[Finding],
    *,
    may_repeat: bool,
    may_correct: bool,
) -> Ruling:
    """What a medic decides. Mostly as the rules suggest; sometimes in spite of them, with a reason in words."""
    chance = dice.random()
    parameters = {finding.parameter for finding in findings}
    reasons = tuple(
        dict.fromkeys(
            _REASONS[finding.parameter, finding.code]
            for finding in findings
            if (finding.parameter, finding.code) in _REASONS
        )
    )
    if "breath_alcohol_mg_per_l" in parameters:
        return _corrected(dice, Ruling(doctor, after_s, "not_admitted", ("alcohol_breath",)), may_correct, 0.03)
    if suggestion == "incomplete":
        return Ruling(doctor, after_s, "not_admitted", ("incomplete",))
    if suggestion == "out_of_limits":
        if may_repeat and chance < 0.07:
            step = "temperature" if "temperature_celsius" in parameters else "pressure"
            return Ruling(doctor, after_s, "repeat", comment="Измерьте ещё раз, сидя и молча", repeat_step=step)
        if chance < 0.66 or not reasons:
            return _corrected(
                dice, Ruling(doctor, after_s, "not_admitted", reasons or ("incomplete",)), may_correct, 0.05
            )
        return Ruling(doctor, after_s, "admitted", override="Привычные для работника значения, самочувствие хорошее")
    if suggestion == "attention":
        if "complaints" in parameters and chance < 0.35:
            return Ruling(doctor, after_s, "refer", ("complaints",), comment="К терапевту")
        if "complaints" in parameters and chance < 0.5:
            return Ruling(doctor, after_s, "not_admitted", ("complaints",))
        return Ruling(doctor, after_s, "admitted", override="Повторное измерение в норме, осмотрен по видеосвязи")
    if chance < 0.0012:
        return Ruling(doctor, after_s, "not_identified", ("identity_doubt",))
    if chance < 0.0025:
        return Ruling(doctor, after_s, "refer", ("visual_signs",), comment="Покраснение кожи лица")
    return Ruling(doctor, after_s, "admitted")


def _corrected(dice: random.Random, ruling: Ruling, may_correct: bool, share: float) -> Ruling:
    """With a correction by the same medic, some minutes later, of so many."""
    if not may_correct or dice.random() >= share:
        return ruling
    then = Ruling(
        ruling.doctor,
        dice.uniform(300.0, 2400.0),
        "admitted",
        comment="Ошибка при выборе решения: в медпункте измерено повторно, отклонений нет",
        override="Измерено в медпункте, отклонений нет",
    )
    return Ruling(ruling.doctor, ruling.after_s, ruling.outcome, ruling.reasons, then=then)
