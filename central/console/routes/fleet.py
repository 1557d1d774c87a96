"""The fleet: terminals with their state, version, backlog, devices, verification dates and what came in that should not."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.rights import Right
from central.store import fleet, refusals
from central.store.engine import reading

router = APIRouter()

LOW_DISK_BYTES = 1_000_000_000
"""Less free space than this on a terminal is shown in red: soon no new exam starts there."""


@router.get("/fleet")
def show_fleet(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_FLEET))]) -> Response:
    """Terminals of the visitor's organisations; those that need somebody first."""
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
) -> Response:
    """The page, with what came of a form. `code`: a terminal and its fresh enrolment code."""
    console = console_of(request)
    now = console.clock()
    with reading(console.engine) as connection:
        rows = fleet.overview(connection, visitor.account.orgs, now)
        oddities = fleet.oddities(connection, [row.terminal_id for row in rows])
        refused = refusals.refusals(connection, visitor.account.orgs)
    return page(
        request,
        "fleet.html",
        visitor,
        status,
        rows=rows,
        oddities=oddities,
        refused=refused,
        names={row.terminal_id: row.name for row in rows},
        LOW_DISK_BYTES=LOW_DISK_BYTES,
        today=now.date().isoformat(),
        typed=typed or {},
        faults=faults or {},
        notice=notice,
        code=code,
    )
