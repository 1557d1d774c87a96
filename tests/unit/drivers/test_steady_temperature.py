"""A thermometer reading counts when somebody is in front and the value stands still."""

from collections.abc import Iterator

import pytest

from drivers.config import ConfigError
from drivers.errors import Cancelled, DeviceFault
from drivers.model import Reading
from drivers.steady_temperature import SteadyTemperature
from tests.unit.drivers.virtual_line import Clock, VirtualDeadline, VirtualRun

OPTIONS = {"present_above_celsius": "30", "steady_readings": "3"}


def measured(*celsius: float, cancel_at: str = "") -> tuple[Reading, VirtualRun]:
    shown: Iterator[float] = iter(celsius)
    run = VirtualRun(VirtualDeadline(Clock(), 0.3 * len(celsius)), cancel_at=cancel_at)

    def ask() -> Reading:
        return Reading({"temperature_celsius": next(shown)}, b"x")

    return SteadyTemperature("thermometer", OPTIONS).measure(ask, run), run


def test_the_last_reading_is_taken_as_it_is() -> None:
    reading, run = measured(23.0, 23.0, 23.0, 36.0, 36.5, 36.6, 36.7)
    assert reading.values == {"temperature_celsius": 36.7}
    assert run.states == ["waiting_for_forehead", "measuring"]


def test_two_tenths_exactly_are_steady() -> None:
    assert measured(36.4, 36.6, 36.5)[0].values == {"temperature_celsius": 36.5}


def test_leaving_starts_the_count_anew() -> None:
    with pytest.raises(DeviceFault, match="no steady temperature"):
        measured(36.6, 36.6, 22.0, 36.6, 36.6)


def test_a_room_is_nobody() -> None:
    with pytest.raises(DeviceFault) as caught:
        measured(23.0, 23.0, 23.0, 23.0)
    assert str(caught.value.act) == "worker"


def test_called_off() -> None:
    with pytest.raises(Cancelled):
        measured(23.0, 36.6, 36.6, 36.6, cancel_at="waiting_for_forehead")


def test_wrong_options() -> None:
    with pytest.raises(ConfigError, match="present_above_celsius"):
        SteadyTemperature("thermometer", OPTIONS | {"present_above_celsius": "100"})
