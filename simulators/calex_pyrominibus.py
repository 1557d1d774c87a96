"""A simulated Calex PyroMiniBus, written from the vendor's register table."""

from dataclasses import dataclass
from typing import ClassVar

from simulators.modbus_thermometer import COMMON, ModbusThermometer
from simulators.model import Scenarios


@dataclass
class CalexModel(ModbusThermometer):
    """Tenths of a degree; status word in register 0x11."""

    NAME: ClassVar[str] = "calex_pyrominibus"
    SCENARIOS: ClassVar[Scenarios] = {
        **COMMON,
        "error_measurement": {"status": 1},
        "error_sensor_too_cold": {"status": 2},
        "error_sensor_too_hot": {"status": 4},
        "error_object_under_range": {"status": 8},
        "error_object_over_range": {"status": 16},
        "wrong_device": {"type_code": 21},
        "stale_memory": {"present": False, "hold_celsius": 36.6, "status": 1},
    }

    type_code: int = 17
    serial: int = 123456

    def registers(self, seen_celsius: float) -> dict[int, int]:
        tenths = round(seen_celsius * 10)
        return {
            0x00: self.type_code,
            0x01: 1,
            0x02: self.serial >> 16,
            0x03: self.serial & 0xFFFF,
            0x04: self.unit,
            0x05: 0,
            0x06: 250,
            0x07: 9800,
            0x08: 0,
            0x09: 0,
            0x0A: 0,
            0x0B: tenths - 1,
            0x0C: tenths - 6,
            0x0D: tenths + 1,
            0x0E: tenths,
            0x0F: tenths,
            0x10: round(self.body_celsius * 10),
            0x11: self.status,
        }

    def writable(self) -> frozenset[int]:
        return frozenset((0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x16, 0x17))
