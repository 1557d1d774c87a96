"""Terminals in the console: registers one, makes a one-time code for its installer, revokes one.

Form fields: POST /fleet/terminals `terminal_id`, `org`, `name`, `place`, `csrf`; POST /fleet/terminals/{terminal_id}/code
`csrf`: the answer is the page with the code, shown this once; POST /fleet/terminals/{terminal_id}/revoke `confirm` (the
terminal's name, typed), `csrf`; POST /fleet/terminals/{terminal_id}/employers `scope` (`all` or `some`), `employer` (id, once for
each), `csrf`: 303. 422 with the page and what is wrong; 404 for a terminal of another organisation.
"""

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.authority.pki import RESERVED_NAMES
from central.console.access_log import note
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of
from central.console.routes.fleet import fleet_page
from central.core.parties import Terminal
from central.core.rights import Right
from central.store import registry, terminal_employers, terminals
from central.store.engine import hold, reading, writing
from central.terminals.enrolment import Enrolment

router = APIRouter()

Changer = Annotated[Visitor, Depends(Guard(Right.CHANGE_TERMINALS))]
Form = Annotated[FormData, Depends(form_of)]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_MAX_TEXT = 200


@router.post("/fleet/terminals")
def add_terminal(request: Request, visitor: Changer, form: Form) -> Response:
    """Register a terminal. It can say nothing until it is enrolled with a code."""
    console = console_of(request)
    typed = {name: str(form.get(name, "")).strip() for name in ("terminal_id", "org", "name", "place")}
    faults = {name: "needed" for name, value in typed.items() if not value}
    faults |= {name: "too_long" for name, value in typed.items() if len(value) > _MAX_TEXT}
    if not visitor.owns(typed["org"]):
        faults["org"] = "choose"
    name = typed["terminal_id"]
    if name and (not _NAME.fullmatch(name) or name in RESERVED_NAMES):
        faults["terminal_id"] = "wrong_form"
    if not faults:
        with writing(console.engine) as connection:
            hold(connection, f"terminal {name}")
            if terminals.get_terminal(connection, name) is not None:
                faults["terminal_id"] = "twice"
            else:
                console.registry.add_terminal(connection, Terminal(name, typed["org"], typed["name"], typed["place"]))
                note(connection, console, visitor, "terminal.add", name)
    if faults:
        return fleet_page(request, visitor, 422, typed=typed, faults=faults)
    console.wake()
    return RedirectResponse("/fleet", status_code=303)


@router.post("/fleet/terminals/{terminal_id}/code")
def make_code(request: Request, terminal_id: str, visitor: Changer) -> Response:
    """A one-time enrolment code. It ends every earlier one, is valid for a day and is shown only now."""
    console = console_of(request)
    _own(request, visitor, terminal_id)
    enrolment = Enrolment(console.config, console.engine)
    try:
        with writing(console.engine) as connection:
            code = enrolment.create_code(connection, terminal_id)
            note(connection, console, visitor, "terminal.code", terminal_id)
    except ValueError:
        return fleet_page(request, visitor, 422, notice="no_code")
    return fleet_page(request, visitor, code=(terminal_id, code))


@router.get("/fleet/terminals/{terminal_id}/employers")
def show_employers(request: Request, terminal_id: str, visitor: Changer) -> Response:
    """Whose workers the terminal knows."""
    return _employers_page(request, visitor, terminal_id)


@router.post("/fleet/terminals/{terminal_id}/employers")
def bind(request: Request, terminal_id: str, visitor: Changer, form: Form) -> Response:
    """Bind a terminal to employers. All of them must be said: an empty list is a slip, and would open the terminal to everybody."""
    console = console_of(request)
    _own(request, visitor, terminal_id)
    chosen, is_all = [str(one) for one in form.getlist("employer")], form.get("scope") == "all"
    fault = "choose" if form.get("scope") not in ("all", "some") or (not is_all and not chosen) else ""
    if not fault:
        try:
            with writing(console.engine) as connection:
                bound = console.registry.bind_terminal(connection, terminal_id, [] if is_all else chosen)
                note(connection, console, visitor, "terminal.bind", terminal_id, org=bound.org, detail=bound.detail)
        except (LookupError, ValueError):
            fault = "unknown"
    if fault:
        return _employers_page(request, visitor, terminal_id, 422, fault=fault, chosen=chosen)
    console.wake()
    return RedirectResponse(f"/fleet/terminals/{terminal_id}/employers?saved=1", status_code=303)


def _employers_page(
    request: Request,
    visitor: Visitor,
    terminal_id: str,
    status: int = 200,
    *,
    fault: str = "",
    chosen: Sequence[str] = (),
) -> Response:
    console = console_of(request)
    with reading(console.engine) as connection:
        row = own_or_404(visitor, terminals.get_terminal(connection, terminal_id))
        employers = registry.list_employers(connection, row["org"])
        bound = terminal_employers.of_terminal(connection, terminal_id)
    return page(
        request,
        "terminal_employers.html",
        visitor,
        status,
        terminal=row,
        employers=employers,
        is_all=bound is None and not chosen,
        chosen=set(chosen or bound or ()),
        fault=fault,
        saved="saved" in request.query_params,
    )


@router.post("/fleet/terminals/{terminal_id}/revoke")
def revoke(request: Request, terminal_id: str, visitor: Changer, form: Form) -> Response:
    """Shut a terminal out. The typed name keeps a slip of the finger from silencing a kiosk."""
    console = console_of(request)
    _own(request, visitor, terminal_id)
    if str(form.get("confirm", "")).strip() != terminal_id:
        return fleet_page(request, visitor, 422, notice="confirm", about=terminal_id)
    # Written down first: whatever happens next, who did it is known.
    with writing(console.engine) as connection:
        note(connection, console, visitor, "terminal.revoke", terminal_id)
    Enrolment(console.config, console.engine).revoke(terminal_id)
    console.wake()
    return fleet_page(request, visitor, notice="revoked")


def _own(request: Request, visitor: Visitor, terminal_id: str) -> None:
    with reading(console_of(request).engine) as connection:
        own_or_404(visitor, terminals.get_terminal(connection, terminal_id))
