"""The register of conclusions: papers that are kept, the newest first.

GET /conclusions takes `kind` (refusal | sobriety | conclusion), `since`, `until` (days, both included), `sort`; 422 with the page
for a wrong day.
"""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.console.access_log import note_alone
from central.console.context import Visitor, console_of, page
from central.console.copy_view import copy_lines, norms_of, standing
from central.console.guard import Guard
from central.console.query import day_of
from central.console.sorting import sorting_of
from central.core.rights import Right
from central.store import kept_papers
from central.store.engine import reading
from central.store.kept_papers import KEPT_KINDS, ORDERS, KeptFilter

router = APIRouter()

SHOWN = 300
"""So many lines stand on the page."""
Keeper = Annotated[Visitor, Depends(Guard(Right.KEEP_CONCLUSIONS))]


@router.get("/conclusions")
def show_conclusions(request: Request, visitor: Keeper) -> Response:
    """The register."""
    console, query, orgs = console_of(request), request.query_params, visitor.account.orgs
    faults: dict[str, str] = {}
    since = day_of(query, "since", visitor.look.zone, faults)
    until = day_of(query, "until", visitor.look.zone, faults)
    if since and until and since > until:
        faults["until"] = "before_since"
    kind = query.get("kind", "")
    wanted = KeptFilter(
        orgs, kind if kind in KEPT_KINDS else "", since, until + timedelta(days=1) if until is not None else None
    )
    sort = sorting_of(request, ORDERS, usual="-issued_at")
    with reading(console.engine) as connection:
        found = [] if faults else kept_papers.listed(connection, wanted, SHOWN, sort.order)
        copies = copy_lines(connection, [item.paper_id for item in found])
        total = 0 if faults else kept_papers.count(connection, wanted)
    known, language = norms_of(orgs), visitor.look.language
    rows = [
        (
            item,
            [(line.item.copy_no, line.where(language)) for line in copies.get(item.paper_id, [])],
            standing(item.kind, copies.get(item.paper_id, []), known[item.org]),
        )
        for item in found
    ]
    for org in orgs:
        note_alone(console, visitor, "conclusions.read", org=org, detail={"rows": len(rows)})
    return page(
        request,
        "conclusions.html",
        visitor,
        422 if faults else 200,
        rows=rows,
        total=total,
        kinds=KEPT_KINDS,
        asked={name: query.get(name, "") for name in ("kind", "since", "until")},
        faults=faults,
        sort=sort,
    )
