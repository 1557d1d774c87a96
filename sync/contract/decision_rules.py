"""Rules for the dates and names of a signed decision: could a medic have made it on this exam? Pure.

The centre checks before it signs; a terminal checks what it is sent, whoever holds the centre's keys.
"""

from datetime import datetime, timedelta

from sync.contract.decision import DecisionRecord

FUTURE_TOLERANCE = timedelta(days=1)
"""As much as a message may lie ahead of a reader's right clock."""
CLOCK_SKEW = timedelta(hours=1)
"""How far the clocks of centre and terminal may disagree about what came first."""
LONGEST_ADMISSION = timedelta(hours=24)
"""No centre can be set to admit anybody for longer after the measurements (`decisions.admission_valid_hours`)."""
AFTER_WORK = frozenset({"post_shift", "post_trip"})
"""Types of exam whose conclusion is whether there are signs, and which admit nobody to anything."""


def date_fault(record: DecisionRecord, now: datetime | None) -> str | None:
    """Why the decision cannot have been made when it says; None when it can.

    `now`: the reader's clock, None where it is not to be trusted. An exam that lies ahead of it was dated by a clock that was wrong
    then; no decision is held against its date.
    """
    exam, decided_at = record.exam, record.decision.decided_at
    if now is not None:
        if decided_at > now + FUTURE_TOLERANCE:
            return "the decision is dated in the future"
        if decided_at < exam.started_at - CLOCK_SKEW and exam.started_at <= now + CLOCK_SKEW:
            return "the decision is dated before the exam"
    return _admission_fault(record)


def _admission_fault(record: DecisionRecord) -> str | None:
    exam, decision = record.exam, record.decision
    if decision.outcome != "admitted" or exam.exam_type in AFTER_WORK:
        return None
    latest = exam.finished_at + LONGEST_ADMISSION + CLOCK_SKEW
    if decision.decided_at > latest:
        return "the admission was given too long after the exam"
    until = decision.valid_until
    if until is not None and (until > latest or until <= decision.decided_at):
        return "the admission ends before it begins, or lasts too long after the exam"
    return None
