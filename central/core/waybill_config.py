"""The section of `central.toml` about operators of electronic waybills."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from central.core.config_section import Section

SAFE_HOSTS = ("127.0.0.1", "localhost", "::1")
Text60 = Annotated[str, Field(min_length=1, max_length=60)]


class LicenceParts(Section):
    """The medical licence as the format wants it. Newer licences have no series and no end: the organisation decides what stands
    there, and nothing is filled in silently."""

    series: Text60
    number: Text60
    issued_on: date
    until: date


class PowerConfig(Section):
    """A medic's electronic power of attorney (МЧД), where `authority` is 3."""

    medic_id: str
    number: Annotated[str, Field(min_length=36, max_length=36)]
    issued_on: date
    storage: Annotated[str, Field(min_length=1, max_length=500)]
    """The system that holds it (`ИдСистХран`)."""


class OperatorConfig(Section):
    """One operator of electronic waybills, for one medical organisation."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,30}$")]
    """What the register of employers calls it."""
    org: str
    kind: Literal["folder", "http"]
    folder: Path | None = None
    """Of a folder operator: `in`, `out` and `receipts` lie in it."""
    url: str | None = None
    token_file: Path | None = None
    """One line; readable by the service's user only."""
    carriers_ca_file: Path
    """Roots that signatures of carriers must lead to, PEM."""
    sender: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{4,46}$")]
    """The medical organisation's identifier as a participant of electronic exchange."""
    exam_kind: Literal["1", "2"] = "2"
    """`ВидМО`. DISPUTED: published programs read 1 and 2 as pre-shift and pre-trip, or as before and after. Ask the operator."""
    utc_coordination: Literal["0", "1"] = "0"
    """`НалКоорТочВрПрМО`. DISPUTED: ask the operator."""
    file_name: str = "{prefix}_{recipient}_{sender}_{date}_{uuid}"
    """DISPUTED: operators check names of files, and not all alike. Ask the operator."""
    authority: Literal["1", "2", "3", "4", "6"] = "1"
    """`СпосПодтПолном`: 1 by the certificate alone, 3 by a power of attorney of `powers`."""
    medic_of: Literal["organisation", "carrier"] = "organisation"
    """Whose medic signs: of a medical organisation (`СвМедОрг`), or of the carrier's own staff (`СвМедРаб`)."""
    licence: LicenceParts
    powers: tuple[PowerConfig, ...] = ()

    @field_validator("file_name")
    @classmethod
    def _template(cls, value: str) -> str:
        try:
            named = value.format(prefix="a", recipient="b", sender="c", date="d", uuid="e")
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            raise ValueError("may name prefix, recipient, sender, date and uuid, each in braces") from error
        if "{uuid}" not in value or not named.isascii():
            raise ValueError("must name uuid in braces and be plain letters: each file has a name of its own")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.kind == "folder") != (self.folder is not None) or (self.kind == "http") != (self.url is not None):
            raise ValueError("a folder operator needs folder, an http operator needs url, and none needs the other's")
        if self.url is not None:
            found = urlsplit(self.url)
            if found.scheme != "https" and not (found.scheme == "http" and found.hostname in SAFE_HOSTS):
                raise ValueError("url must begin with https://")
        return self


class WaybillsConfig(Section):
    """Operators of electronic waybills. Without one, waybills are of paper."""

    poll_s: Annotated[float, Field(ge=0.2, le=3600)] = 10.0
    """How often an operator is asked for new files and receipts."""
    operators: tuple[OperatorConfig, ...] = ()

    @field_validator("operators")
    @classmethod
    def _told_apart(cls, value: tuple[OperatorConfig, ...]) -> tuple[OperatorConfig, ...]:
        names = [one.name for one in value]
        if len(set(names)) < len(names):
            raise ValueError("two operators have one name")
        return value

    def operator(self, name: str | None) -> OperatorConfig | None:
        """The operator of that name."""
        return next((one for one in self.operators if one.name == name), None)
