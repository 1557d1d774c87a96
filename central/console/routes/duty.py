"""The duty roster: who is on duty when, gaps in advance, and duties that are handed over.

GET /duty takes `view` (`day`, `week`) and `day`. POST /duty plans: `of_org`, `account_id`, `day`, `begin`, `end` (by the clock of
the reader's zone; an end that is not after the begin is on the next day), `csrf`. POST /duty/{duty_id}/end: 409 when it is over.

POST /duty/{duty_id}/handover, by whom the duty is: `words`, `csrf`. POST /duty/handovers/{handover_id}/accept: 409 when done.
"""

import itertools
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.typed import Typed
from central.core.days import parse_day
from central.core.rights import Right
from central.core.text_cleaning import clean_line
from central.duty.roster import AHEAD, Faults, Gap, gaps, medics_of, plan
from central.store import accounts, duties, rings, worklist
from central.store.duties import DoneAlready, Duty, Handover
from central.store.engine import reading, writing
from central.words.wording import zone_words
from sync.contract.canonical import new_id

router = APIRouter()
MOST_CHARS = 500
SHOWN = 30
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_DUTY))]
Planner = Annotated[Visitor, Depends(Guard(Right.CHANGE_DUTY))]
Form = Annotated[FormData, Depends(form_of)]


@router.get("/duty")
def show_roster(request: Request, visitor: Reader, view: str = "week", day: str = "") -> Response:
    """A week or a day of the roster."""
    return roster_page(request, visitor, view=view, day=day)


@router.post("/duty")
def plan_duty(request: Request, visitor: Planner, form: Form) -> Response:
    """Enter a duty."""
    console, typed = console_of(request), Typed(typed_fields(form))
    fields = {name: typed.one(name) for name in ("account_id", "day", "begin", "end")}
    with writing(console.engine) as connection:
        org = visitor.org_of(typed.one("of_org"))
        made = plan(connection, org, fields, visitor.look.zone, console.clock(), visitor.account.account_id)
        if isinstance(made, Duty):
            detail = {"since": f"{made.starts_at:%Y-%m-%dT%H:%MZ}", "until": f"{made.ends_at:%Y-%m-%dT%H:%MZ}"}
            note(connection, console, visitor, "duty.plan", made.account_id, org=made.org, detail=detail)
    if not isinstance(made, Duty):
        return roster_page(request, visitor, 422, typed=typed, faults=made)
    return RedirectResponse(f"/duty?day={fields['day']}", 303)


@router.post("/duty/{duty_id}/end")
def end_duty(request: Request, visitor: Planner, duty_id: str) -> Response:
    """Take a duty off the roster; what has been of it stays."""
    console = console_of(request)
    try:
        with writing(console.engine) as connection:
            item = own_or_404(visitor, duties.find(connection, duty_id))
            if item.until <= console.clock():
                raise HTTPException(409)
            duties.end(connection, item, "cancelled", console.clock(), visitor.account.account_id)
            note(connection, console, visitor, "duty.end", item.account_id, org=item.org)
    except DoneAlready as error:
        raise HTTPException(409) from error
    console.wake()
    return RedirectResponse("/duty", 303)


@router.post("/duty/{duty_id}/handover")
def hand_over(request: Request, visitor: Reader, duty_id: str, form: Form) -> Response:
    """End one's own duty; what stands in the queue is named for whoever comes next."""
    console, words = console_of(request), clean_line(str(form.get("words", "")))[:MOST_CHARS]
    now, by = console.clock(), visitor.account.account_id
    try:
        with writing(console.engine) as connection:
            item = own_or_404(visitor, duties.find(connection, duty_id))
            if item.account_id != by:
                raise HTTPException(404)
            if not item.holds(now):
                raise HTTPException(409)
            made = Handover(new_id(), item.org, duty_id, by, _waiting(connection, item.org), words, now)
            duties.end(connection, item, "handed_over", now, by)
            duties.add_handover(connection, made)
            detail = {"rows": len(made.waiting)}
            note(connection, console, visitor, "duty.hand_over", made.handover_id, org=item.org, detail=detail)
    except DoneAlready as error:
        raise HTTPException(409) from error
    console.wake()
    return RedirectResponse("/duty#handovers", 303)


