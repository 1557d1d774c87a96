"""The base of all wire models: frozen, strict about unknown fields only where a version says so."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer


class WireModel(BaseModel):
    """A frozen wire value. Unknown fields are kept out: within a version, fields are only added, and old readers ignore them."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        ser_json_inf_nan="constants",
        allow_inf_nan=False,
        hide_input_in_errors=True,  # what is wrong gets logged, and the values are people's
    )


def _to_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without an offset is not a time")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        # The first and the last day of the calendar, at an offset: a fault of the message, never of who reads it.
        raise ValueError("a time beyond the calendar in UTC") from error
    return moment - timedelta(microseconds=moment.microsecond % 1000)


def utc_text(moment: datetime) -> str:
    """RFC 3339 text in UTC with milliseconds and `Z`, the one form of times on the wire."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Utc = Annotated[datetime, AfterValidator(_to_utc), PlainSerializer(utc_text, return_type=str)]
"""A moment in UTC to the millisecond, so that what is read back equals what was written; refuses times without an offset."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""Name of a terminal or an organisation as it stands in a topic and in a certificate."""
ShortText = Annotated[str, Field(max_length=200)]
LongText = Annotated[str, Field(max_length=4000)]
