"""The registry of drivers: every device file's `SPEC` and every register profile, under one name each; checks a configuration.

A device file is found by being in `drivers/devices`, a profile by being in `drivers/profiles`: nothing to register by
hand. A site's own profile is used through the driver `modbus_profile` with the option `profile=PATH`.
"""

import importlib
import pkgutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from drivers import devices as device_files
from drivers.body import JudgedCodec
from drivers.config import ConfigError, DeviceConfig
from drivers.devices import modbus_profile
from drivers.errors import Unavailable
from drivers.ledger import check_ledger, todos
from drivers.ports import RegisterBlock
from drivers.profile import parse_profile
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport

_SESSION = Option("yes", "whether results count as answers to our start", ("yes", "no"))
_SERIAL_NUMBER = Option("", "serial number of the instrument as configured")


@dataclass(frozen=True, slots=True)
class Attached:
    """A configured device with its driver and its checked, completed options."""

    config: DeviceConfig
    spec: DriverSpec
    options: Options

    @property
    def line(self) -> LineSettings:
        """The device's own line with what the configuration says otherwise."""
        own = self.spec.line
        return replace(own, baudrate=self.config.baudrate or own.baudrate, parity=self.config.parity or own.parity)


@cache
def drivers() -> Mapping[str, DriverSpec]:
    """All drivers by name."""
    found: dict[str, DriverSpec] = {}
    for module in pkgutil.iter_modules(device_files.__path__):
        spec: DriverSpec = importlib.import_module(f"{device_files.__name__}.{module.name}").SPEC
        found[spec.name] = _judged(spec)
    for name, content in _profiles().items():
        found[name] = _judged(modbus_profile.spec_of(parse_profile(name, content)))
    return MappingProxyType(dict(sorted(found.items())))


def driver(name: str, options: Mapping[str, str] | None = None) -> DriverSpec:
    """The driver of this name; `modbus_profile` with the option `profile` becomes that profile's driver.

    Raises `ConfigError` for an unknown name or a faulty profile.
    """
    if name not in drivers():
        close = get_close_matches(name, drivers(), n=1, cutoff=0.6)
        meant = f"did you mean {close[0]}? There are" if close else "there are"
        raise ConfigError("drivers", [f"{name}: no such driver; {meant}: {', '.join(drivers())}"])
    path = (options or {}).get("profile", "")
    if name == modbus_profile.SPEC.name and path:
        return _judged(modbus_profile.spec_of(parse_profile(path, _read(path))))
    return drivers()[name]


def _judged(spec: DriverSpec) -> DriverSpec:
    """What its codec finds is held against what a body can have; the line's worker does so for what is measured."""
    make_codec = spec.make_codec
    return replace(spec, make_codec=lambda options: JudgedCodec(make_codec(options)))


def ledger(name: str) -> Mapping[str, str]:
    """The quality ledger of a driver: rule -> `done`, `todo: …` or `exempt: …`. Raises `ConfigError`."""
    if name in _profiles():
        return _ledger_in(f"{name}.toml", _profiles()[name])
    place = files(device_files).joinpath(f"{name}.toml")
    if not place.is_file():
        raise ConfigError(f"{name}.toml", ["the quality ledger is missing"])
    return check_ledger(f"{name}.toml", tomllib.loads(place.read_text("utf-8")))


def complete_options(spec: DriverSpec, given: Mapping[str, str]) -> tuple[Options, list[str]]:
    """Options with the defaults filled in, and the faults: unknown names, values that are no choice."""
    known = {**spec.options, "session": _SESSION, "serial_number": _SERIAL_NUMBER}
    faults = [
        f"options.{name}: {spec.name} has no such option, it has: {', '.join(known)}" for name in given.keys() - known
    ]
    for name, option in known.items():
        if name in given and option.choices and given[name] not in option.choices:
            faults.append(f"options.{name}: {given[name]!r} is none of {', '.join(option.choices)}")
    return {name: given.get(name, option.default) for name, option in known.items()}, sorted(faults)


