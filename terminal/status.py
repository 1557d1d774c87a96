"""The status message as the kiosk makes it. Pure; called from the sync side on frozen values."""

from datetime import datetime

from sync.contract.health import TerminalStatus
from terminal.health import device_health
from terminal.snapshot import TerminalSnapshot
from terminal.standing import Facts


def status_of(snapshot: TerminalSnapshot, facts: Facts) -> TerminalStatus:
    """What the centre may know of this terminal this second."""
    now, oldest = snapshot.now, snapshot.link.oldest_at
    # A clock that was put back makes a record of the future, not a negative age.
    age_s = None if oldest is None else max(0.0, (now.at - datetime.fromisoformat(oldest)).total_seconds())
    return TerminalStatus(
        state="online",
        at=now.at,
        software_version=snapshot.place.software_version[:200],
        backlog=snapshot.link.waiting,
        oldest_unreceipted_s=age_s,
        parked=snapshot.link.parked,
        devices=tuple(device_health(status, snapshot.verified_until) for status in snapshot.devices.values()),
        open_exam=snapshot.exam.exam_id if snapshot.exam else None,
        open_worker=_worker_of(snapshot),
        help_called_at=facts.help_called_at,
        roster_version=facts.roster_version,
        clock_trusted=now.trusted,
        free_disk_bytes=facts.free_disk_bytes,
        kiosk="running",
        wal_bytes=facts.wal_bytes,
    )


def _worker_of(snapshot: TerminalSnapshot) -> str | None:
    """Whose exam is open; None until the worker has confirmed who they are."""
    examinee = snapshot.exam.examinee if snapshot.exam else None
    return examinee.worker_id if examinee and examinee.confirmed else None
