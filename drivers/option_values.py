"""Options that are numbers: read with their bounds, or refused by name before any device is touched."""

import math

from drivers.config import ConfigError
from drivers.spec import Options


def number(options: Options, name: str, lowest: float, highest: float) -> float:
    """The option as a number within the bounds. Raises `ConfigError` that names option, value and bounds."""
    text = options[name]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not lowest <= value <= highest:
        raise ConfigError("options", [f"{name}: {text!r} is no number from {lowest:g} to {highest:g}"])
    return value


def whole_number(options: Options, name: str, lowest: int, highest: int) -> int:
    """The option as a whole number within the bounds. Raises `ConfigError` like `number`."""
    value = number(options, name, lowest, highest)
    if not value.is_integer():
        raise ConfigError("options", [f"{name}: {options[name]!r} is no whole number"])
    return int(value)