def attach(devices: Sequence[DeviceConfig], *, production: bool = False) -> list[Attached]:
    """Join each configured device with its driver. Raises `ConfigError` with every fault of all of them.

    Refused: unknown drivers and options, a step that the instrument does not measure, two devices on one plain serial
    port, two Modbus devices with one unit; in production also drivers whose ledger has a `todo`.
    """
    attached: list[Attached] = []
    faults: list[str] = []
    for config in devices:
        place = f"device.{config.id}"
        try:
            spec = driver(config.driver, config.options)
        except ConfigError as error:
            faults += [f"{place}: {fault}" for fault in error.faults]
            continue
        options, wrong = complete_options(spec, config.options | {"serial_number": config.serial_number or ""})
        faults += [f"{place}.{fault}" for fault in wrong]
        if not config.port and spec.transport is not Transport.MANUAL:
            faults.append(f"{place}.port: {spec.name} needs the line that it is on")
        if config.measures not in spec.measures:
            faults.append(f"{place}: {spec.name} does not measure {config.measures}")
        if production:
            faults += [f"{place}: {fault}" for fault in _unready(spec.name, config)]
        attached.append(Attached(config, spec, options))
        faults += [f"{place}.{fault}" for fault in ([] if wrong else _unmakeable(attached[-1]))]
    faults += _shared_ports(attached)
    if faults:
        raise ConfigError("devices", faults)
    return attached


class _NoDevice:
    """A line with nobody on it: instruments are only made on it, and nothing is asked."""

    def read(self, size: int = 256) -> bytes:
        raise Unavailable("there is no line", code="not_found")

    def write(self, data: bytes) -> None:
        raise Unavailable("there is no line", code="not_found")

    def discard_input(self) -> None:
        raise Unavailable("there is no line", code="not_found")

    def read_registers(
        self, unit: int, address: int, count: int, *, function: int = 3, timeout_s: float = 0.5
    ) -> RegisterBlock:
        raise Unavailable("there is no line", code="not_found")

    def write_register(self, unit: int, address: int, value: int, *, timeout_s: float = 0.5) -> None:
        raise Unavailable("there is no line", code="not_found")


def _unmakeable(device: Attached) -> list[str]:
    """What the driver itself says to its options; asked here, or its line's thread would meet it with the kiosk running."""
    spec, nothing = device.spec, _NoDevice()
    try:
        if spec.make_serial is not None:
            spec.make_serial(nothing, device.options)
        if spec.make_modbus is not None:
            spec.make_modbus(nothing, device.config.unit, device.options)
        if spec.make_manual is not None:
            spec.make_manual(device.options)
        spec.make_codec(device.options)
    except ConfigError as error:
        return [fault.removeprefix(f"{spec.name}: ") for fault in error.faults]
    except ValueError as error:
        return [f"options: {spec.name} cannot be made with them: {error}"]
    return []


def _shared_ports(attached: Sequence[Attached]) -> list[str]:
    faults: list[str] = []
    for index, one in enumerate(attached):
        for other in attached[index + 1 :]:
            if one.config.port != other.config.port or Transport.MANUAL in (one.spec.transport, other.spec.transport):
                continue
            both = f"device.{one.config.id} ({one.spec.name}) and device.{other.config.id} ({other.spec.name})"
            if Transport.SERIAL in (one.spec.transport, other.spec.transport):
                faults.append(f"{both} share the port {one.config.port}; a plain serial port carries one device")
            elif one.config.unit == other.config.unit:
                faults.append(f"{both} share unit {one.config.unit} on {one.config.port}")
            elif replace(one.line, echo=False) != replace(other.line, echo=False):
                faults.append(f"{both} want different line settings on {one.config.port}")
    return faults


def _unready(name: str, config: DeviceConfig) -> list[str]:
    """Why a driver must not go into production; a site's own profile brings its ledger along."""
    try:
        path = config.options.get("profile", "")
        rules = _ledger_in(path, _read(path)) if path else ledger(name)
    except ConfigError as error:
        return [f"the ledger of {name}: {fault}" for fault in error.faults]
    return [f"the ledger of {name} has {rule} to do" for rule in todos(rules)]


def _ledger_in(place: str, profile: Mapping[str, object]) -> Mapping[str, str]:
    return check_ledger(place, {"rules": profile["ledger"]} if "ledger" in profile else {})


@cache
def _profiles() -> Mapping[str, Mapping[str, object]]:
    folder = files("drivers").joinpath("profiles")
    return {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }


def _read(path: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(path, [str(error)]) from error
