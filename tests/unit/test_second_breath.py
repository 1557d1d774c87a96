"""The interval of the second breath: both ends inside, by the first positive one; a reason to look twice and nothing more."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.contract.exam import AppliedLimit, Measurement
from sync.contract.limits import ALCOHOL, suggest
from sync.contract.second_breath import second_breath

AT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def _breaths(*given: tuple[float, float]) -> list[tuple[datetime, float]]:
    return [(AT + timedelta(minutes=minutes), value) for minutes, value in given]


@pytest.mark.parametrize(
    ("given", "state", "minutes"),
    [
        (((0, 0.2), (14.99, 0.1)), "early", 14),
        (((0, 0.2), (15, 0.1)), "in_time", 15),
        (((0, 0.2), (25.9, 0.1)), "in_time", 25),
        (((0, 0.2), (26, 0.1)), "late", 26),
        (((0, 0.0), (40, 0.2), (60, 0.1)), "in_time", 20),
        (((0, 0.2), (-5, 0.1)), "early", 0),
    ],
)
def test_it_counts_from_the_first_positive_one(
    given: tuple[tuple[float, float], ...], state: str, minutes: int
) -> None:
    found = second_breath(_breaths(*given), 0.0)
    assert found is not None
    assert (found.state, found.minutes) == (state, minutes)


@pytest.mark.parametrize("given", [(), ((0, 0.2),), ((0, 0.0), (20, 0.0)), ((0, 0.0), (20, 0.2))])
def test_there_is_none_without_a_positive_one_before_another(given: tuple[tuple[float, float], ...]) -> None:
    assert second_breath(_breaths(*given), 0.0) is None


def _measured(minutes: float, value: float, attempt: int) -> Measurement:
    return Measurement.model_validate(
        {
            "measurement_id": f"01990000-0000-7000-8000-00000000000{attempt}",
            "step": "breath",
            "attempt": attempt,
            "at": AT + timedelta(minutes=minutes),
            "values": {ALCOHOL: value},
            "device": {
                "device_id": "breathalyser",
                "driver": "dingo_e200",
                "maker": "Sentech",
                "model": "E-200",
                "serial": "1",
                "serial_source": "config",
                "medical_device": True,
                "verified_until": None,
            },
            "derivation": "automatic",
            "generation": "test",
            "raw_hex": "00",
        }
    )


@pytest.mark.parametrize(("minutes", "code"), [(5, "second_breath_early"), (20, None), (31, "second_breath_late")])
def test_the_rules_say_it_and_suggest_the_same(minutes: float, code: str | None) -> None:
    limits = (AppliedLimit(parameter=ALCOHOL, high=0, source="default", version="1"),)
    taken = (_measured(0, 0.2, 1), _measured(minutes, 0.0, 2))
    verdict = suggest(("breath",), taken, limits, (), "1")
    assert verdict.suggestion == "out_of_limits", "a second breath wipes no first one out"
    codes = {finding.code for finding in verdict.findings}
    assert (code in codes) if code else not any(found.startswith("second_breath") for found in codes)
