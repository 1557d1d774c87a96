"""What a simulated device is: behaviour in simulated seconds, bytes in, bytes out, and named situations.

A model is a dataclass that knows neither a port nor a clock. `Bench` moves it on and carries its bytes. Fields of the
model are its back door: a scenario overrides some of them, `Bench.change` sets them while it runs. A model imports
nothing of the product and nothing of the other models: it is a second reading of the manual.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, ClassVar, Protocol

Scenarios = Mapping[str, Mapping[str, object]]
"""Situation -> fields of the model that it overrides. `normal` is empty; all other fields keep their defaults."""


class DeviceModel(Protocol):
    """One simulated device. `NAME` is the name that the registry of drivers uses for the same instrument."""

    NAME: ClassVar[str]
    SCENARIOS: ClassVar[Scenarios]

    def tick(self, dt: float) -> None:
        """Move on by `dt` simulated seconds (at most 0.05 per call)."""
        ...

    def receive(self, data: bytes) -> None:
        """Take bytes that the host sent; a command may arrive in pieces, and several in one piece."""
        ...

    def transmit(self) -> bytes:
        """Hand over the bytes to send now and forget them; empty when there is nothing to say."""
        ...


def apply_scenario(model: DeviceModel, name: str) -> None:
    """Put every field that any scenario touches back to its default, then set those of scenario `name`.

    Raises `ValueError` when the model does not know the scenario or the scenario names an unknown field.
    """
    scenarios = type(model).SCENARIOS
    if name not in scenarios:
        raise ValueError(f"{model.NAME}: unknown scenario {name!r}, there are: {', '.join(sorted(scenarios))}")
    touched = {field_name for overrides in scenarios.values() for field_name in overrides}
    defaults = _defaults(model)
    unknown = touched - defaults.keys()
    if unknown:
        raise ValueError(f"{model.NAME}: scenarios name fields without a default: {', '.join(sorted(unknown))}")
    for field_name in touched:
        setattr(model, field_name, defaults[field_name])
    for field_name, value in scenarios[name].items():
        setattr(model, field_name, value)


def _defaults(model: Any) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in fields(model):
        if field.default is not MISSING:
            found[field.name] = field.default
        elif field.default_factory is not MISSING:
            found[field.name] = field.default_factory()
    return found
