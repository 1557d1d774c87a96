"""The queue: who waits, since when, with what deviations; it updates by itself.

GET /queue takes `org`, `place`, `terminal_id`, `employer_id`, `exam_type` and `sort`; so does /queue/rows.
GET /queue/rows (for the page's script) answers the table; its header `Age` says how many seconds ago that was drawn.
GET /queue.json (for scripts): `{"waiting": [{"exam_id", "terminal_id", "waiting_s", "repeat_s", "revision"}]}`, oldest first;
`waiting_s` since the first record of the exam reached the centre, `repeat_s` since its repeat did (null without one), in seconds.
"""

import json
from collections.abc import AsyncIterator
from typing import Annotated, get_args
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse

from central.access.accounts import is_alive
from central.console.access_log import note_seldom
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.console.kept_queue import keep_filter, kept_filter
from central.console.queue_filter import SORT_KEYS, USUAL, QueueFilter
from central.console.sorting import Sorting, sorting_of
from central.core.rights import Right
from central.store import accounts, registry, terminals
from central.store.engine import reading
from sync.contract.exam import ExamType

router = APIRouter()


EXAM_TYPES = get_args(ExamType)


@router.get("/queue")
def show_queue(
    request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_QUEUE))], decided: str = ""
) -> Response:
    """The whole page, drawn anew. An address that asks for nothing leads to what this medic asked for last."""
    console, orgs = console_of(request), visitor.account.orgs
    wanted = QueueFilter.read(request.query_params.multi_items())
    if not (set(request.query_params) - {"decided"}) and (kept := kept_filter(request, visitor).query):
        return RedirectResponse(f"/queue?{kept}" + (f"&decided={quote(decided)}" if decided else ""), 303)
    _note_reading(request, visitor)
    with reading(console.engine) as connection:
        known = terminals.places(connection, orgs)
        employers = [row for org in orgs for row in registry.list_employers(connection, org)]
        named = [org for org in registry.list_organisations(connection) if org["org"] in orgs]
    sorting = _sorting(request)
    drawn = console.queue.table(orgs, visitor.look.language, shared=False)
    answer = page(
        request,
        "queue.html",
        visitor,
        table=drawn.for_account(visitor.account.account_id, visitor.look.zone, wanted, sorting),
        decided=decided,
        wanted=wanted,
        sorting=sorting,
        orgs=named,
        places=[{"place": place} for place in sorted({row["place"] for row in known if row["place"]})],
        terminals=known,
        employers=employers,
        exam_types=EXAM_TYPES,
    )
    keep_filter(answer, console, visitor, wanted)
    return answer


@router.get("/queue/rows")
def show_rows(
    request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_QUEUE, by_itself=True))]
) -> Response:
    """The table alone, for the page's own script, of the same address."""
    _note_reading(request, visitor)
    drawn = console_of(request).queue.table(visitor.account.orgs, visitor.look.language, shared=True)
    wanted = QueueFilter.read(request.query_params.multi_items())
    table = drawn.for_account(visitor.account.account_id, visitor.look.zone, wanted, _sorting(request))
    return HTMLResponse(table, headers={"Age": f"{drawn.age_s:.0f}"})


def _sorting(request: Request) -> Sorting:
    return sorting_of(request, SORT_KEYS, path="/queue", usual=USUAL, places=("decided",))


@router.get("/queue.json")
def queue_as_json(
    request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_QUEUE, by_itself=True))]
) -> Response:
    """Ids and waiting times, oldest first."""
    _note_reading(request, visitor)
    waiting = [
        {
            "exam_id": item.exam_id,
            "terminal_id": item.terminal_id,
            "waiting_s": waited.since_first_s,
            "repeat_s": waited.since_repeat_s,
            "revision": item.revision,
        }
        for item, waited in console_of(request).queue.waiting(visitor.account.orgs)
    ]
    return JSONResponse({"waiting": waiting})


@router.get("/queue/events")
async def follow(
    request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_QUEUE, by_itself=True))]
) -> Response:
    """Server-sent events: `queue` for each change. Carries no data; the page fetches what it may see."""
    console = console_of(request)

    def still_wanted() -> bool:
        with reading(console.engine) as connection:
            session = accounts.find_session(connection, visitor.session.session_id)
        return session is not None and is_alive(session, console.clock())

    async def events() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        async for changed in console.live.changes(visitor.account.orgs, still_wanted):
            yield f"event: queue\ndata: {json.dumps({})}\n\n" if changed else ": still here\n\n"
        yield "event: over\ndata: {}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _note_reading(request: Request, visitor: Visitor) -> None:
    """Write down who follows the queue, once an hour for a session: it is read anew with each change."""
    note_seldom(request, visitor, "queue.read", orgs=visitor.account.orgs)
