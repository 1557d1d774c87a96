"""The days on which the end of a signer's certificate is announced: thirty, fourteen and seven days before. Pure."""

from datetime import datetime, timedelta

from central.store.certificates import VALID, Certificate

STAGES = (7, 14, 30)
"""Days before the end, the most pressing first."""


def stage_of(one: Certificate, now: datetime) -> int | None:
    """Which of `STAGES` it has come to; None for one that has longer, has ended, or is not in use."""
    left = one.valid_until - now
    if one.state != VALID or left < timedelta(0):
        return None
    return next((days for days in STAGES if left <= timedelta(days=days)), None)
