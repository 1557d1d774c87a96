"""The audit log: who read or changed what. Mass exports, lock-outs and odd hours are marked; names of workers never stand here.

GET /audit takes `since`, `until` (days, both included), `account_id`, `action`, `subject`, `sort` (at, -at), and for the page
`after_moment`, `after_id`; 422 with the page for a wrong day. Shown is what the visitor's organisations and their accounts did, and
refused logins.
"""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from central.console.audit_words import details
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.console.query import day_of, place_of
from central.console.sorting import sorting_of
from central.core.config import VigilanceConfig
from central.core.rights import Right
from central.notifying.vigilance import EXPORTS, is_odd_hour, rows_of
from central.store import accounts, audit, medics, security_alerts
from central.store.audit import Entry
from central.store.audit_subjects import subjects
from central.store.engine import reading

router = APIRouter()


ROWS = 200
_FILTERS = ("since", "until", "account_id", "action", "subject")


@router.get("/audit")
def show_audit(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_AUDIT))]) -> Response:
    """A page of the log; newest first, or oldest."""
    console, query, orgs = console_of(request), request.query_params, visitor.account.orgs
    faults: dict[str, str] = {}
    since = day_of(query, "since", visitor.look.zone, faults)
    until = day_of(query, "until", visitor.look.zone, faults)
    if since and until and since > until:
        faults["until"] = "before_since"
    asked = {name: query.get(name, "").strip() for name in _FILTERS}
    sort = sorting_of(request, ("at",), usual="-at")
    with reading(console.engine) as connection:
        known = [item for item in accounts.all_accounts(connection) if not item.orgs or set(item.orgs) & set(orgs)]
        names = {item.account_id: item.called for item in known}
        found = (
            []
            if faults
            else audit.search(
                connection,
                orgs=orgs,
                accounts=tuple(names),
                after=place_of(query),
                since=since,
                until=until + timedelta(days=1) if until else None,
                account_id=asked["account_id"],
                action=asked["action"],
                subject=asked["subject"],
                limit=ROWS + 1,
                oldest_first=not sort.shown.is_descending,
            )
        )
        shown = found[:ROWS]
        people = {item.account_id: item.full_name for item in known}
        seen_people = visitor.may(Right.SEE_EXAMS) or visitor.may(Right.SEE_REGISTERS)
        about = subjects(connection, [entry.subject for entry in shown], orgs, people, people=seen_people)
        actions = audit.actions(connection)
        told = security_alerts.latest(connection, orgs)
        medic_names = {entry.medic_id: entry.full_name for entry in medics.of_organisations(connection, orgs)}
    return page(
        request,
        "audit.html",
        visitor,
        422 if faults else 200,
        sort=sort,
        rows=[(entry, concern(entry, console.config.vigilance)) for entry in shown],
        names=names,
        concerned=medic_names | names,
        people=people,
        about=about,
        by_command=audit.COMMAND_LINE,
        of_itself=audit.OF_ITSELF,
        actions=actions,
        asked=asked,
        faults=faults,
        next_query=_next_query(asked | dict(sort.pairs), shown[-1]) if len(found) > ROWS else "",
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


def _next_query(asked: dict[str, str], last: Entry) -> str:
    place = {"after_moment": last.at.isoformat(), "after_id": last.audit_id}
    return urlencode({name: value for name, value in (asked | place).items() if value})
