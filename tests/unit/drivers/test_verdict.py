"""What several codecs judge alike."""

import pytest

from drivers.config import ConfigError
from drivers.findings import MeasurementFound, Rejected, StateSeen
from drivers.model import Reading
from drivers.option_values import number, whole_number
from drivers.verdict import counts, device_clock, not_live, oximeter_values, pressure_values, result


def test_results_count_in_session_only() -> None:
    reading = Reading({"pulse_bpm": 70}, b"x")
    assert result(reading, in_session=counts({})) == MeasurementFound(reading)
    assert isinstance(result(reading, in_session=counts({"session": "no"})), Rejected)


def test_device_clock() -> None:
    assert device_clock(2026, 7, 11, 9, 5) == "2026-07-11T09:05:00"
    assert device_clock(2026, 2, 29, 9, 5) is None
    assert device_clock(2026, 7, 11, 24, 0) is None


@pytest.mark.parametrize(
    ("numbers", "plausible"),
    [
        ((120, 80, 93, 72), True),
        ((300, 299, 0, 0), True),
        ((80, 120, 0, 72), False),
        ((120, 120, 0, 72), False),
        ((120, 0, 0, 72), False),
        ((301, 80, 0, 72), False),
        ((120, 80, 79, 72), False),
        ((120, 80, 121, 72), False),
        ((120, 80, 93, 301), False),
    ],
)
def test_pressures(numbers: tuple[int, int, int, int], plausible: bool) -> None:
    assert (pressure_values(*numbers) is not None) == plausible


def test_zero_mean_and_pulse_are_missing() -> None:
    assert pressure_values(120, 80, 0, 0) == {"systolic_mmhg": 120, "diastolic_mmhg": 80}


@pytest.mark.parametrize(("spo2", "pulse"), [(0, 70), (101, 70), (98, 0), (98, 401)])
def test_impossible_oximeter_values(spo2: int, pulse: int) -> None:
    assert oximeter_values(spo2, pulse) is None


def test_missing_oximeter_values_are_absent() -> None:
    assert oximeter_values(None, None) == {}
    assert oximeter_values(98, None) == {"spo2_percent": 98}


def test_only_a_live_signal_counts() -> None:
    values = oximeter_values(98, 70) or {}
    assert not_live(values, finger_out=False, searching=False) is None
    assert isinstance(not_live(values, finger_out=True, searching=False), Rejected)
    assert isinstance(not_live(values, finger_out=False, searching=True), Rejected)
    assert not_live({}, finger_out=True, searching=True) == StateSeen("finger_out")
    assert not_live({}, finger_out=False, searching=False) == StateSeen("searching")


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-1", "11"])
def test_a_wrong_number_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match="speed"):
        number({"speed": text}, "speed", 0.0, 10.0)


def test_numbers() -> None:
    assert number({"speed": "2.5"}, "speed", 0.0, 10.0) == 2.5
    assert whole_number({"speed": "7"}, "speed", 0, 10) == 7
    with pytest.raises(ConfigError, match="no whole number"):
        whole_number({"speed": "2.5"}, "speed", 0, 10)
