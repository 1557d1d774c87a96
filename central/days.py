"""The calendar day at the centre: what "today", "not yet" and "expired" mean in registers and papers."""

from datetime import date, datetime


def day_of(at: datetime) -> date:
    """The day of an aware moment by the time zone of the centre's machine.

    In UTC the day would begin at three in the morning in Moscow and at noon in Kamchatka: a consent of today would be refused as
    one of the future, and a licence would hold half a day after its last.
    """
    return at.astimezone().date()
