"""Parses what addresses of lists share: days in the reader's time zone, and the position where the next page starts."""

from datetime import UTC, datetime, time, tzinfo

from starlette.datastructures import QueryParams

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Days beyond are slips of the keyboard, and the last ones of the calendar have no day after them."""


def day_of(query: QueryParams, field: str, zone: tzinfo, faults: dict[str, str]) -> datetime | None:
    """The beginning of a day; None without one. What is no day of these centuries is a fault, `not_a_day`."""
    value = query.get(field, "")
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value).date()
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        faults[field] = "not_a_day"
        return None
    return datetime.combine(found, time(), zone)


def place_of(query: QueryParams) -> tuple[datetime, str] | None:
    """Moment and id of the last row seen (`after_moment`, `after_id`); None from the beginning, or when they are no place."""
    moment, last_id = query.get("after_moment", ""), query.get("after_id", "")
    try:
        at = datetime.fromisoformat(moment) if moment and last_id else None
        # Beyond the calendar in UTC there is no moment, whatever the offset says.
        return (at.astimezone(UTC), last_id) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
