"""The form of a device file: one `SPEC` per model, which `drivers.registry` collects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from drivers.findings import Codec
from drivers.model import Measures
from drivers.ports import ByteStream, Instrument, RegisterBus


class Transport(StrEnum):
    """What kind of line the driver talks over."""

    SERIAL = "serial"
    MODBUS = "modbus"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a driver. `choices` empty means free text that the driver itself checks."""

    default: str
    help: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The device's own default line: configuration may override baud rate and parity."""

    baudrate: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: int = 1
    echo: bool = False
    """Whether a half-duplex adapter is known to give back what is sent; a bus also finds that out by itself."""


Options = Mapping[str, str]
"""Options of one configured device, completed with the defaults and checked against the choices by the registry."""


@dataclass(frozen=True, slots=True)
class DriverSpec:
    """A driver as the registry knows it.

    `make_codec(options)` gives a codec in session (results count as answers to our start) unless the option
    `session` is `no`. `make_serial` or `make_modbus` makes the instrument on an open line, `make_manual`
    one without a line; the others are None. The registry adds the options `session` (`yes`, `no`) and `serial_number`
    (from the configuration, may be empty) to those that the driver declares.
    `source` names the protocol document; `medical_device` says whether the instrument is a registered one.
    """

    name: str
    maker: str
    model: str
    measures: tuple[Measures, ...]
    transport: Transport
    source: str
    medical_device: bool
    make_codec: Callable[[Options], Codec]
    make_serial: Callable[[ByteStream, Options], Instrument] | None = None
    make_modbus: Callable[[RegisterBus, int, Options], Instrument] | None = None
    make_manual: Callable[[Options], Instrument] | None = None
    line: LineSettings = field(default_factory=LineSettings)
    blank: Callable[[bytes], bytes] = bytes
    """Covers personal fields in bytes as they came over the line, without changing their number."""
    options: Mapping[str, Option] = field(default_factory=dict)
