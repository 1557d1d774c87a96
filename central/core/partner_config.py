"""The section of `central.toml` about systems of partners: who is sent results of exams, and whose staff is fetched."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from central.core.config_section import Section

SAFE_HOSTS = ("127.0.0.1", "localhost", "::1")
PartnerKind = Literal["rest", "file", "1c"]
SentFormat = Literal["result-json", "result-csv", "result-xlsx", "decision-json"]
_TAKES: dict[str, frozenset[str]] = {
    "rest": frozenset({"result-json", "decision-json"}),
    "file": frozenset({"result-json", "result-csv", "result-xlsx", "decision-json"}),
    "1c": frozenset({"result-json"}),
}
"""Formats by kind. A personnel system is told no reasons: they are medical."""


class PartnerConfig(Section):
    """One system of somebody else, for one medical organisation."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,30}$")]
    """What the log, maps of codes and addresses call it."""
    title: Annotated[str, Field(min_length=1, max_length=100)]
    """What people call it."""
    org: str
    kind: PartnerKind
    url: str | None = None
    """Of `rest`: where results are posted. Of `1c`: the published infobase, `https://host/base`."""
    results_url: str | None = None
    """Of `1c`: an HTTP service that takes results; without it none are sent."""
    folder: Path | None = None
    """Of `file`: one file for each result is put there."""
    login: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """Basic authentication; without it `secret_file` is a bearer token."""
    secret_file: Path | None = None
    """One line: password or token; readable by the service's user only."""
    employers: tuple[str, ...] = ()
    """ИНН of the employers whose workers' results it gets, and whose staff it keeps."""
    all_employers: bool = False
    """Whether it gets results of all workers of the organisation: the organisation's own system."""
    sends: SentFormat | None = None
    """In which format results go there; without it none do."""
    since: date | None = None
    """The first day whose decisions go there."""
    staff_every_min: Annotated[int, Field(ge=5, le=10_080)] = 60
    """Of `1c`: how often its staff is fetched."""
    staff: Literal["ask", "apply"] = "ask"
    """Of `1c`: `ask` shows the difference and waits for somebody, `apply` takes it over. Where more than a fifth of the workers
    would leave, somebody is asked in any case."""

    new_workers_remote: bool = False
    """Of `1c`: whether a worker who is new may be examined at a terminal at once. Without it the medical post sees them first."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.kind == "file") != (self.folder is not None) or (self.kind == "file") == (self.url is not None):
            raise ValueError("a file partner needs folder, any other needs url, and none needs the other's")
        if self.sends is not None and self.sends not in _TAKES[self.kind]:
            raise ValueError(f"a partner of the kind {self.kind} takes {', '.join(sorted(_TAKES[self.kind]))}")
        if (self.sends is not None) != (self.since is not None):
            raise ValueError("sends and since belong together: from which day results go there")
        if self.kind == "1c" and (self.sends is not None) != (self.results_url is not None):
            raise ValueError("of a 1c partner sends and results_url belong together")
        if self.kind != "1c" and self.results_url is not None:
            raise ValueError("results_url belongs to a 1c partner; any other is sent results at url")
        if bool(self.employers) == self.all_employers:
            raise ValueError("name the employers (ИНН) whose workers it is about, or say all_employers = true")
        if self.kind == "1c" and len(self.employers) != 1:
            raise ValueError("a 1c partner keeps the staff of one employer: name its ИНН")
        if self.login is not None and self.secret_file is None:
            raise ValueError("login needs secret_file")
        for address in (self.url, self.results_url):
            found = urlsplit(address or "https://none")
            if found.scheme != "https" and not (found.scheme == "http" and found.hostname in SAFE_HOSTS):
                raise ValueError("an address must begin with https://")
        return self


class PartnersConfig(Section):
    """Systems of partners. Without one nothing is sent anywhere."""

    poll_s: Annotated[float, Field(ge=0.2, le=3600)] = 10.0
    """How often each is looked after."""
    systems: tuple[PartnerConfig, ...] = ()

    @field_validator("systems")
    @classmethod
    def _told_apart(cls, value: tuple[PartnerConfig, ...]) -> tuple[PartnerConfig, ...]:
        names = [one.name for one in value]
        if len(set(names)) < len(names):
            raise ValueError("two partners have one name")
        return value

    def named(self, name: str) -> PartnerConfig | None:
        """The partner of that name."""
        return next((one for one in self.systems if one.name == name), None)
