"""Writes access-log entries for actions at the console."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from sqlalchemy import Connection

from central.console.context import Console, Visitor, console_of
from central.store import audit
from central.store.engine import writing


def note(
    connection: Connection,
    console: Console,
    visitor: Visitor,
    action: str,
    subject: str = "",
    *,
    org: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write it down in the transaction of what was done: what is not in the log did not happen, and the other way round."""
    audit.write(
        connection,
        at=console.clock(),
        account_id=visitor.account.account_id,
        address=visitor.address,
        action=action,
        subject=subject,
        org=org,
        detail=detail,
    )


def note_alone(
    console: Console,
    visitor: Visitor,
    action: str,
    subject: str = "",
    *,
    org: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write an entry in a transaction of its own: for a look, an export, or an act that writes nothing else."""
    with writing(console.engine) as connection:
        note(connection, console, visitor, action, subject, org=org, detail=detail)


def note_seldom(
    request: Request,
    visitor: Visitor,
    action: str,
    subject: str = "",
    *,
    org: str | None = None,
    orgs: Sequence[str] = (),
) -> None:
    """Write a look down once an hour for a session: a page that asks by itself, a picture of a page that was written down."""
    console = console_of(request)
    if console.once_per_hour.is_due((visitor.session.session_id, subject or action)):
        for owner in orgs or (org,):
            note_alone(console, visitor, action, subject, org=owner)


def covers(console: Console, visitor: Visitor, subject: str) -> None:
    """What was just written down about this exam or worker covers the pictures that its page loads."""
    console.once_per_hour.mark((visitor.session.session_id, subject))
