"""What somebody at the console did, into the access log."""

from typing import Any

from sqlalchemy import Connection

from central.console.context import Console, Visitor
from central.store import audit


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
