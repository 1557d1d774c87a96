"""Exchange with systems of partners: the log, what waits for somebody, and repeating it.

GET /exchange takes `system`, `outcome` (ok | refused | error | retrying), `since`, `until` (days, both included), `before` (id of
the last row seen); 422 with the page for a wrong day. POST /exchange/{system}/repeat: `sending_id` (empty: everything of that
system that was not sent), `csrf`; 303.
"""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note, note_seldom
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of
from central.console.query import day_of
from central.core.rights import Right
from central.store import exchanges
from central.store.engine import reading, writing
from central.store.exchanges import OUTCOMES, ExchangeFilter

router = APIRouter()
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_EXCHANGE))]
Changer = Annotated[Visitor, Depends(Guard(Right.CHANGE_EXCHANGE))]
Form = Annotated[FormData, Depends(form_of)]
SHOWN = 100
STUCK_SHOWN = 50


@router.get("/exchange")
def show_exchange(request: Request, visitor: Reader) -> Response:
    """The partners, what waits for somebody, and the newest rows of the log."""
    console, query, orgs = console_of(request), request.query_params, visitor.account.orgs
    note_seldom(request, visitor, "exchange.read", orgs=orgs)
    faults: dict[str, str] = {}
    since = day_of(query, "since", visitor.look.zone, faults)
    until = day_of(query, "until", visitor.look.zone, faults)
    if since and until and since > until:
        faults["until"] = "before_since"
    asked = {name: query.get(name, "") for name in ("system", "outcome", "since", "until")}
    outcome = asked["outcome"] if asked["outcome"] in OUTCOMES else ""
    wanted = ExchangeFilter(asked["system"], outcome, since, until + timedelta(days=1) if until else None)
    systems = [one for one in console.config.partners.systems if visitor.owns(one.org)]
    with reading(console.engine) as connection:
        found = [] if faults else exchanges.listed(connection, orgs, wanted, query.get("before", ""), SHOWN + 1)
        counts = exchanges.counts(connection, orgs)
        unmapped = exchanges.unmapped(connection, orgs)
        stuck = exchanges.stuck(connection, orgs, STUCK_SHOWN)
        last = exchanges.last_of(connection, [one.name for one in systems])
        others = exchanges.other_systems(connection, orgs, [one.name for one in systems])
    rows, titles = found[:SHOWN], {one.name: one.title for one in systems}
    kept = {name: value for name, value in asked.items() if value}
    older = f"/exchange?{urlencode(kept | {'before': rows[-1].exchange_id})}" if len(found) > SHOWN else ""
    return page(
        request,
        "exchange.html",
        visitor,
        422 if faults else 200,
        systems=systems,
        others=others,
        titles=titles,
        rows=rows,
        older=older,
        counts=counts,
        unmapped=sorted(unmapped.items()),
        stuck=stuck,
        last=last,
        asked=asked,
        outcomes=OUTCOMES,
        faults=faults,
    )


@router.post("/exchange/{system}/repeat")
def repeat(request: Request, visitor: Changer, system: str, form: Form) -> Response:
    """Send again what was not sent."""
    console = console_of(request)
    partner = own_or_404(visitor, console.config.partners.named(system))
    sending_id = str(form.get("sending_id", ""))
    now = console.clock()
    with writing(console.engine) as connection:
        if sending_id:
            count = exchanges.repeat_one(connection, system, sending_id, now)
            if not count:
                raise HTTPException(404)
        else:
            count = exchanges.repeat(connection, system, ("unmapped", "refused"), now)
        note(connection, console, visitor, "exchange.repeat", system, org=partner.org, detail={"rows": count})
    return RedirectResponse("/exchange", 303)
