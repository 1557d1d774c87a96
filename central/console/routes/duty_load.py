"""Load and waiting of each medic, a table beside a picture. GET /duty/load takes `since` and `until`, at most 31 days."""

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.console.access_log import note_alone
from central.console.charts import bars_of
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.console.query import day_of
from central.core.rights import Right
from central.duty.load import loads
from central.store import medic_load
from central.store.engine import reading
from central.words.wording import zone_words

router = APIRouter()
MOST_DAYS = 31
USUAL_DAYS = 7


@router.get("/duty/load")
def show_load(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_DUTY))]) -> Response:
    """The last week, or the days that are asked for."""
    console, zone = console_of(request), visitor.look.zone
    faults: dict[str, str] = {}
    today = datetime.combine(console.clock().astimezone(zone).date(), time.min, zone)
    since = day_of(request.query_params, "since", zone, faults) or today - timedelta(days=USUAL_DAYS - 1)
    until = day_of(request.query_params, "until", zone, faults) or today
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    if not faults and last < first:
        faults["until"] = "before_since"
    elif not faults and (last - first).days >= MOST_DAYS:
        faults["until"] = "too_many_days"
    rows = []
    if not faults:
        begins = datetime.combine(first, time.min, zone)
        ends = datetime.combine(last + timedelta(days=1), time.min, zone)
        with reading(console.engine) as connection:
            rows = loads(medic_load.decisions(connection, visitor.account.orgs, begins, ends), zone)
    for org in visitor.account.orgs or (None,):
        note_alone(console, visitor, "duty.load", org=org, detail={"rows": len(rows)})
    return page(
        request,
        "duty_load.html",
        visitor,
        422 if faults else 200,
        rows=rows,
        bars=bars_of([(f"{row.day:%d.%m} {row.medic}", row.to_decision_p50_s, row.to_decision_p90_s) for row in rows]),
        since=request.query_params.get("since", "") or f"{first}",
        until=request.query_params.get("until", "") or f"{last}",
        faults=faults,
        zone=zone_words(zone, console.clock()),
    )
