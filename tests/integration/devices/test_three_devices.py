"""The spine: a park measures with three real drivers on real pseudo-terminals."""

from pathlib import Path

import pytest

from drivers.messages import MeasurementFailed, MeasurementTaken
from drivers.model import DeviceState
from tests.integration.devices.desk import desk


def test_the_park_measures_all_three(tmp_path: Path) -> None:
    with desk(tmp_path, tonometer="and_tm2655", breathalyzer="dingo_e200", thermometer="calex_pyrominibus") as here:
        for name in ("tonometer", "breathalyzer", "thermometer"):
            here.until_state(name, DeviceState.READY)
        requests = {name: here.order(name) for name in ("tonometer", "breathalyzer", "thermometer")}
        ends = {name: here.end_of(request) for name, request in requests.items()}
        assert {name: end.reading.values for name, end in ends.items() if isinstance(end, MeasurementTaken)} == {
            "tonometer": {"systolic_mmhg": 122, "diastolic_mmhg": 78, "mean_mmhg": 93, "pulse_bpm": 71},
            "breathalyzer": {"breath_alcohol_mg_per_l": 0.0},
            "thermometer": {"temperature_celsius": 36.6},
        }
        thermometer = ends["thermometer"]
        assert isinstance(thermometer, MeasurementTaken)
        assert (thermometer.identity.serial_number, thermometer.identity.serial_source) == ("123456", "device")
        assert here.states_of(requests["breathalyzer"]) == ["warming", "waiting_for_breath", "blowing", "analysing"]


@pytest.mark.parametrize(
    ("device", "scenario", "kind", "code", "act"),
    [
        ("and_tm2655", "error_e44", "DeviceFault", "E44", "worker"),
        ("and_tm2655", "wrong_device", "WrongDevice", "wrong_device", "service"),
        ("dingo_e200", "error_flow", "DeviceFault", "flow", "worker"),
        ("dingo_e200", "stale_memory", "StaleReading", "no_breath", "worker"),
        ("calex_pyrominibus", "error_sensor_too_hot", "DeviceFault", "sensor_too_hot", "service"),
        ("calex_pyrominibus", "wrong_device", "WrongDevice", "wrong_device", "service"),
        ("calex_pyrominibus", "silence", "NoResponse", "no_response", "service"),
    ],
)
def test_a_failure_says_who_must_act(
    tmp_path: Path, device: str, scenario: str, kind: str, code: str, act: str
) -> None:
    with desk(tmp_path, device=device) as here:
        here.bench.scenario("device", scenario)
        end = here.measure("device")
        assert isinstance(end, MeasurementFailed)
        assert (end.kind, end.code, end.act) == (kind, code, act)


@pytest.mark.parametrize("device", ["and_tm2655", "dingo_e200", "calex_pyrominibus"])
def test_a_pulled_cable_needs_no_restart(tmp_path: Path, device: str) -> None:
    with desk(tmp_path, device=device) as here:
        here.until_state("device", DeviceState.READY)
        here.bench.unplug("device")
        here.until_state("device", DeviceState.ABSENT)
        here.bench.replug("device")
        here.until_state("device", DeviceState.READY)
        assert isinstance(here.measure("device"), MeasurementTaken)
