"""What an exam found proposes the reasons that match; nothing else does, and nothing is chosen by it."""

from typing import Any

import pytest

from central.core.reasons import reasons
from central.deciding.proposed_reasons import proposed


def _exam(*findings: dict[str, Any], taken: tuple[tuple[str, int, dict[str, Any]], ...] = ()) -> dict[str, Any]:
    measurements = [{"step": step, "attempt": attempt, "values": values} for step, attempt, values in taken]
    return {"rule_verdict": {"findings": list(findings)}, "measurements": measurements}


@pytest.mark.parametrize(
    ("parameter", "code", "reason"),
    [
        ("systolic_mmhg", "above", "pressure_high"),
        ("diastolic_mmhg", "above", "pressure_high"),
        ("systolic_mmhg", "below", "pressure_low"),
        ("diastolic_mmhg", "below", "pressure_low"),
        ("pulse_bpm", "above", "pulse_high"),
        ("pulse_bpm", "below", "pulse_low"),
        ("temperature_celsius", "above", "temperature_high"),
        ("breath_alcohol_mg_per_l", "above", "alcohol_breath"),
        ("breath_test", "breath_positive", "alcohol_breath"),
        ("complaints", "complaints", "complaints"),
        ("complaints", "urgent_complaint", "complaints"),
        ("temperature", "not_measured", "incomplete"),
        ("pressure", "not_measured", "incomplete"),
        ("breath", "not_measured", "incomplete"),
        ("face", "not_same", "identity_doubt"),
        ("face", "face_not_same", "identity_doubt"),
    ],
)
def test_each_finding_proposes_its_reason(parameter: str, code: str, reason: str) -> None:
    assert proposed(_exam({"parameter": parameter, "code": code})) == (reason,)


def test_intoxication_comes_first_and_each_reason_once() -> None:
    findings = [{"parameter": name, "code": "above"} for name in ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm")]
    findings.append({"parameter": "breath_alcohol_mg_per_l", "code": "above"})
    assert proposed(_exam(*findings)) == ("alcohol_breath", "pressure_high", "pulse_high")


def test_what_a_later_attempt_took_back_proposes_nothing_but_a_positive_breath_stays() -> None:
    high = {"parameter": "systolic_mmhg", "code": "above", "attempt": 1}
    calm = (("pressure", 1, {"systolic_mmhg": 165}), ("pressure", 2, {"systolic_mmhg": 128}))
    assert proposed(_exam(high, taken=calm[:1])) == ("pressure_high",)
    assert proposed(_exam(high, taken=calm)) == ()
    drunk = {"parameter": "breath_alcohol_mg_per_l", "code": "above", "attempt": 1}
    blown = (("breath", 1, {"breath_alcohol_mg_per_l": 0.3}), ("breath", 2, {"breath_alcohol_mg_per_l": 0}))
    assert proposed(_exam(drunk, taken=blown)) == ("alcohol_breath",)


def test_nothing_found_proposes_nothing_and_a_register_may() -> None:
    assert proposed(_exam()) == ()
    assert proposed(_exam({"parameter": "spo2_percent", "code": "below"})) == ()
    assert proposed(_exam(), speaks_against_remote=True) == ("in_person_needed",)


def test_every_found_by_of_the_book_reads_parameter_and_code() -> None:
    named = [finding for reason in reasons().values() for finding in reason.found_by]
    assert len(named) == len(set(named)), "a finding proposes one reason"
    assert all(len(finding.split(" ")) == 2 for finding in named)
