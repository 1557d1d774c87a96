"""A declarative register profile: what a Modbus instrument is, which registers hold its values, and how it measures.

Addresses are zero-based PDU addresses unless `link.address_base = 1`. Every profile has a version that is stored with
each result. Parsing is pure; the registry reads the files.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from drivers.config import ConfigError
from drivers.config_faults import faults_of
from drivers.model import Act, Measures, Quantity

Register = Annotated[int, Field(ge=0, le=0xFFFF)]
Named = Annotated[Register, Field(alias="register")]
"""A register under its name in the file; pydantic keeps `register` for itself."""
PointType = Literal["u16", "s16", "u32", "s32", "f32"]
WORDS_OF: Mapping[str, int] = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "f32": 2}
_UCUM_OF: Mapping[str, str] = {
    Quantity.TEMPERATURE: "Cel",
    Quantity.BREATH_ALCOHOL: "mg/L",
    Quantity.SYSTOLIC: "mm[Hg]",
    Quantity.DIASTOLIC: "mm[Hg]",
    Quantity.MEAN_PRESSURE: "mm[Hg]",
    Quantity.PULSE: "/min",
    Quantity.SPO2: "%",
    Quantity.PERFUSION_INDEX: "%",
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LineSettings(_Part):
    """Defaults of the line and of the polling; `timeout_s` bounds one request."""

    baudrate: Annotated[int, Field(ge=300, le=921600)] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    function: Literal[3, 4] = 3
    address_base: Literal[0, 1] = 0
    timeout_s: Annotated[float, Field(gt=0, le=2)] = 0.3
    poll_period_s: Annotated[float, Field(gt=0, le=5)] = 0.15
    largest_block: Annotated[int, Field(ge=1, le=125)] = 125
    tries: Annotated[int, Field(ge=1, le=5)] = 3
    echo: bool = False
    """The adapter gives back what is sent: a write counts when it is confirmed a second time or read back."""


class Block(_Part):
    """Registers that are read in one request."""

    address: Register
    count: Annotated[int, Field(ge=1, le=125)]

    def covers(self, register: int, words: int = 1) -> bool:
        return self.address <= register and register + words <= self.address + self.count


class Identity(_Part):
    """The register that tells this instrument from others, and where its serial number stands."""

    at: Named
    expected: Annotated[tuple[int, ...], Field(min_length=1)]
    serial_register: Register | None = None
    serial_words: Literal[1, 2] = 2

    @property
    def block(self) -> Block:
        """The one request that answers both."""
        first = last = self.at
        if self.serial_register is not None:
            first = min(first, self.serial_register)
            last = max(last, self.serial_register + self.serial_words - 1)
        return Block(address=first, count=last - first + 1)


class Point(_Part):
    """A value: `raw * scale + offset` in `unit` (UCUM). `missing` are raw values that mean "none"."""

    name: str
    at: Named
    type: PointType
    word_order: Literal["big", "little"] = "big"
    scale: float = 1.0
    offset: float = 0.0
    decimals: Annotated[int, Field(ge=0, le=6)] = 1
    unit: str
    range: tuple[float, float]
    missing: tuple[int, ...] = ()
    result: bool = True
    """Whether this is a result; others go into the details of the reading."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.range[0] >= self.range[1]:
            raise ValueError("range: the lower limit must be below the upper one")
        if self.scale == 0:
            raise ValueError("scale: must not be 0")
        if self.result and self.name not in _UCUM_OF:
            raise ValueError(f"name: {self.name!r} is none of {', '.join(_UCUM_OF)} (or set result = false)")
        if self.result and _UCUM_OF[self.name] != self.unit:
            raise ValueError(f"unit: {self.name} is in {_UCUM_OF[self.name]}, not in {self.unit}")
        return self


class StatusBit(_Part):
    """A bit of a status register; a `fatal` one makes the values of its block unusable."""

    at: Named
    bit: Annotated[int, Field(ge=0, le=15)]
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    message: str
    act: Act = Act.SERVICE
    fatal: bool = True


class Settle(_Part):
    """Polled measuring: the value must stay within `low`…`high` and within `spread` for `hold_s`; the last one counts.

    Nothing is averaged and nothing is corrected.
    """

    point: str
    low: float
    high: float
    spread: Annotated[float, Field(gt=0)]
    hold_s: Annotated[float, Field(ge=0, le=30)]
    waiting_state: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = "waiting"


class CycleState(_Part):
    """What a value of the state register means; `done` releases the result, `error` ends the run."""

    value: int
    state: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0


class ErrorText(_Part):
    """A value of the error register."""

    value: int
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    message: str
    act: Act = Act.SERVICE


class Cycle(_Part):
    """Started measuring: write, follow the states, read the result in `done` only, write the reset."""

    start_register: Register
    start_value: Register
    reset_register: Register | None = None
    reset_value: Register = 0
    state_register: Register
    states: Annotated[tuple[CycleState, ...], Field(min_length=2)]
    error_register: Register | None = None
    errors: tuple[ErrorText, ...] = ()


class Profile(_Part):
    """One instrument. Cross-references are checked when it is loaded, so that an engine may rely on them."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    maker: str
    model: str
    version: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)*$")]
    origin: Literal["vendor", "site"]
    source: str
    medical_device: bool
    verified_on: str | None = None
    measures: Annotated[tuple[Measures, ...], Field(min_length=1)]
    link: LineSettings = LineSettings()
    identity: Identity | None = None
    block: Block
    point: Annotated[tuple[Point, ...], Field(min_length=1)]
    status: tuple[StatusBit, ...] = ()
    settle: Settle | None = None
    cycle: Cycle | None = None
    ledger: Mapping[str, str] = {}

    def pdu_address(self, register: int) -> int:
        """Address on the wire of a register as the profile writes it."""
        return register - self.link.address_base

    @model_validator(mode="after")
    def _check(self) -> Self:
        faults = [
            f"point {point.name}: register {point.at:#06x} is outside of the block"
            for point in self.point
            if not self.block.covers(point.at, WORDS_OF[point.type])
        ]
        faults += [
            f"status {bit.code}: register {bit.at:#06x} is outside of the block"
            for bit in self.status
            if not self.block.covers(bit.at)
        ]
        names = [point.name for point in self.point]
        faults += [f"point {name}: declared more than once" for name in sorted(set(names)) if names.count(name) > 1]
        if not any(point.result for point in self.point):
            faults.append("point: none of them is a result")
        if (self.settle is None) == (self.cycle is None):
            faults.append("exactly one of settle and cycle says how one measures")
        if self.settle is not None and self.settle.point not in names:
            faults.append(f"settle: there is no point {self.settle.point}")
        if self.settle is not None and self.settle.low >= self.settle.high:
            faults.append("settle: low must be below high")
        if self.cycle is not None and not any(state.state == "done" for state in self.cycle.states):
            faults.append("cycle: no state is called done")
        if self.block.count > self.link.largest_block:
            faults.append(f"block: {self.block.count} registers are more than link.largest_block")
        if self.block.address < self.link.address_base:
            faults.append("block: register 0 does not exist when link.address_base is 1")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def parse_profile(place: str, content: Mapping[str, object]) -> Profile:
    """Check a profile as parsed from TOML. Raises `ConfigError` with all faults, each with its place in dots."""
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        raise ConfigError(place, faults_of(error)) from error
