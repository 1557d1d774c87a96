"""Changing an account: name, role, organisations, employer, medic, last day.

GET and POST /accounts/{account_id}/edit: `full_name`, `role`, `org` and `employer_id` (repeatable), `medic_id`, `ends_on` (last
day of the account, empty for none), `seen` (what the account was when the page was made), `csrf`. 303 to the list; 409 with the
page when somebody else has changed it meanwhile, 422 with a fault at each field. Another role, other organisations, employers
or medic end the sessions: what is open was let in by what was true before.
"""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.access.administrators import is_last_administrator
from central.console.access_log import note
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.accounts import MAX_CHARS, chosen_employers, own_account, own_employer
from central.console.typed import Typed
from central.core.days import day_of, parse_day
from central.core.rights import EMPLOYER_ROLES, GIVEN_ROLES, Right, Role
from central.store import accounts as store
from central.store import medics, registry
from central.store.account_employers import set_employers
from central.store.accounts import Account
from central.store.engine import hold, reading, writing
from sync.contract.canonical import canonical, sha256_hex

router = APIRouter()
Administrator = Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))]
_ENDING = ("role", "orgs", "employer_ids", "medic_id")
"""What else than before ends the sessions."""


@router.get("/accounts/{account_id}/edit")
def show_account(request: Request, account_id: str, visitor: Administrator) -> Response:
    """The form."""
    return _edit_page(request, visitor, account_id)


@router.post("/accounts/{account_id}/edit")
def edit_account(
    request: Request, account_id: str, visitor: Administrator, form: Annotated[FormData, Depends(form_of)]
) -> Response:
    """Change it."""
    console, typed = console_of(request), Typed(typed_fields(form))
    ended: list[str] = []
    with writing(console.engine) as connection:
        hold(connection, "accounts")
        account = own_account(connection, visitor, account_id)
        values, faults = _values(connection, visitor, typed, account, day_of(console.clock()))
        is_stale = typed.one("seen") not in {"", mark_of(account)}
        if not faults and not is_stale and is_last_administrator(connection, account, values):
            faults["role"] = "last_administrator"
        changed = [name for name, value in values.items() if getattr(account, name) != value]
        if not faults and not is_stale and changed:
            set_employers(connection, account_id, values["employer_ids"])
            columns = {name: value for name, value in values.items() if name != "employer_ids"}
            store.change_account(connection, account_id, columns | {"orgs": list(values["orgs"])})
            if set(changed) & set(_ENDING):
                ended = store.end_sessions_of(connection, account_id)
            detail = {"columns": len(changed), "role": values["role"]}
            note(connection, console, visitor, "account.edit", account_id, detail=detail)
    for session_id in ended:
        console.vault.close(session_id)
    if is_stale:
        return _edit_page(request, visitor, account_id, 409, faults={"": "changed_meanwhile"})
    if faults:
        return _edit_page(request, visitor, account_id, 422, typed=typed, faults=faults)
    return RedirectResponse("/accounts", status_code=303)


def mark_of(account: Account) -> str:
    """What the account was when a form was made: two who change it at once are told apart."""
    kept = {name: str(value) for name, value in asdict(account).items() if name in {"full_name", "ends_on", *_ENDING}}
    return sha256_hex(canonical(kept))[:16]


def _values(
    connection: Connection, visitor: Visitor, typed: Typed, account: Account, today: date
) -> tuple[dict[str, Any], dict[str, str]]:
    """The columns, and what is wrong. 404 for what is not the visitor's to give."""
    faults: dict[str, str] = {}
    name, role = " ".join(typed.one("full_name").split()), typed.one("role")
    if not name:
        faults["full_name"] = "needed"
    elif len(name) > MAX_CHARS:
        faults["full_name"] = "too_long"
    if role not in set(GIVEN_ROLES):
        faults["role"] = "choose"
    elif account.account_id == visitor.account.account_id and role != account.role:
        faults["role"] = "own_role"
    orgs = tuple(sorted({org for org in typed.fields.get("org", ()) if org}))
    if not all(visitor.owns(org) for org in orgs):
        raise HTTPException(404)
    if not orgs and not (visitor.is_installation and role == Role.ADMINISTRATOR):
        faults["org"] = "choose"
    employer_ids, medic_id = chosen_employers(typed), typed.one("medic_id") or None
    owners = {own_employer(connection, visitor, one) for one in employer_ids}
    if medic_id:
        owners.add(own_or_404(visitor, medics.find(connection, medic_id)).org)
    if role in EMPLOYER_ROLES and not employer_ids:
        faults["employer_id"] = "choose"
    if not owners <= set(orgs):
        faults["org"] = "mixed"
    ends_on = None
    if typed.one("ends_on"):
        ends_on = parse_day(typed.one("ends_on"))
        if ends_on is None:
            faults["ends_on"] = "not_a_day"
        elif ends_on < today:
            faults["ends_on"] = "past"
        elif account.account_id == visitor.account.account_id:
            faults["ends_on"] = "own_end"
    values = {"full_name": name, "role": role, "orgs": orgs, "employer_ids": employer_ids, "medic_id": medic_id}
    return values | {"ends_on": ends_on}, faults


def _edit_page(
    request: Request,
    visitor: Visitor,
    account_id: str,
    status: int = 200,
    *,
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    with reading(console_of(request).engine) as connection:
        account = own_account(connection, visitor, account_id)
        orgs = visitor.account.orgs
        return page(
            request,
            "account_edit.html",
            visitor,
            status,
            item=account,
            seen=mark_of(account),
            typed=typed or _typed_of(account),
            faults=faults or {},
            roles=list(GIVEN_ROLES),
            organisations={
                row["org"]: row["name"] for row in registry.list_organisations(connection) if row["org"] in orgs
            },
            employers={
                row["employer_id"]: row["name"] for org in orgs for row in registry.list_employers(connection, org)
            },
            medics=medics.of_organisations(connection, orgs),
        )


def _typed_of(account: Account) -> Typed:
    ends_on = account.ends_on.isoformat() if account.ends_on else ""
    one = {"full_name": account.full_name, "role": account.role, "ends_on": ends_on}
    one |= {"medic_id": account.medic_id or ""}
    several = {"org": list(account.orgs), "employer_id": list(account.employer_ids)}
    return Typed({name: [value] for name, value in one.items()} | several)