@router.post("/duty/handovers/{handover_id}/accept")
def accept(request: Request, visitor: Reader, handover_id: str) -> Response:
    """Take over from whoever left."""
    console, by = console_of(request), visitor.account.account_id
    try:
        with writing(console.engine) as connection:
            found = duties.handovers(connection, visitor.account.orgs, 1, [handover_id])
            item = own_or_404(visitor, found[0] if found else None)
            if item.account_id == by:
                raise HTTPException(409)
            duties.accept(connection, item, by, console.clock())
            note(connection, console, visitor, "duty.accept", handover_id, org=item.org)
    except DoneAlready as error:
        raise HTTPException(409) from error
    return RedirectResponse("/duty#handovers", 303)


def _waiting(connection: Connection, org: str) -> list[dict[str, Any]]:
    return [
        {
            "exam_id": one.exam_id,
            "terminal": one.terminal_name or one.terminal_id,
            "since": one.first_received_at.isoformat(),
        }
        for one in worklist.waiting(connection, [org])
    ]


def roster_page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    view: str = "week",
    day: str = "",
    typed: Typed | None = None,
    faults: Faults | None = None,
) -> Response:
    """The roster with the forms that the visitor may use."""
    console, orgs, zone = console_of(request), visitor.account.orgs, visitor.look.zone
    now = console.clock()
    chosen = _shown_day(day) or now.astimezone(zone).date()
    first = chosen if view == "day" else chosen - timedelta(days=chosen.weekday())
    days = [first + timedelta(days=place) for place in range(1 if view == "day" else 7)]
    starts = [datetime.combine(one, time.min, zone) for one in (*days, days[-1] + timedelta(days=1))]
    with reading(console.engine) as connection:
        found = duties.between(connection, orgs, starts[0], starts[-1])
        coming = duties.between(connection, orgs, now, now + AHEAD)
        handed = duties.handovers(connection, orgs, SHOWN)
        ringing = rings.ringing(connection, orgs)
        known = accounts.all_accounts(connection)
    _note_reading(request, visitor, len(found))
    names = {one.account_id: one.full_name for one in known}
    mine = [one for one in coming if one.account_id == visitor.account.account_id and one.holds(now)]
    return page(
        request,
        "duty.html",
        visitor,
        status,
        view="day" if view == "day" else "week",
        chosen=chosen,
        days=days,
        rows=_rows(found, starts, names),
        now=now,
        on_duty=[one for one in coming if one.holds(now)],
        gaps=_gaps(coming, orgs, now),
        handovers=handed,
        ringing=ringing,
        mine=mine,
        names=names,
        medics=medics_of(known, orgs),
        zone=zone_words(zone, now),
        before=first - timedelta(days=len(days)),
        after=first + timedelta(days=len(days)),
        typed=typed or Typed({}),
        faults=faults or {},
        most=MOST_CHARS,
        ahead=AHEAD.days,
    )


def _shown_day(words: str) -> date | None:
    """A day that a page can show: the calendar has one before and after."""
    found = parse_day(words)
    return found if found is not None and 2000 <= found.year <= 2200 else None


def _rows(found: list[Duty], starts: list[datetime], names: dict[str, str]) -> list[tuple[str, list[list[Duty]]]]:
    """Name of each medic, and for each day the duties that touch it."""
    who = sorted({one.account_id for one in found}, key=lambda one: names.get(one, ""))
    return [
        (
            names.get(account_id, "—"),
            [
                [one for one in found if one.account_id == account_id and one.starts_at < until and one.ends_at > since]
                for since, until in itertools.pairwise(starts)
            ],
        )
        for account_id in who
    ]


def _gaps(coming: list[Duty], orgs: tuple[str, ...], now: datetime) -> list[tuple[str, Gap]]:
    """Spans of the next days in which nobody of an organisation is on duty; none where no roster is kept."""
    return [
        (org, gap)
        for org in orgs
        if (own := [one for one in coming if one.org == org])
        for gap in gaps(own, now, now + AHEAD)
    ]


def _note_reading(request: Request, visitor: Visitor, rows: int) -> None:
    for org in visitor.account.orgs or (None,):
        note_alone(console_of(request), visitor, "duty.read", org=org, detail={"rows": rows})
