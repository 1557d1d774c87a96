"""The section of `central.toml` about gates: where a signed admission lets a worker pass in, once."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from central.core.config_section import Port, Section

SAFE_HOSTS = ("127.0.0.1", "localhost", "::1")
GateKind = Literal["rest", "webhook", "sigur", "perco"]
_ASKS = frozenset({"rest", "sigur"})
_IS_TOLD = frozenset({"webhook", "sigur", "perco"})
_NEEDS: dict[str, frozenset[str]] = {
    "rest": frozenset(),
    "webhook": frozenset({"url", "secret_file"}),
    "sigur": frozenset({"host", "login", "access_point"}),
    "perco": frozenset({"url", "login", "secret_file", "device_id", "command"}),
}
_MAY: dict[str, frozenset[str]] = {"sigur": frozenset({"secret_file"})}
_SETTINGS = ("url", "host", "login", "secret_file", "access_point", "device_id", "command")


class PercoCommand(Section):
    """A command of a PERCo device that opens it once, as its `commandList` names it."""

    number: Annotated[int, Field(ge=0, le=255)]
    type: Annotated[int, Field(ge=0, le=255)]
    value: Annotated[int, Field(ge=0, le=255)]
    param: Annotated[int, Field(ge=0, le=60_000)]
    """Most likely milliseconds (published examples); never endless."""


class GateConfig(Section):
    """One way in. The way out, and the release by the fire alarm, are never led through it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,30}$")]
    """What the log of passages and addresses call it."""
    org: str
    """Medical organisation whose medics admit."""
    employers: Annotated[tuple[str, ...], Field(min_length=1)]
    """ИНН of the employers whose workers pass here. Nobody else's worker passes."""
    place: Annotated[str, Field(min_length=1, max_length=200)]
    kind: GateKind
    opens: Literal["on_request", "on_admission"] = "on_request"
    """Whether the controller asks at each passage, or is told at once when a medic has admitted at a terminal beside it."""
    terminals: tuple[str, ...] = ()
    """Of a gate that is told: terminals beside it. An admission given elsewhere opens nothing here."""
    url: str | None = None
    host: str | None = None
    port: Port = 3312
    login: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    secret_file: Path | None = None
    """One line: password or key of the webhook's signature; readable by the service's user only."""
    access_point: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Of Sigur: the one access point that is ours, and its way in alone."""
    device_id: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    command: PercoCommand | None = None
    answer_within_s: Annotated[float, Field(gt=0, le=30)] = 3.0
    """An answer that was not ready by then opens nothing; no opening is handed over after it either."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = {name for name in _SETTINGS if getattr(self, name) is not None}
        needed, allowed = _NEEDS[self.kind], _NEEDS[self.kind] | _MAY.get(self.kind, frozenset())
        for name in sorted(needed - given):
            raise ValueError(f"a gate of the kind {self.kind} needs {name}")
        for name in sorted(given - allowed):
            raise ValueError(f"a gate of the kind {self.kind} has no {name}")
        is_told = self.opens == "on_admission"
        if self.kind not in (_IS_TOLD if is_told else _ASKS):
            raise ValueError(f"a gate of the kind {self.kind} cannot be opened {self.opens}")
        if is_told != bool(self.terminals):
            raise ValueError("terminals belong to opens = 'on_admission', and it needs one or more")
        if self.url is not None:
            found = urlsplit(self.url)
            if found.scheme != "https" and not (found.scheme == "http" and found.hostname in SAFE_HOSTS):
                raise ValueError("url must begin with https://")
        return self


class GatesConfig(Section):
    """Gates. Without one, admissions open nothing."""

    poll_s: Annotated[float, Field(ge=0.05, le=60)] = 1.0
    """How often admissions for gates that are told are looked for, where nothing has woken the thread."""
    gates: tuple[GateConfig, ...] = ()

    @field_validator("gates")
    @classmethod
    def _told_apart(cls, value: tuple[GateConfig, ...]) -> tuple[GateConfig, ...]:
        names = [one.name for one in value]
        if len(set(names)) < len(names):
            raise ValueError("two gates have one name")
        return value

    def gate(self, name: str) -> GateConfig | None:
        """The gate of that name."""
        return next((one for one in self.gates if one.name == name), None)
