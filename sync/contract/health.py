"""State of a terminal: the retained status message with its last will, and the health report.

The status is plain JSON without an envelope: the broker's access list ties the topic to the terminal's certificate, and
nothing is ever decided on it. It says what holds this second. The health report is signed and chained as every record: it is
sent at the start, at a change and now and then, and the newest one counts.
"""

from typing import Literal

from pydantic import Field

from sync.contract.model import Id, Sha256, ShortText, Utc, WireModel

HEALTH_SCHEMA = "dopusk.health/1"


class DeviceHealth(WireModel):
    """One configured device. `serial` is what the device itself says; `verified_until` an ISO date from the configuration."""

    device_id: ShortText
    measures: ShortText
    state: Literal["ready", "warming", "busy", "fault", "absent"]
    reason: ShortText = ""
    maker: ShortText = ""
    model: ShortText = ""
    serial: ShortText | None = None
    verified_until: ShortText | None = None
    last_fault: ShortText = ""
    """Why it did not work the last time since the program's start; empty when it has worked all the while."""
    last_fault_at: Utc | None = None


class HealthReport(WireModel):
    """Payload of `up/health`."""

    cause: Literal["start", "change", "interval"]
    software_version: ShortText
    config_version: ShortText
    boot_id: ShortText
    """Of the machine: another one means that it was restarted."""
    started_at: Utc
    uptime_s: float = Field(ge=0)
    """Seconds since the program's start, by the clock that cannot jump."""
    queued: int = Field(ge=0)
    """Records without the centre's receipt, this report not among them."""
    parked: int = Field(ge=0)
    oldest_unreceipted_s: float | None = Field(default=None, ge=0)
    """Age of the oldest of them, in seconds."""
    free_disk_bytes: int | None = Field(default=None, ge=0)
    clock_trusted: bool
    camera: Literal["ready", "absent", "none"]
    """`none`: the configuration names no camera."""
    camera_reason: ShortText = ""
    roster_version: int = Field(ge=0)
    roster_sha256: Sha256 | None = None
    """`list_digest` of the roster in force. None of terminals that know no differences of rosters."""
    stores_set_aside: int = Field(default=0, ge=0)
    """Damaged stores that were set aside and that nobody has dealt with."""
    last_exam_at: Utc | None = None
    """When the last record of an exam was made here."""
    devices: tuple[DeviceHealth, ...] = Field(default=(), max_length=64)


class TerminalStatus(WireModel):
    """Payload of `…/status`. The last will has `state` offline and nothing more."""

    state: Literal["online", "offline"]
    at: Utc | None = None
    software_version: ShortText = ""
    backlog: int = Field(default=0, ge=0)
    oldest_unreceipted_s: float | None = None
    parked: int = Field(default=0, ge=0)
    devices: tuple[DeviceHealth, ...] = ()
    open_exam: Id | None = None
    open_worker: Id | None = None
    """Whose exam is open, once somebody was identified."""
    help_called_at: Utc | None = None
    """When somebody at the kiosk called for a medic and nobody has come yet."""
    roster_version: int = 0
    clock_trusted: bool | None = None
    free_disk_bytes: int | None = None
    kiosk: Literal["", "running", "silent"] = ""
    """`silent`: the sync process is alive, and the kiosk beside it says nothing. Empty where nobody can tell."""
    wal_bytes: int | None = None
    """Size of the write-ahead log of the terminal's store."""
