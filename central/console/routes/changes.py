"""The changes of all registers: who changed what, when, from what to what. Secrets appear as changed, without values.

GET /changes takes `kind` (register), `account_id` (`-`: the command line), `since`, `until` (days, both included), `sort`
(at, -at), and for the page `after_moment`, `after_id`. 422 with the page for a wrong day.
"""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from central.console.access_log import note
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.console.query import day_of, place_of
from central.console.routes.registers import KINDS
from central.console.sorting import sorting_of
from central.core.rights import Right
from central.store import change_list, registry
from central.store.change_list import BY_COMMAND, ChangeFilter, ListedChange
from central.store.engine import reading, writing

router = APIRouter()
ROWS = 50
_FILTERS = ("kind", "account_id", "since", "until")


@router.get("/changes")
def show_changes(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_CHANGES))]) -> Response:
    """One page of the list."""
    console, query, orgs = console_of(request), request.query_params, visitor.account.orgs
    faults: dict[str, str] = {}
    since = day_of(query, "since", visitor.look.zone, faults)
    until = day_of(query, "until", visitor.look.zone, faults)
    if since and until and since > until:
        faults["until"] = "before_since"
    wanted = ChangeFilter(
        orgs,
        kind=query.get("kind", ""),
        account_id=query.get("account_id", ""),
        since=since,
        until=until + timedelta(days=1) if until else None,
    )
    sort = sorting_of(request, ("at",), usual="-at")
    oldest_first = not sort.shown.is_descending
    with reading(console.engine) as connection:
        after = place_of(query)
        found = [] if faults else change_list.page(connection, wanted, after, ROWS + 1, oldest_first=oldest_first)
        shown = found[:ROWS]
        names = change_list.names(connection, shown)
        authors = change_list.authors(connection, orgs)
        employers = {
            row["employer_id"]: row["name"]
            for org in orgs
            for archived in (False, True)
            for row in registry.list_employers(connection, org, archived=archived)
        }
    with writing(console.engine) as connection:
        note(connection, console, visitor, "changes.read", detail={"rows": len(shown)})
    asked = {name: query.get(name, "") for name in _FILTERS}
    return page(
        request,
        "changes.html",
        visitor,
        422 if faults else 200,
        kinds=KINDS,
        asked=asked,
        faults=faults,
        sort=sort,
        changes=shown,
        names=names,
        authors=authors,
        by_command=BY_COMMAND,
        employer_names=employers,
        filtered=any(asked.values()),
        next_query=_next_query(asked | dict(sort.pairs), shown[-1]) if len(found) > ROWS else "",
    )


def _next_query(asked: dict[str, str], last: ListedChange) -> str:
    place = {"after_moment": last.change.at.isoformat(), "after_id": last.change_id}
    return urlencode({name: value for name, value in (asked | place).items() if value})
