"""A relay board as a file describes it: which coil lets in, how it is switched for a moment, how it is made safe. Pure.

Only the way in is ours. A profile says so in `way`, and another word is refused: the way out, and the release by the fire
alarm, are never wired through this software.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from drivers.config import ConfigError
from drivers.config_faults import faults_of
from drivers.profile import Register
from drivers.spec import LineSettings


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Coils(_Part):
    """Numbers and words of plain switching. `first` is the PDU address of the first relay."""

    first: Register = 0
    count: Annotated[int, Field(ge=1, le=32)]
    on_word: Register = 0xFF00
    off_word: Register = 0x0000
    readable: bool = True
    """Whether function 1 tells how the relays stand."""


class Pulse(_Part):
    """A pulse that the board ends by itself: nothing stays on when the kiosk, or its cable, dies meanwhile."""

    first: Register
    """PDU address of the first relay's pulse."""
    unit_ms: Annotated[int, Field(ge=1, le=1000)]
    longest: Annotated[int, Field(ge=1, le=0x7FFF)] = 0x7FFF


class Setting(_Part):
    """A holding register that is read, and set where it stands otherwise, before the relay is used."""

    register_: Annotated[Register, Field(alias="register")]
    value: Register
    per_relay: bool = False
    """Whether each relay has one: the relay's place is added."""
    why: Annotated[str, Field(min_length=1)]


class RelayProfile(_Part):
    """One kind of board."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    maker: str
    model: str
    version: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)*$")]
    origin: Literal["vendor", "site"]
    source: str
    tried: Literal["never", "simulator", "real"]
    """Against what it was tried."""
    way: Literal["in"]
    wiring: Annotated[str, Field(min_length=20)]
    """What the installer must know, in Russian."""
    baudrate: Annotated[int, Field(ge=300, le=921600)] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    timeout_s: Annotated[float, Field(gt=0, le=2)] = 0.5
    coils: Coils
    pulse: Pulse | None = None
    setting: tuple[Setting, ...] = ()
    ends_by_itself: bool
    """Whether the board leaves "on" by itself when nobody speaks to it any more: by its pulse or by its safe state."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.ends_by_itself and self.pulse is None and not self.setting:
            raise ValueError("ends_by_itself needs a pulse or the settings of a safe state")
        if self.pulse is not None and not self.ends_by_itself:
            raise ValueError("a board with a pulse ends it by itself")
        return self

    @property
    def line(self) -> LineSettings:
        """The line that the board has as delivered."""
        return LineSettings(baudrate=self.baudrate, parity=self.parity, stopbits=self.stopbits)


def parse_relay(content: str, place: str) -> RelayProfile:
    """A profile from its file. Raises `ConfigError` with every fault."""
    try:
        return RelayProfile.model_validate(tomllib.loads(content))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(place, [str(error)]) from error
    except ValidationError as error:
        raise ConfigError(place, faults_of(error)) from error


def shipped_relays() -> Mapping[str, RelayProfile]:
    """The profiles that ship, by name."""
    found = [
        parse_relay(item.read_text("utf-8"), item.name)
        for item in sorted(files("drivers").joinpath("relays").iterdir(), key=lambda item: item.name)
        if item.name.endswith(".toml")
    ]
    return {one.name: one for one in found}


def relay_of(name: str) -> RelayProfile:
    """A profile that ships, or a site's own by its path. Raises `ConfigError`."""
    shipped = shipped_relays()
    if name in shipped:
        return shipped[name]
    if not name.endswith(".toml"):
        raise ConfigError("gate.profile", [f"{name!r} is none of {', '.join(shipped)}, and no file that ends in .toml"])
    try:
        return parse_relay(Path(name).read_text("utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("gate.profile", [f"{name}: cannot be read ({error})"]) from error
