"""A simulated Calex PyroUSB, written from pages 11 and 12 of the vendor's manual.

The meaning of the bits of its status word is not printed there: they are taken to be those of the PyroMiniBus.
"""

from dataclasses import dataclass
from typing import ClassVar

from simulators.modbus_thermometer import COMMON, ModbusThermometer
from simulators.model import Scenarios


@dataclass
class PyroUsbModel(ModbusThermometer):
    """Tenths of a degree; status word in register 0x15."""

    NAME: ClassVar[str] = "calex_pyrousb"
    SCENARIOS: ClassVar[Scenarios] = {
        **COMMON,
        "device_error": {"status": 1},
        "wrong_device": {"type_code": 17},
        "stale_memory": {"present": False, "hold_celsius": 36.6, "status": 1},
    }

    type_code: int = 22
    serial: int = 20417

    def registers(self, seen_celsius: float) -> dict[int, int]:
        tenths = round(seen_celsius * 10)
        settings = dict.fromkeys(range(0x04, 0x0F), 0) | {0x05: self.unit, 0x08: 9800}
        return settings | {
            0x00: self.type_code,
            0x01: 1,
            0x02: self.serial >> 16,
            0x03: self.serial & 0xFFFF,
            0x0F: tenths - 1,
            0x10: tenths - 6,
            0x11: tenths + 1,
            0x12: tenths,
            0x13: tenths,
            0x14: round(self.body_celsius * 10),
            0x15: self.status,
        }

    def writable(self) -> frozenset[int]:
        return frozenset((0x05, 0x06, 0x07, 0x08, 0x09, 0x0C, 0x0D, 0x0E, 0x17, 0x18))
