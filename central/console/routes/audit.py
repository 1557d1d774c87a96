"""The audit log: who read or changed what. Mass exports and odd hours are marked; names of workers never stand here.

GET /audit takes `since`, `until` (days), `account_id`, `action`, `subject`.
"""

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.rights import Right
from central.store import accounts, audit
from central.store.audit import Entry
from central.store.engine import reading

router = APIRouter()

MASS_EXPORT_ROWS = 5000
NIGHT = (time(22), time(4))
"""Between these hours, in the reader's zone, an export or a change of accounts is out of the ordinary."""
_UNUSUAL_AT_NIGHT = ("journal.export", "workers.export", "account.", "key.", "channel.")


@router.get("/audit")
def show_audit(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_AUDIT))]) -> Response:
    """Search the log; newest first."""
    console = console_of(request)
    query = request.query_params
    since, until = _day(query.get("since", ""), visitor), _day(query.get("until", ""), visitor)
    with reading(console.engine) as connection:
        entries = audit.search(
            connection,
            since=since,
            until=until + timedelta(days=1) if until else None,
            account_id=query.get("account_id") or None,
            action=query.get("action") or None,
            subject=query.get("subject") or None,
            limit=500,
        )
        names = {item.account_id: item.username for item in accounts.all_accounts(connection)}
        actions = audit.actions(connection)
    rows = [(entry, concern(entry, visitor)) for entry in entries]
    return page(request, "audit.html", visitor, rows=rows, names=names, actions=actions, query=query)


def concern(entry: Entry, visitor: Visitor) -> str:
    """Why an entry deserves a look: `mass_export`, `odd_hour`, `refused`; empty when it does not."""
    if entry.detail.get("rows", 0) > MASS_EXPORT_ROWS and entry.action.endswith(".export"):
        return "mass_export"
    if entry.action.endswith(".refused"):
        return "refused"
    local = entry.at.astimezone(visitor.look.zone).time()
    night = local >= NIGHT[0] or local < NIGHT[1]
    return "odd_hour" if night and entry.action.startswith(_UNUSUAL_AT_NIGHT) else ""


def _day(value: str, visitor: Visitor) -> datetime | None:
    try:
        return datetime.combine(datetime.fromisoformat(value).date(), time(), visitor.look.zone) if value else None
    except ValueError:
        return None
