"""Sends a message that a terminal refused once more, after a person has had the cause removed.

Form fields: POST /fleet/refused/{message_id}/again `csrf`. 303 to the fleet page; 422 with the page when there is nothing to
send; 404 for a terminal of another organisation.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from central.console.access_log import note
from central.console.context import Visitor, console_of, own_or_404
from central.console.guard import Guard
from central.console.routes.fleet import fleet_page
from central.core.rights import Right
from central.exchange.resending import NotSent, send_again
from central.store import refusals
from central.store.engine import writing

router = APIRouter()


@router.post("/fleet/refused/{message_id}/again")
def again(request: Request, message_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEND_AGAIN))]) -> Response:
    """Queue it anew, as it was signed."""
    console = console_of(request)
    try:
        with writing(console.engine) as connection:
            refusal = own_or_404(visitor, refusals.find_refused(connection, message_id))
            send_again(connection, console.outgoing, console.registry, message_id)
            note(
                connection,
                console,
                visitor,
                "terminal.send_again",
                refusal.terminal_id,
                detail={"kind": refusal.kind, "message_id": message_id, "code": refusal.code},
            )
    except NotSent as error:
        return fleet_page(request, visitor, 422, notice=f"not_sent_{error.code}")
    console.wake()
    query = request.url.query
    return RedirectResponse(f"/fleet?{query}" if query else "/fleet", status_code=303)
