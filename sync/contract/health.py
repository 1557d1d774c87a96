"""How a terminal is: the retained status message, and its last will.

The status is plain JSON without an envelope: the broker's access list ties the topic to the terminal's certificate, and
nothing is ever decided on it.
"""

from typing import Literal

from pydantic import Field

from sync.contract.model import Id, ShortText, Utc, WireModel


class DeviceHealth(WireModel):
    device_id: ShortText
    measures: ShortText
    state: Literal["ready", "warming", "busy", "fault", "absent"]
    reason: ShortText = ""
    maker: ShortText = ""
    model: ShortText = ""
    serial: ShortText | None = None
    verified_until: ShortText | None = None


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
    help_called_at: Utc | None = None
    """When somebody at the kiosk called for a medic and nobody has come yet."""
    roster_version: int = 0
    clock_trusted: bool | None = None
    free_disk_bytes: int | None = None
