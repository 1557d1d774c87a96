"""The end of a signer's certificate is announced 30, 14 and 7 days before: on the pages, and once at each step as an alert.

What is written into the access log here becomes the alert (`central.notifying.vigilance`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from central.store import audit, certificates
from central.store.audit import OF_ITSELF
from central.store.certificates import VALID, Certificate
from central.store.engine import hold, reading, writing

STAGES = (7, 14, 30)
"""Days before the end, the most pressing first."""
ENDING = "certificate.ending"
"""Action of the access log; its subject is the owner."""


def stage_of(one: Certificate, now: datetime) -> int | None:
    """Which of `STAGES` it has come to; None for one that has longer, has ended, or is not in use. Pure."""
    left = one.valid_until - now
    if one.state != VALID or left < timedelta(0):
        return None
    return next((days for days in STAGES if left <= timedelta(days=days)), None)


def announce_ends(engine: Engine, now: datetime) -> int:
    """Write down which certificates have come to a step that was not told yet; returns how many."""
    with reading(engine) as connection:
        if not _untold(connection, now):
            return 0
    with writing(engine) as connection:
        hold(connection, "certificate ends")
        found = _untold(connection, now)
        for one, stage in found:
            detail = {"serial": one.serial, "step": stage, "days": (one.valid_until - now).days}
            audit.write(
                connection,
                at=now,
                account_id=None,
                address=OF_ITSELF,
                action=ENDING,
                subject=one.owner,
                org=one.org,
                detail=detail,
            )
    return len(found)


def _untold(connection: Connection, now: datetime) -> Sequence[tuple[Certificate, int]]:
    staged = [(one, stage_of(one, now)) for one in certificates.valid(connection)]
    return [
        (one, stage)
        for one, stage in staged
        if stage is not None and (one.serial, stage) not in _told(connection, one.owner)
    ]


def _told(connection: Connection, owner: str) -> set[tuple[str, int]]:
    entries = audit.of_subject(connection, ENDING, owner)
    return {(str(entry.detail.get("serial")), int(entry.detail.get("step", 0))) for entry in entries}
