"""The audit log: who read or changed what. Mass exports, lock-outs and odd hours are marked; names of workers never stand here.

GET /audit takes `since`, `until` (days), `account_id`, `action`, `subject`.
"""

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.config import VigilanceConfig
from central.console.audit_words import details
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.rights import Right
from central.store import accounts, audit, security_alerts
from central.store.audit import Entry
from central.store.engine import reading
from central.vigilance import EXPORTS, is_odd_hour, rows_of

router = APIRouter()


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
        told = security_alerts.latest(connection, visitor.account.orgs)
    rows = [(entry, concern(entry, console.config.vigilance)) for entry in entries]
    return page(
        request,
        "audit.html",
        visitor,
        rows=rows,
        names=names,
        actions=actions,
        query=query,
        security_alerts=told,
        details=details,
    )


def concern(entry: Entry, config: VigilanceConfig) -> str:
    """Why an entry deserves a look: `mass_export`, `odd_hour`, `locked`, `refused`; empty when it does not."""
    if entry.action in EXPORTS and rows_of(entry) > config.export_rows_per_hour:
        return "mass_export"
    if entry.action == "account.locked":
        return "locked"
    if entry.action.endswith(".refused"):
        return "refused"
    return "odd_hour" if is_odd_hour(entry, config) else ""


def _day(value: str, visitor: Visitor) -> datetime | None:
    try:
        return datetime.combine(datetime.fromisoformat(value).date(), time(), visitor.look.zone) if value else None
    except ValueError:
        return None
