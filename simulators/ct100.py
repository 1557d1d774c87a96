"""A simulated CT100 infrared sensor: hundredths of a kelvin, two to a step, at 0x9C42. One public source."""

from dataclasses import dataclass
from typing import ClassVar

from simulators.modbus_thermometer import COMMON, ModbusThermometer
from simulators.model import Scenarios

_ZERO_CELSIUS_KELVIN = 273.15


@dataclass
class Ct100Model(ModbusThermometer):
    """The sensor has no status word and no type code; `id_word` stands in its id register."""

    NAME: ClassVar[str] = "ct100"
    SCENARIOS: ClassVar[Scenarios] = {**COMMON, "device_error": {"exception": 4}}

    id_word: int = 1

    def registers(self, seen_celsius: float) -> dict[int, int]:
        return {
            0x9C40: self.id_word,
            0x9C41: 98,
            0x9C42: round((seen_celsius + _ZERO_CELSIUS_KELVIN) / 0.02),
            0x9C43: round((self.body_celsius + _ZERO_CELSIUS_KELVIN) / 0.02),
        }

    def writable(self) -> frozenset[int]:
        return frozenset((0x9C41,))
