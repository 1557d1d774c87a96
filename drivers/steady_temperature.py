"""Decides when a polled thermometer has measured a person: present, and a steady value. Nothing is averaged."""

from collections import deque
from collections.abc import Callable

from drivers.errors import Cancelled, DeviceFault
from drivers.model import Act, Reading
from drivers.option_values import number, whole_number
from drivers.ports import Progress, Run
from drivers.spec import Option, Options

STEADY_CELSIUS = 0.2
_POLL_S = 0.3

OPTIONS = {
    "present_above_celsius": Option("30", "below this nobody is in front of the sensor"),
    "steady_readings": Option("3", "readings in a row that must agree within 0.2 degrees"),
}
"""What a driver that uses this declares among its options."""


class SteadyTemperature:
    """Asks again and again. Raises `ConfigError` for wrong options when made."""

    def __init__(self, name: str, options: Options) -> None:
        self._name = name
        self._present_celsius = number(options, "present_above_celsius", -50.0, 45.0)
        self._readings = whole_number(options, "steady_readings", 1, 100)

    def measure(self, ask: Callable[[], Reading], run: Run) -> Reading:
        """The last of so many readings in a row that agree within 0.2 degrees, with a person in front."""
        row: deque[Reading] = deque(maxlen=self._readings)
        while not run.deadline.expired:
            if run.cancelled:
                raise Cancelled(f"{self._name}: the measurement was called off")
            reading = ask()
            if _celsius(reading) < self._present_celsius:
                row.clear()
                run.report(Progress("waiting_for_forehead"))
            else:
                row.append(reading)
                run.report(Progress("measuring"))
            shown = [_celsius(one) for one in row]
            # Hundredths as floats: a difference of 0.2 exactly must not fail by the last bit.
            if len(row) == self._readings and round(max(shown) - min(shown), 3) <= STEADY_CELSIUS:
                return row[-1]
            run.pause(_POLL_S)
        message = f"{self._name}: no steady temperature in time; come closer and keep still"
        raise DeviceFault(message, code="no_result", act=Act.WORKER)


def _celsius(reading: Reading) -> float:
    return float(reading.values["temperature_celsius"])
