"""The calendar day at the centre: what "today", "not yet" and "expired" mean in registers and papers."""

from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def day_of(at: datetime) -> date:
    """The day of an aware moment by the time zone of the centre's machine.

    In UTC the day would begin at three in the morning in Moscow and at noon in Kamchatka: a consent of today would be refused as
    one of the future, and a licence would hold half a day after its last.
    """
    return at.astimezone().date()


def start_of(day: date) -> datetime:
    """The moment in which a day begins by the time zone of the centre's machine, as `day_of` says."""
    return datetime.combine(day, time.min).astimezone()


@lru_cache(maxsize=4096)
def parse_day(words: str) -> date | None:
    """A day as 2026-03-01 or 01.03.2026; None for anything else."""
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            # Only the day is used.
            return datetime.strptime(words, form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None


def zone_name(zone: tzinfo, at: datetime) -> str:
    """How a zone is stored: its name, or for one without a name its offset from UTC at that moment, as `+0300`."""
    return zone.key if isinstance(zone, ZoneInfo) else at.astimezone(zone).strftime("%z")


def zone_of(name: str) -> tzinfo | None:
    """The zone of a stored name or offset; none when this machine does not know it."""
    if name[:1] in {"+", "-"} and name[1:].isascii() and name[1:].isdigit() and len(name) == 5:
        minutes = int(name[1:3]) * 60 + int(name[3:])
        return timezone(timedelta(minutes=-minutes if name[0] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
