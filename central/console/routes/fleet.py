"""The fleet: terminals with state, version, backlog, devices, verification dates, and unexpected messages.

GET /fleet takes `q` (part of a name, place or identifier), `show` (a key of `central.store.fleet.SHOWN`), `page`, `sort`, and `odd`
and `sort_oddities`: page and order of refused and unexpected messages. Forms of the page carry the same query, so that their answer
shows the same terminals.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from central.authority import certificates
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.console.paging import page_number
from central.console.sorting import sorting_of
from central.core import step_records
from central.core.days import day_of
from central.core.rights import Right
from central.exchange.presence import trouble_of
from central.store import anomalies, fleet, processes, refusals, terminal_employers
from central.store.engine import reading
from central.store.processes import Process

router = APIRouter()

BRIEF_ORDERS: Mapping[str, Callable[[fleet.Brief], Any]] = {
    "place": attrgetter("name"),
    "state": attrgetter("state", "link"),
    "last_seen": attrgetter("last_seen"),
    "backlog": attrgetter("backlog"),
    "parked": attrgetter("parked"),
}
ROW_ORDERS: Mapping[str, Callable[[fleet.TerminalRow], Any]] = {
    "program": attrgetter("program"),
    "last_exam": attrgetter("last_exam"),
    "exams": attrgetter("exams"),
    "calls": attrgetter("outages_per_1000"),
}
"""By what the terminals are sorted: what is read of all of them anyway, and what takes longer."""
ROWS = 50
ODD_ROWS = 50
FILLED_ROWS = 20
LOW_DISK_BYTES = 1_000_000_000
LARGE_WAL_BYTES = 64 * 1024 * 1024
"""Less free space than this on a terminal is shown in red: soon no new exam starts there."""


@router.get("/fleet")
def show_fleet(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_FLEET))]) -> Response:
    """Terminals of the visitor's organisations, a page of them; those that need somebody first."""
    return fleet_page(request, visitor)


def fleet_page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    typed: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    notice: str = "",
    code: tuple[str, str] | None = None,
    about: str = "",
) -> Response:
    """The page, with what came of a form. `code`: a terminal and its fresh enrolment code; `about`: whose form has a fault."""
    console = console_of(request)
    now, orgs = console.clock(), visitor.account.orgs
    wanted = filter_of(request)
    sort = sorting_of(request, (*BRIEF_ORDERS, *ROW_ORDERS), path="/fleet")
    sort_odd = sorting_of(request, anomalies.ORDERS, table="oddities", path="/fleet", usual="-last_at", places=("odd",))
    with reading(console.engine) as connection:
        everything = fleet.briefs(connection, orgs, day_of(now))
        chosen = sort.rows([brief for brief in everything if wanted.fits(brief)], BRIEF_ORDERS)
        fitting = [brief.terminal_id for brief in chosen]
        if sort.order.column in ROW_ORDERS:
            # Known only after reading all rows: only this order has that cost.
            whole = fleet.overview(connection, orgs, fitting, now)
            fitting = [row.terminal_id for row in sort.rows(whole, ROW_ORDERS)]
        pages = max(1, -(-len(fitting) // ROWS))
        number = min(page_number(request), pages)
        rows = fleet.overview(connection, orgs, fitting[(number - 1) * ROWS : number * ROWS], now)
        odd_number = page_number(request, "odd")
        oddities, odd_count = anomalies.page(
            connection,
            orgs,
            is_resolved=False,
            limit=ODD_ROWS,
            offset=(odd_number - 1) * ODD_ROWS,
            order=sort_odd.order,
        )
        filled, filled_count = anomalies.page(connection, orgs, is_resolved=True, limit=FILLED_ROWS)
        refused = refusals.refusals(connection, orgs)
        bound = terminal_employers.names(connection, [row.terminal_id for row in rows])
        silent, others = processes.silent_kinds(connection, now), processes.running(connection, now)
    troubles = _troubles(others)
    return page(
        request,
        "fleet.html",
        visitor,
        status,
        rows=rows,
        bound=bound,
        wanted=wanted,
        counts={key: sum(map(chosen, everything)) for key, chosen in fleet.SHOWN.items()},
        found=len(fitting),
        number=number,
        pages=pages,
        sort=sort,
        sort_odd=sort_odd,
        address=lambda **changes: address(wanted, number, [*sort.pairs, *sort_odd.pairs], **changes),
        oddities=oddities,
        odd_count=odd_count,
        odd_number=odd_number,
        odd_pages=max(1, -(-odd_count // ODD_ROWS)),
        filled=filled,
        filled_count=filled_count,
        refused=refused,
        no_stamps=console.stamping.outage,
        ending=[item for item in certificates.ends(console.config) if item.is_due(now)],
        troubles=troubles,
        silent=silent,
        stumbles=step_records.stumbles(),
        names={brief.terminal_id: brief.name for brief in everything},
        LOW_DISK_BYTES=LOW_DISK_BYTES,
        LARGE_WAL_BYTES=LARGE_WAL_BYTES,
        today=day_of(now).isoformat(),
        typed=typed or {},
        faults=faults or {},
        notice=notice,
        code=code,
        about=about,
    )


def _troubles(others: Sequence[Process]) -> list[dict[str, Any]]:
    """What fails now: in this process as it is at this moment, in others as they last said."""
    own = [trouble_of(state) for state in step_records.troubles()]
    elsewhere = [trouble for item in others if item.kind == "ingest" for trouble in item.troubles]
    found = {(item["thread"], item["step"]): item for item in elsewhere + own}
    return [item | {"since": _moment(item["since"])} for item in found.values()]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def filter_of(request: Request) -> fleet.FleetFilter:
    """What the query asks for; an unknown part is left out."""
    show = request.query_params.get("show", "all")
    return fleet.FleetFilter(request.query_params.get("q", "").strip(), show if show in fleet.SHOWN else "all")


def address(
    wanted: fleet.FleetFilter, number: int, orders: Sequence[tuple[str, str]] = (), **changes: str | int
) -> str:
    """The query of this page with other values, for links and forms; what is as it begins is left out."""
    values = {"q": wanted.search, "show": wanted.show, "page": number} | changes
    ordinary = {"q": "", "show": "all", "page": 1, "odd": 1}
    kept = [(name, value) for name, value in values.items() if value != ordinary[name]]
    return urlencode([*kept, *orders])
