"""Writes access-log entries for commands on the centre's machine: without an account, with the number of the system user."""

import os
from typing import Any

from sqlalchemy import Connection

from central.core.clock import now_utc
from central.store import audit
from central.store.audit import COMMAND_LINE


def note(
    connection: Connection,
    action: str,
    subject: str = COMMAND_LINE,
    *,
    org: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write it down in the transaction of what was done. Names of actions are those of the console for the same thing."""
    audit.write(
        connection,
        at=now_utc(),
        account_id=None,
        address=COMMAND_LINE,
        action=action,
        subject=subject,
        org=org,
        detail={"uid": _uid()} | (detail or {}),
    )


def _uid() -> int:
    """The number of the user who typed the command, also behind sudo."""
    behind = os.environ.get("SUDO_UID", "")
    return int(behind) if behind.isdecimal() else os.getuid()
