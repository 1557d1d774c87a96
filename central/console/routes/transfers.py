"""Moving a worker to another employer, and taking it back.

GET /registers/workers/{worker_id}/transfer; POST the same address `employer_id`, `personnel_number`, `position`, `since` (first
day with the new employer), `csrf`: 303 to the new entry, 422 with a fault at each field. POST
/registers/workers/{worker_id}/transfer/undo `csrf`: 303 to the old entry, 422 with why not.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.routes.consents import own_worker
from central.core.input_fault import InputFault
from central.core.rights import Right
from central.registers.form import Faults
from central.registers.keeping import RegisterChange
from central.registers.transfers import FIELDS, origin, take_back, transfer
from central.store import employments, registry
from central.store.engine import hold_registers, writing
from central.store.register_changes import Author

router = APIRouter()
Form = Annotated[FormData, Depends(form_of)]
Changer = Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS))]


@router.get("/registers/workers/{worker_id}/transfer")
def show_transfer(request: Request, worker_id: str, visitor: Changer) -> Response:
    """The form."""
    return _page(request, visitor, worker_id)


@router.post("/registers/workers/{worker_id}/transfer")
def save_transfer(request: Request, worker_id: str, visitor: Changer, sent: Form) -> Response:
    """End the employment and begin the other."""
    console = console_of(request)
    typed = {name: str(sent.get(name, "")).strip() for name in FIELDS}
    with writing(console.engine) as connection:
        hold_registers(connection, own_worker(connection, visitor, worker_id)["org"])
        row = own_worker(connection, visitor, worker_id)
        if row["archived_at"] is not None:
            raise HTTPException(404)
        author = Author(visitor.account.account_id, console.clock())
        done = transfer(RegisterChange(connection, console.registry, row["org"], author), worker_id, typed)
        if isinstance(done, str):
            note(connection, console, visitor, "worker.transfer", worker_id, org=row["org"], detail={"to": done})
    if not isinstance(done, str):
        return _page(request, visitor, worker_id, 422, typed=typed, faults=done)
    console.wake()
    return RedirectResponse(f"/registers/workers/{done}?saved=1", status_code=303)


@router.post("/registers/workers/{worker_id}/transfer/undo")
def undo_transfer(request: Request, worker_id: str, visitor: Changer, sent: Form) -> Response:
    """Take a transfer back. `worker_id`: of the new entry."""
    console = console_of(request)
    with writing(console.engine) as connection:
        org = own_worker(connection, visitor, worker_id)["org"]
        hold_registers(connection, org)
        author = Author(visitor.account.account_id, console.clock())
        try:
            done = take_back(RegisterChange(connection, console.registry, org, author), worker_id)
        except LookupError as error:
            raise HTTPException(404) from error
        if isinstance(done, str):
            note(connection, console, visitor, "worker.transfer_undo", worker_id, org=org, detail={"to": done})
    if isinstance(done, InputFault):
        return _page(request, visitor, worker_id, 422, faults={"": done})
    console.wake()
    return RedirectResponse(f"/registers/workers/{done}?saved=1", status_code=303)


def _page(
    request: Request,
    visitor: Visitor,
    worker_id: str,
    status: int = 200,
    *,
    typed: dict[str, str] | None = None,
    faults: Faults | None = None,
) -> Response:
    console = console_of(request)
    with writing(console.engine) as connection:
        row = dict(own_worker(connection, visitor, worker_id))
        note(connection, console, visitor, "worker.read", worker_id, org=row["org"])
        served = registry.list_employers(connection, row["org"])
        values: dict[str, Any] = {
            "employer_name": (registry.get_employer(connection, row["employer_id"]) or {"name": ""})["name"],
            "old": origin(connection, row),
            "others": employments.of_person(connection, row["person_id"], (row["org"],)),
        }
    return page(
        request,
        "transfer.html",
        visitor,
        status,
        row=row,
        employers=[(one["employer_id"], one["name"]) for one in served if one["employer_id"] != row["employer_id"]],
        typed=typed or {"position": row["position"]},
        faults=faults or {},
        **values,
    )
