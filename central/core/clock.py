"""The clock of the centre's processes."""

from datetime import UTC, datetime


def now_utc() -> datetime:
    """The centre's wall clock, in UTC."""
    return datetime.now(UTC)
