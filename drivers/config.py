"""The configuration of devices (`devices.toml`), parsed once into frozen values; all faults are listed together."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drivers.config_faults import words_of
from drivers.model import Measures


class ConfigError(Exception):
    """A configuration that must not start. `faults` lists every fault as `place: what is wrong`."""

    def __init__(self, path: str, faults: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(faults))
        self.path = path
        self.faults = faults


class DeviceConfig(BaseModel):
    """One device on one line. `port` is any pyserial URL, or `tcp://host:port` for a Modbus TCP gateway.

    Devices that share a `port` share its worker thread (several Modbus units on one bus).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    driver: str
    measures: Measures
    port: str = ""
    """Empty for an instrument without a cable alone."""
    unit: Annotated[int, Field(ge=1, le=255)] = 1
    baudrate: Annotated[int, Field(ge=300, le=921600)] | None = None
    parity: Annotated[str, Field(pattern="^[NEO]$")] | None = None
    serial_number: str | None = None
    verified_until: date | None = None
    options: dict[str, str] = {}


class _DevicesFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    device: list[DeviceConfig]


def load_devices(path: Path) -> list[DeviceConfig]:
    """Read `devices.toml`. Raises `ConfigError` with all faults: syntax, types, double ids, unknown drivers."""
    try:
        with path.open("rb") as file:
            fields = tomllib.load(file)
        if not fields:
            raise ConfigError(str(path), ["the file is empty"])
        devices = _DevicesFile.model_validate(fields).device
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), [str(error)]) from error
    except ValidationError as error:
        raise ConfigError(str(path), words_of(error, _DevicesFile)) from error
    ids = [device.id for device in devices]
    doubles = sorted({name for name in ids if ids.count(name) > 1})
    if doubles:
        raise ConfigError(str(path), [f"device.{name}: this id is used more than once" for name in doubles])
    return devices
