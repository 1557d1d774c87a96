"""Several Modbus units on one line: each hears everything and answers for itself."""

from collections.abc import Sequence
from typing import ClassVar

from simulators.model import DeviceModel, Scenarios


class SharedLine:
    """A model made of models, for `Bench.add_model`; their fields are changed on the parts themselves."""

    NAME: ClassVar[str] = "shared_line"
    SCENARIOS: ClassVar[Scenarios] = {"normal": {}}

    def __init__(self, units: Sequence[DeviceModel]) -> None:
        self.units = tuple(units)

    def tick(self, dt: float) -> None:
        for unit in self.units:
            unit.tick(dt)

    def receive(self, data: bytes) -> None:
        for unit in self.units:
            unit.receive(data)

    def transmit(self) -> bytes:
        return b"".join(unit.transmit() for unit in self.units)
