"""Changes of the workforce that wait for a senior medic (`[employers] confirm_changes`): confirmed or refused, one by one.

GET /workforce/changes: what waits, and what was decided lately. POST /workforce/changes/{change_id} takes `action` (confirm |
refuse), of a new worker `remote_allowed` (yes | no: whether terminals may examine), of a refusal `reason`, `csrf`. 303 to the
list; 404 for one of another organisation, 409 where somebody has decided or changed the entry meanwhile, 422 with what is
wrong.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note, note_seldom
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of
from central.core.input_fault import InputFault
from central.core.rights import Right
from central.registers.form import Faults
from central.registers.keeping import RegisterChange, Saved
from central.registers.workforce import apply
from central.store import accounts, registry, workforce_changes
from central.store.engine import hold_registers, reading, writing
from central.store.register_changes import Author
from central.store.workers import workers_in_lists

router = APIRouter()
Senior = Annotated[Visitor, Depends(Guard(Right.CONFIRM_WORKFORCE))]
PAGE = "/workforce/changes"
SHOWN, DECIDED_SHOWN, MAX_REASON = 200, 50, 500


@router.get("/workforce/changes")
def show_changes(request: Request, visitor: Senior) -> Response:
    """What waits."""
    return _page(request, visitor)


@router.post("/workforce/changes/{change_id}")
def decide_change(
    request: Request, change_id: str, visitor: Senior, form: Annotated[FormData, Depends(form_of)]
) -> Response:
    """Confirm or refuse one."""
    console, action = console_of(request), str(form.get("action", ""))
    reason, remote = " ".join(str(form.get("reason", "")).split()), str(form.get("remote_allowed", ""))
    now, by = console.clock(), visitor.account.account_id
    faults: Faults = {}
    with writing(console.engine) as connection:
        found = own_or_404(visitor, workforce_changes.get(connection, change_id))
        hold_registers(connection, found.org)
        asked = own_or_404(visitor, workforce_changes.get(connection, change_id))
        if asked.state != "waiting":
            faults = {"": InputFault("decided_meanwhile")}
        elif action == "refuse" and not reason:
            faults = {"reason": InputFault("needed")}
        elif len(reason) > MAX_REASON:
            faults = {"reason": InputFault("too_long")}
        elif action not in {"confirm", "refuse"}:
            faults = {"": InputFault("choose")}
        elif action == "confirm" and asked.kind == "add" and remote not in {"yes", "no"}:
            faults = {"remote_allowed": InputFault("choose")}
        elif action == "refuse":
            workforce_changes.decide(connection, change_id, "refused", now, by, reason=reason)
        else:
            change = RegisterChange(connection, console.registry, asked.org, Author(by, now))
            with connection.begin_nested() as tried:
                saved: Saved = apply(change, asked, remote_allowed=remote == "yes")
                if not isinstance(saved, str):
                    tried.rollback()
                    faults = saved
            if isinstance(saved, str):
                made = saved if asked.worker_id is None else None
                workforce_changes.decide(connection, change_id, "done", now, by, worker_id=made)
        if not faults:
            detail = {"kind": asked.kind, "asked_by": asked.asked_by}
            subject = asked.worker_id or change_id
            note(connection, console, visitor, f"workforce.{action}", subject, org=asked.org, detail=detail)
    if faults:
        stale = {fault.code for fault in faults.values()} & {"changed_meanwhile", "decided_meanwhile"}
        return _page(request, visitor, 409 if stale else 422, about=change_id, faults=faults, reason=reason)
    console.wake()
    return RedirectResponse(PAGE, status_code=303)


def _page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    about: str = "",
    faults: Faults | None = None,
    reason: str = "",
) -> Response:
    console, orgs = console_of(request), visitor.account.orgs
    with reading(console.engine) as connection:
        waiting = workforce_changes.waiting(connection, orgs, SHOWN)
        decided = workforce_changes.decided(connection, orgs, DECIDED_SHOWN)
        ids = sorted({one.worker_id for one in (*waiting, *decided) if one.worker_id})
        people = {row["worker_id"]: row for row in workers_in_lists(connection, ids)}
        names = {item.account_id: item.called for item in accounts.all_accounts(connection)}
        employers = {
            row["employer_id"]: row["name"]
            for org in orgs
            for archived in (False, True)
            for row in registry.list_employers(connection, org, archived=archived)
        }
    note_seldom(request, visitor, "workforce.waiting", orgs=orgs)
    return page(
        request,
        "workforce_changes.html",
        visitor,
        status,
        waiting=waiting,
        decided=decided,
        people=people,
        names=names,
        employers=employers,
        about=about,
        faults=faults or {},
        reason=reason,
    )
