"""Computes the remaining time of a rest, and the time between two moments. Pure.

Whatever happens to the clock on the wall, nobody rests less than was ordered: within one boot the monotonic clock counts.
Over a restart of the machine the wall clock counts only if it was trusted both when the rest began and now; otherwise the full
rest begins anew when the terminal is there again (`RestBeganAnew`).
"""

from datetime import date

from terminal.exam.model import ExamState, Stamp


def rest_left_s(state: ExamState, now: Stamp) -> float:
    """Seconds until the next attempt may start; 0 when the rest is over, never more than was ordered."""
    if state.rest_from is None:
        return 0.0
    rested = [_rested_s(began, now) for began in (state.rest_from, state.rest_anew) if began is not None]
    return max(0.0, state.rest_s - max(rested))


def _rested_s(began: Stamp, now: Stamp) -> float:
    """What is certain to have passed since then; 0 when nothing is."""
    if began.boot_id == now.boot_id:
        return max(0.0, now.monotonic_s - began.monotonic_s)
    if began.trusted and now.trusted:
        return max(0.0, (now.at - began.at).total_seconds())
    return 0.0


def local_day(now: Stamp) -> date:
    """The day at the place of the terminal: verifications and limits end by it, not by the day in Greenwich."""
    return now.at.astimezone().date()


def elapsed_s(began: Stamp, now: Stamp) -> float:
    """Seconds between two moments, for words on the screen: by the monotonic clock where it can tell."""
    if began.boot_id == now.boot_id:
        return max(0.0, now.monotonic_s - began.monotonic_s)
    return max(0.0, (now.at - began.at).total_seconds())
