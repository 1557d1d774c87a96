"""Every driver on a real pseudo-terminal: the cable comes out in the middle of a measurement and goes back in."""

from pathlib import Path

import pytest

from drivers.messages import MeasurementFailed, MeasurementProgress, MeasurementTaken
from drivers.model import DeviceState
from drivers.states import SHOWN
from drivers.worker import CARE_S, IDENTIFY_S, REOPEN_S
from tests.contract.rig import SIMULATED
from tests.integration.devices.desk import desk, measured_by
from tests.waiting import LONGEST_S

SPEED = 20.0
USABLE_AGAIN_S = 10.0


def test_a_device_is_usable_in_time_after_its_cable_is_back() -> None:
    """By the worker's own pauses; the tests below show that nothing else is waited for."""
    assert max(REOPEN_S) + CARE_S + IDENTIFY_S < USABLE_AGAIN_S


@pytest.mark.parametrize("name", SIMULATED)
def test_a_cable_pulled_in_mid_measurement(tmp_path: Path, name: str) -> None:
    with desk(tmp_path, SPEED, device=name) as here:
        here.until_state("device", DeviceState.READY)
        here.bench.scenario("device", "stuck")
        request = here.order("device")
        here.until_told("device", DeviceState.BUSY)
        here.bench.unplug("device")
        end = here.end_of(request)
        assert isinstance(end, MeasurementFailed)
        assert (end.kind, end.code) == ("Unavailable", "line_lost")
        assert here.until_state("device", DeviceState.ABSENT).reason.startswith(("line_lost", "not_found"))
        here.bench.scenario("device", "normal")
        here.bench.replug("device")
        here.until_state("device", DeviceState.READY)
        assert isinstance(here.measure("device"), MeasurementTaken)
        shown = {one.state for one in here.messages if isinstance(one, MeasurementProgress)}
        assert shown <= SHOWN[measured_by(name)]


@pytest.mark.parametrize("name", ["dingo_e200", "contec_v7", "calex_pyrominibus"])
def test_over_tcp_it_is_the_same(tmp_path: Path, name: str) -> None:
    with desk(tmp_path, SPEED, transport="tcp", device=name) as here:
        assert isinstance(here.measure("device"), MeasurementTaken)
        here.until_state("device", DeviceState.READY)
        here.bench.unplug("device")
        here.until_state("device", DeviceState.ABSENT)
        here.bench.replug("device")
        here.until_state("device", DeviceState.READY)
        assert isinstance(here.measure("device"), MeasurementTaken)


def test_the_others_measure_on_while_one_is_gone(tmp_path: Path) -> None:
    with desk(tmp_path, SPEED, tonometer="and_tm2655", thermometer="calex_pyrominibus") as here:
        here.until_state("tonometer", DeviceState.READY)
        here.until_state("thermometer", DeviceState.READY)
        tonometer = here.order("tonometer")
        here.until_progress(tonometer, "measuring")
        here.bench.unplug("thermometer")
        here.until_state("thermometer", DeviceState.ABSENT)
        assert isinstance(here.end_of(tonometer), MeasurementTaken)
        assert here.park.statuses()["thermometer"].state is DeviceState.ABSENT
        here.bench.replug("thermometer")
        here.until_state("thermometer", DeviceState.READY)
        assert isinstance(here.measure("thermometer"), MeasurementTaken)


def test_it_can_be_called_off_at_any_time(tmp_path: Path) -> None:
    with desk(tmp_path, SPEED, tonometer="and_tm2655") as here:
        here.until_state("tonometer", DeviceState.READY)
        request = here.order("tonometer")
        here.until_progress(request, "measuring")
        here.park.cancel(request)
        end = here.end_of(request)
        assert isinstance(end, MeasurementFailed)
        assert end.kind == "Cancelled"
        here.bench.wait_for("tonometer", lambda model: model.stops == 2 and model.cuff_mmhg == 0.0, LONGEST_S)
        here.until_state("tonometer", DeviceState.READY)
        assert isinstance(here.measure("tonometer"), MeasurementTaken)
