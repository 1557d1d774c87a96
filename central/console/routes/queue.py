"""The queue: who waits, since when, with what deviations; it updates by itself.

GET /queue.json (for scripts): `{"waiting": [{"exam_id", "terminal_id", "waiting_s", "revision"}]}`, oldest first.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from central.accounts import is_alive
from central.console import exam_view, wording
from central.console.context import Console, Visitor, console_of, page
from central.console.exam_view import ShownValue
from central.console.guard import Guard
from central.rights import Right
from central.store import accounts, decisions, refusals, terminals, worklist
from central.store.engine import reading
from central.store.worklist import ListedExam

router = APIRouter()
LATE_S = 300.0
"""After this long in the queue, in seconds, a row is shown as late."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One waiting exam as a line of the table."""

    exam: ListedExam
    waiting_s: int
    late: bool
    pressure: tuple[ShownValue, ...]
    pulse: ShownValue | None
    temperature: ShownValue | None
    alcohol: ShownValue | None
    complaints: tuple[str, ...]
    claimed_by: str
    claimed_by_me: bool


@dataclass(frozen=True, slots=True)
class _Common:
    """What all queues of the same organisations, in one language, show alike."""

    waiting: list[tuple[ListedExam, dict[str, Any]]]
    offline: list[str]
    calling: list[str]
    refused: list[str]


@router.get("/queue")
def show_queue(
    request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_QUEUE))], decided: str = ""
) -> Response:
    """The whole page."""
    console = console_of(request)
    rows, offline, calling, refused = _read(console, visitor)
    return page(
        request,
        "queue.html",
        visitor,
        rows=rows,
        offline=offline,
        calling=calling,
        refused=refused,
        decided=decided,
        now=_now_text(console, visitor),
    )


@router.get("/queue/rows")
def show_rows(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_QUEUE))]) -> Response:
    """The table alone, for the page's own script."""
    console = console_of(request)
    rows, offline, calling, refused = _read(console, visitor, shared=True)
    now = _now_text(console, visitor)
    return page(
        request, "queue_rows.html", visitor, rows=rows, offline=offline, calling=calling, refused=refused, now=now
    )


@router.get("/queue.json")
def queue_as_json(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_QUEUE))]) -> Response:
    """Ids and waiting times, oldest first."""
    rows, _, _, _ = _read(console_of(request), visitor)
    waiting = [
        {
            "exam_id": row.exam.exam_id,
            "terminal_id": row.exam.terminal_id,
            "waiting_s": row.waiting_s,
            "revision": row.exam.revision,
        }
        for row in rows
    ]
    return JSONResponse({"waiting": waiting})


@router.get("/queue/events")
async def follow(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_QUEUE))]) -> Response:
    """Server-sent events: `queue` for each change. Carries no data; the page fetches what it may see."""
    console = console_of(request)

    def still_wanted() -> bool:
        with reading(console.engine) as connection:
            session = accounts.find_session(connection, visitor.session.session_id)
        return session is not None and is_alive(session, console.clock())

    async def events() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        async for changed in console.live.changes(still_wanted):
            yield f"event: queue\ndata: {json.dumps({})}\n\n" if changed else ": still here\n\n"
        yield "event: over\ndata: {}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _read(
    console: Console, visitor: Visitor, *, shared: bool = False
) -> tuple[list[QueueRow], list[str], list[str], list[str]]:
    """Waiting exams; names of terminals without a link, of those at which somebody calls for a medic, and of those that
    refuse a decision. `shared`: what all queues of these organisations show alike may come from another's reading.
    """
    now, look, orgs = console.clock(), visitor.look, visitor.account.orgs

    def load() -> _Common:
        return _load(console, orgs, look.language)

    common = console.live.shared((orgs, look.language), load) if shared else load()
    with reading(console.engine) as connection:
        claims = decisions.claims(connection, now)
    rows = []
    for item, values in common.waiting:
        claim = claims.get(item.exam_id)
        waiting_s = max(0, int((now - item.received_at).total_seconds()))
        rows.append(
            QueueRow(
                exam=item,
                waiting_s=waiting_s,
                late=waiting_s > LATE_S,
                claimed_by=claim.full_name if claim else "",
                claimed_by_me=claim is not None and claim.account_id == visitor.account.account_id,
                **values,
            )
        )
    return rows, common.offline, common.calling, common.refused


def _load(console: Console, orgs: tuple[str, ...], language: str) -> _Common:
    with reading(console.engine) as connection:
        waiting = worklist.waiting(connection, orgs)
        refusing = {one.terminal_id for one in refusals.refusals(connection, orgs) if one.kind == "decision"}
        enrolled = terminals.enrolled(connection, orgs)
    return _Common(
        waiting=[(item, _values(item, language)) for item in waiting],
        offline=[row["name"] for row in enrolled if row["link"] == "offline"],
        calling=[f"{row['name']}, {row['place']}" for row in enrolled if row["calls"]],
        refused=[row["name"] for row in enrolled if row["terminal_id"] in refusing],
    )


def _values(item: ListedExam, language: str) -> dict[str, Any]:
    latest = exam_view.summary(item.payload, language)
    return {
        "pressure": tuple(latest[name] for name in ("systolic_mmhg", "diastolic_mmhg") if name in latest),
        "pulse": latest.get("pulse_bpm"),
        "temperature": latest.get("temperature_celsius"),
        "alcohol": latest.get("breath_alcohol_mg_per_l") or latest.get("breath_test"),
        "complaints": tuple(exam_view.complaint_lines(item.payload, language)),
    }


def _now_text(console: Console, visitor: Visitor) -> str:
    return wording.clock_time(console.clock(), visitor.look.zone)
