"""Administration: the page of accounts, and what is done to them.

Form fields: POST /accounts `username`, `full_name`, `role`, `employer_id`, `medic_id`, `password`, `csrf`;
POST /accounts/{account_id} `action` (disable | enable | unlock | reset_password | reset_totp | end_sessions), `password`,
`csrf`. Keys of programs and channels, which stand on the same page, are in `account_channels`.
"""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.accounts import create_account, hash_password, is_alive, names_about
from central.console.access_log import note
from central.console.account_actions import ACTIONS, offered
from central.console.context import Console, Visitor, console_of, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.typed import Typed
from central.passwords import password_fault
from central.rights import RIGHTS, Right, Role
from central.store import accounts as store
from central.store import api_keys, medics, notices, recovery_codes, registry, security_alerts
from central.store.accounts import NO_FACTOR, Account
from central.store.engine import reading, writing

router = APIRouter()

MAX_CHARS = 200
"""Of a name, and of what a program's key is called."""
_USERNAME = re.compile(r"[\w.@-]{1,64}")


@router.get("/accounts")
def show_accounts(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))]) -> Response:
    """Accounts of the administrator's organisations, and what each role may do."""
    return accounts_page(request, visitor)


@router.post("/accounts")
def add_account(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Add an account; its first password has to be changed at the first login."""
    console = console_of(request)
    typed = Typed(typed_fields(form))
    password = str(form.get("password", ""))
    faults: dict[str, str] = {}
    if typed.one("role") not in set(Role):
        faults["role"] = "choose"
    if not typed.one("full_name").strip():
        faults["full_name"] = "needed"
    elif len(typed.one("full_name").strip()) > MAX_CHARS:
        faults["full_name"] = "too_long"
    if typed.one("role") == Role.EMPLOYER and not typed.one("employer_id"):
        faults["employer_id"] = "choose"
    with writing(console.engine) as connection:
        names = names_about(connection, typed.one("username"), typed.one("full_name"), visitor.account.orgs)
        weak = password_fault(password, names, console.listed_passwords)
        if weak:
            faults["password"] = weak
        if typed.one("employer_id"):
            own_employer(connection, visitor, typed.one("employer_id"))
        if store.by_username(connection, typed.one("username").strip().lower()) is not None:
            faults["username"] = "taken"
        if not typed.one("username").strip():
            faults["username"] = "needed"
        elif not _USERNAME.fullmatch(typed.one("username").strip()):
            faults["username"] = "wrong_username"
        if not faults:
            account_id = create_account(
                connection,
                username=typed.one("username"),
                full_name=typed.one("full_name").strip(),
                role=Role(typed.one("role")),
                password=password,
                now=console.clock(),
                orgs=visitor.account.orgs,
                employer_id=typed.one("employer_id") or None,
                medic_id=typed.one("medic_id") or None,
                must_change_password=True,
                listed=console.listed_passwords,
            )
            note(connection, console, visitor, "account.add", account_id, detail={"role": typed.one("role")})
    if faults:
        return accounts_page(request, visitor, 422, typed=typed, faults=faults)
    return RedirectResponse("/accounts", status_code=303)


@router.post("/accounts/{account_id}")
def change_account(
    request: Request,
    account_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """One change of one account."""
    console = console_of(request)
    action = str(form.get("action", ""))
    password = str(form.get("password", ""))
    if action not in ACTIONS:
        raise HTTPException(404)
    with writing(console.engine) as connection:
        account = _own_account(connection, visitor, account_id)
        needed = action in _offered(connection, console, visitor, account)
        if not needed and account_id == visitor.account.account_id:
            raise HTTPException(404)
        names = names_about(connection, account.username, account.full_name, account.orgs)
        weak = password_fault(password, names, console.listed_passwords) if action == "reset_password" else None
        if needed and weak is None:
            changes = _changes(action, password)
            if changes:
                store.change_account(connection, account_id, changes)
            if action == "reset_totp":
                recovery_codes.replace(connection, account_id, [], console.clock())
            if action in {"disable", "reset_password", "reset_totp", "end_sessions"}:
                store.end_sessions_of(connection, account_id)
            note(connection, console, visitor, f"account.{action}", account_id)
    if not needed:
        return accounts_page(request, visitor, 409, faults={"action": "not_needed"})
    if weak is not None:
        return accounts_page(request, visitor, 422, faults={"new_password": weak}, about=account_id)
    return RedirectResponse("/accounts", status_code=303)


def _changes(action: str, password: str) -> dict[str, Any]:
    match action:
        case "disable":
            return {"disabled": True}
        case "enable":
            return {"disabled": False}
        case "unlock":
            return {"failed_logins": 0, "locked_until": None}
        case "reset_password":
            return {"password_hash": hash_password(password), "must_change_password": True}
        case "reset_totp":
            return NO_FACTOR
        case _:
            return {}


def _offered(connection: Connection, console: Console, visitor: Visitor, account: Account) -> tuple[str, ...]:
    now = console.clock()
    return offered(
        account,
        now,
        factor_roles=console.config.accounts.second_factor_roles,
        is_own=account.account_id == visitor.account.account_id,
        has_sessions=any(is_alive(item, now) for item in store.sessions_of(connection, account.account_id)),
    )


def _own_account(connection: Connection, visitor: Visitor, account_id: str) -> Account:
    account = store.by_id(connection, account_id)
    if account is None or not set(account.orgs) <= set(visitor.account.orgs):
        raise HTTPException(404)
    return account


def own_employer(connection: Connection, visitor: Visitor, employer_id: str) -> str:
    """The organisation of an employer that the visitor may manage; 404 for any other."""
    row = registry.get_employer(connection, employer_id)
    if row is None or row["org"] not in visitor.account.orgs:
        raise HTTPException(404)
    return str(row["org"])


def accounts_page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
    fresh_key: str = "",
    about: str = "",
) -> Response:
    """The page, with what was typed and what is wrong with it; `fresh_key` is shown this once.

    `about`: the account whose form has a fault.
    """
    console = console_of(request)
    orgs = visitor.account.orgs
    with reading(console.engine) as connection:
        mine = [item for item in store.all_accounts(connection) if set(item.orgs) <= set(orgs)]
        employers = {
            row["employer_id"]: row["name"] for org in orgs for row in registry.list_employers(connection, org)
        }
        return page(
            request,
            "accounts.html",
            visitor,
            status,
            accounts=[(item, _offered(connection, console, visitor, item)) for item in mine],
            about=about,
            employers=employers,
            medics=medics.of_organisations(connection, orgs),
            keys=api_keys.of_organisations(connection, orgs),
            channels=[item for employer_id in employers for item in notices.channels_of(connection, employer_id)],
            security_channels=[item for org in orgs for item in notices.security_channels(connection, org)],
            security_alerts=security_alerts.latest(connection, orgs, 10),
            names={item.account_id: item.username for item in mine},
            organisations={
                row["org"]: row["name"] for row in registry.list_organisations(connection) if row["org"] in orgs
            },
            roles=list(Role),
            all_rights=list(Right),
            matrix=RIGHTS,
            typed=typed or Typed({}),
            faults=faults or {},
            fresh_key=fresh_key,
            now=console.clock(),
            factor_roles=console.config.accounts.second_factor_roles,
        )
