"""Whatever a device shows that no body can have never becomes a measurement: through the park, for every driver."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from drivers.config import DeviceConfig
from drivers.deadline import MonotonicDeadline
from drivers.messages import MeasurementFailed, MeasurementTaken
from drivers.model import DeviceIdentity, DeviceState, Measures, Reading
from drivers.orders import Order
from drivers.ports import Deadline, Instrument, Run
from drivers.registry import attach, drivers
from drivers.worker import LineWorker, Opened
from tests.integration.devices.desk import desk, measured_by
from tests.waiting import LONGEST_S, until

IMPOSSIBLE = {
    Measures.TEMPERATURE: {"temperature_celsius": 255.99},
    Measures.PRESSURE: {"systolic_mmhg": 301, "diastolic_mmhg": 80},
    Measures.BREATH: {"breath_alcohol_mg_per_l": 9.999},
    Measures.OXIMETRY: {"spo2_percent": 101, "pulse_bpm": 60},
}


class Showing:
    """An instrument that shows one thing."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        return DeviceIdentity("maker", "model")

    def measure(self, run: Run) -> Reading:
        return self._reading


class NoLine:
    def discard_input(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("name", [name for name, spec in drivers().items() if spec.measures])
def test_every_drivers_readings_are_judged(name: str) -> None:
    measures = measured_by(name)
    config = DeviceConfig(id="a", driver=name, measures=measures, port="/dev/none")
    instrument: Instrument = Showing(Reading(IMPOSSIBLE[measures], b"raw"))
    open_line: Callable[[], Opened] = lambda: Opened(NoLine(), {"a": instrument})  # noqa: E731
    ends: list[object] = []
    worker = LineWorker(attach([config]), open_line, ends.append, lambda: date(2026, 7, 1))
    worker.start()
    worker.order(Order("one", "a", {}, MonotonicDeadline(LONGEST_S)))
    assert until(lambda: any(isinstance(one, MeasurementFailed | MeasurementTaken) for one in ends))
    worker.stop()
    worker.join()
    (end,) = [one for one in ends if isinstance(one, MeasurementFailed | MeasurementTaken)]
    assert isinstance(end, MeasurementFailed)
    assert end.code == "impossible_value"


@pytest.mark.parametrize(
    ("name", "fields", "code"),
    [
        ("lu90614", {"forehead_celsius": 97.2}, "fahrenheit"),
        ("lu90614", {"forehead_celsius": 45.5}, "impossible_value"),
        ("lu90614", {"forehead_celsius": 255.99}, "impossible_value"),
        ("optris_ct", {"forehead_celsius": 97.2}, "fahrenheit"),
        ("optris_ct", {"forehead_celsius": 150.0}, "impossible_value"),
        ("dingo_e200", {"alcohol": "9.999"}, "impossible_value"),
        ("winsen_ze29a", {"mg_per_100ml": 9999}, "impossible_value"),
    ],
)
def test_what_a_device_on_its_line_shows_beyond_a_body(
    tmp_path: Path, name: str, fields: dict[str, object], code: str
) -> None:
    with desk(tmp_path, device=name) as here:
        here.until_state("device", DeviceState.READY)
        here.bench.change("device", **fields)
        end = here.measure("device")
        assert isinstance(end, MeasurementFailed), end
        assert end.code == code


@pytest.mark.parametrize("name", ["calex_pyrominibus", "calex_pyrousb", "ct100"])
def test_a_profile_names_fahrenheit_too(tmp_path: Path, name: str) -> None:
    with desk(tmp_path, device=name) as here:
        here.until_state("device", DeviceState.READY)
        here.bench.change("device", forehead_celsius=97.2)
        end = here.measure("device", timeout_s=4.0)
        assert isinstance(end, MeasurementFailed), end
        assert (end.code, end.act) == ("fahrenheit", "service")
