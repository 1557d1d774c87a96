"""What the centre sends to addresses of webhooks, for the document alone: nothing here is called over `/api/v1`.

The bodies are made in `central.notifying.notice_bodies`; a test holds both to each other.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field

SIGNATURE = "`sha256=` and the HMAC-SHA-256 of the exact body with the secret of the address, hexadecimal."
Signature = Annotated[str, Header(alias="X-Dopusk-Signature", description=SIGNATURE)]


class EmployerNotice(BaseModel):
    """To an employer. Codes and numbers alone: no name, no value, no reason."""

    model_config = ConfigDict(extra="forbid")
    # `schema` is a word of pydantic's own classes.
    schema_: Annotated[Literal["dopusk.notice/1"], Field(alias="schema")]
    kind: str
    alert_id: Annotated[str, Field(description="The same in every repeat: take it once.")]
    exam_id: str | None
    employer_id: str
    personnel_number: str | None
    at: str
    document: Annotated[
        str | None, Field(description="Of a term: its kind; of a late worker: the beginning of the shift.")
    ] = None
    until: Annotated[str | None, Field(description="YYYY-MM-DD")] = None
    days: int | None = None
    is_last: Annotated[bool, Field(description="The address was removed; nothing comes any more.")] = False


class SecurityNotice(BaseModel):
    """To whoever looks after security: which account or key did what kind of thing."""

    model_config = ConfigDict(extra="forbid")
    schema_: Annotated[Literal["dopusk.security-notice/1"], Field(alias="schema")]
    kind: str
    alert_id: str
    org: str
    subject: str
    count: int
    at: str
    is_last: bool = False


class DutyNotice(BaseModel):
    """To a medic on duty: that an exam waits. Whose it is stands in the console."""

    model_config = ConfigDict(extra="forbid")
    schema_: Annotated[Literal["dopusk.duty-notice/1"], Field(alias="schema")]
    kind: str
    alert_id: str
    org: Annotated[str | None, Field(description="Absent in the last word to an address that was removed.")] = None
    at: str
    is_last: bool = False


class NewsNotice(BaseModel):
    """To a gateway of messengers: that something is new, and where to log in. The same bytes each time."""

    model_config = ConfigDict(extra="forbid")
    schema_: Annotated[Literal["dopusk.neutral-notice/1"], Field(alias="schema")]
    text: str
    link: str


def employer_notice(body: EmployerNotice, signature: Signature) -> None:
    """A worker of the employer is not admitted or is late, or a term of a document ends."""


def security_notice(body: SecurityNotice, signature: Signature) -> None:
    """An account or a key did something unusual, or a term of the organisation has come."""


def duty_notice(body: DutyNotice, signature: Signature) -> None:
    """An exam waits, and the medic on duty is called."""


def news(body: NewsNotice, signature: Signature) -> None:
    """Something is new; what it is stands in the console."""


webhooks = APIRouter()
"""Each is repeated for a week until the answer is 2xx."""
webhooks.post("employer-notice", summary="Not admitted, late, or a term ends", status_code=204)(employer_notice)
webhooks.post("security-notice", summary="Unusual actions in the console", status_code=204)(security_notice)
webhooks.post("duty-notice", summary="A medic on duty is called", status_code=204)(duty_notice)
webhooks.post("news", summary="Something is new", status_code=204)(news)
