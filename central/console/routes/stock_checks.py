"""Stock checks of copies on paper: the monthly reconciliation, and the inventory of the archive.

GET /conclusions/check lists them. POST to it takes `kind` (monthly | inventory), `of_org`, `csrf` and opens the month whose turn it
is: 303, 409 where the last one is not closed. GET /conclusions/check/{check_id}. POST …/found takes `scanned` (what a scanner
types) or `copy_id`; POST …/close takes `cause`, `cause-<copy_id>`, `action`: 303, 422 where a difference has no cause, 409 where it
is closed.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.conclusions.stocktaking import Checker, begin, finish, next_month, note_find, standing
from central.console.access_log import note, note_seldom
from central.console.act_view import act_title
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import form_of, typed_fields
from central.console.routes.conclusion import Keeper, people_of
from central.console.typed import Typed
from central.core.copy_rules import MOST_WORDS
from central.core.stock_rules import KINDS, CheckRefused
from central.store import acts, registry, stock_checks
from central.store.engine import reading, writing
from central.store.stock_checks import AlreadyDone

router = APIRouter()
MOST_SHOWN = 60
MOST_LISTED = 500
"""So many copies that were not found yet stand on the page; a scanner finds the others too."""
MOST_CAUSES = 100
"""So many differences have a field of their own; the common cause holds for all."""
_PATH = "/conclusions/check"


@router.get(_PATH)
def show_checks(request: Request, visitor: Keeper) -> Response:
    """All checks, and which may be opened."""
    return _checks_page(request, visitor)


@router.post(_PATH)
def open_check(request: Request, visitor: Keeper, form: Annotated[FormData, Depends(form_of)]) -> Response:
    """Open the next one."""
    console, typed = console_of(request), Typed(typed_fields(form))
    org = visitor.org_of(typed.one("of_org"))
    if org is None:
        return _checks_page(request, visitor, 422, faults={"of_org": "choose"})
    try:
        with writing(console.engine) as connection:
            item = begin(connection, org, typed.one("kind"), _checker(request, visitor))
            detail = {"kind": item.kind, "month": item.month, "expected": len(item.expected)}
            note(connection, console, visitor, "stock.open", item.check_id, org=org, detail=detail)
    except CheckRefused as error:
        return _checks_page(request, visitor, 409, notice=f"stock.refused.{error.code}")
    except AlreadyDone:
        return _checks_page(request, visitor, 409, notice="stock.refused.meanwhile")
    return RedirectResponse(f"{_PATH}/{item.check_id}", 303)


@router.get(_PATH + "/{check_id}")
def show_check(request: Request, check_id: str, visitor: Keeper) -> Response:
    """One check: what is not found yet, what is, and the close."""
    return _check_page(request, visitor, check_id)


@router.post(_PATH + "/{check_id}/found")
def find_copy(
    request: Request, check_id: str, visitor: Keeper, form: Annotated[FormData, Depends(form_of)]
) -> Response:
    """Note that a copy lies there."""
    console, typed = console_of(request), Typed(typed_fields(form))
    code, copy_id = typed.one("scanned").strip(), typed.one("copy_id")
    try:
        with writing(console.engine) as connection:
            check = own_or_404(visitor, stock_checks.find(connection, check_id))
            found = note_find(connection, check, code=code, copy_id=copy_id, checker=_checker(request, visitor))
            detail = {"copy_id": found.copy_id, "means": found.means}
            note(connection, console, visitor, "stock.find", check_id, org=check.org, detail=detail)
    except CheckRefused as error:
        status = 409 if error.code == "closed" else 422
        return _check_page(request, visitor, check_id, status, typed, notice=f"stock.refused.{error.code}")
    return RedirectResponse(f"{_PATH}/{check_id}", 303)


@router.post(_PATH + "/{check_id}/close")
def close_check(
    request: Request, check_id: str, visitor: Keeper, form: Annotated[FormData, Depends(form_of)]
) -> Response:
    """Close it, with a cause for each difference."""
    console, typed = console_of(request), Typed(typed_fields(form))
    causes = {
        name.removeprefix("cause").removeprefix("-"): typed.one(name)
        for name in typed.fields
        if name == "cause" or name.startswith("cause-")
    }
    try:
        with writing(console.engine) as connection:
            check = own_or_404(visitor, stock_checks.find(connection, check_id))
            closed = finish(connection, check, causes, typed.one("action").strip(), _checker(request, visitor))
            detail = {"kind": check.kind, "month": check.month, "differences": len(closed.differences)}
            note(connection, console, visitor, "stock.close", check_id, org=check.org, detail=detail)
            act = acts.find(connection, closed.act_id) if closed.act_id else None
            if act is not None:
                drafted = {"number": act.number, "year": act.year}
                note(connection, console, visitor, "act.draft", act.act_id, org=check.org, detail=drafted)
    except CheckRefused as error:
        if error.code == "closed":
            return _check_page(request, visitor, check_id, 409, typed, notice="stock.refused.closed")
        return _check_page(request, visitor, check_id, 422, typed, faults={"cause": error.code})
    except AlreadyDone:
        return _check_page(request, visitor, check_id, 409, typed, notice="stock.refused.closed")
    return RedirectResponse(f"{_PATH}/{check_id}", 303)


def _checker(request: Request, visitor: Visitor) -> Checker:
    return Checker(visitor.account.account_id, console_of(request).clock(), visitor.look.zone)


def _checks_page(
    request: Request, visitor: Visitor, status: int = 200, *, faults: dict[str, str] | None = None, notice: str = ""
) -> Response:
    console, orgs = console_of(request), visitor.account.orgs
    checker = _checker(request, visitor)
    with reading(console.engine) as connection:
        rows = stock_checks.listed(connection, orgs, MOST_SHOWN)
        people = people_of(connection, {one.responsible for one, _ in rows})
        keepers = {
            row["org"]: row["conclusions_keeper"]
            for row in registry.list_organisations(connection)
            if row["org"] in orgs
        }
        months: dict[str, str] = {}
        for kind in KINDS:
            try:
                months[kind] = next_month(connection, orgs[0], kind, checker) if len(orgs) == 1 else ""
            except CheckRefused as error:
                months[kind] = error.code
    note_seldom(request, visitor, "stock.read", orgs=orgs)
    return page(
        request,
        "stock_checks.html",
        visitor,
        status,
        rows=rows,
        people=people,
        kinds=KINDS,
        keepers=keepers,
        months=months,
        faults=faults or {},
        notice=notice,
    )


def _check_page(
    request: Request,
    visitor: Visitor,
    check_id: str,
    status: int = 200,
    typed: Typed | None = None,
    *,
    faults: dict[str, str] | None = None,
    notice: str = "",
) -> Response:
    console = console_of(request)
    with reading(console.engine) as connection:
        check = own_or_404(visitor, stock_checks.find(connection, check_id))
        now = standing(connection, check)
        people = people_of(connection, {check.responsible, *(one.found_by for one in now.finds)})
        if now.close is not None:
            people |= people_of(connection, {now.close.closed_by})
        act = acts.find(connection, now.close.act_id) if now.close and now.close.act_id else None
        organisation = registry.get_organisation(connection, check.org)
    if not now.places and check.expected:
        raise HTTPException(410)
    note_seldom(request, visitor, "stock.read", check_id, org=check.org)
    return page(
        request,
        "stock_check.html",
        visitor,
        status,
        check=check,
        now=now,
        act=act_title(act, visitor.look.language) if act else "",
        keeper=organisation["conclusions_keeper"] if organisation else None,
        missing=[now.places[one.copy_id] for one in now.open_differences if one.kind == "missing"][:MOST_LISTED],
        people=people,
        typed=typed or Typed({}),
        faults=faults or {},
        notice=notice,
        most=MOST_WORDS,
        most_causes=MOST_CAUSES,
    )
