"""All simulated devices by name: every module of this package that holds a class with `NAME` and `SCENARIOS`."""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import cast

import simulators
from simulators.model import DeviceModel

_NO_DEVICES = frozenset(
    ("bench", "catalogue", "control", "lines", "modbus_rtu", "modbus_thermometer", "model", "shared_line")
)


@cache
def catalogue() -> Mapping[str, type[DeviceModel]]:
    """Name -> class of the model."""
    found: dict[str, type[DeviceModel]] = {}
    for module in pkgutil.iter_modules(simulators.__path__):
        if module.name in _NO_DEVICES or module.name.startswith(("camera", "fleet")):
            continue
        content = importlib.import_module(f"{simulators.__name__}.{module.name}")
        for _, kind in inspect.getmembers(content, inspect.isclass):
            if kind.__module__ == content.__name__ and hasattr(kind, "NAME") and hasattr(kind, "SCENARIOS"):
                found[kind.NAME] = cast(type[DeviceModel], kind)
    return MappingProxyType(dict(sorted(found.items())))
