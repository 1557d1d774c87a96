"""What an administrator does to one account.

POST /accounts/{account_id} `action` (disable | enable | unlock | reset_password | reset_totp | end_sessions | delete | undelete),
`password`, `reason` (to enable: why), `csrf`. 303 to the list; 409 with the page for what is not needed any more, 422 with a fault
at the field.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.access.accounts import hash_password, names_about
from central.access.administrators import is_last_administrator
from central.console.access_log import note
from central.console.account_actions import ACTIONS
from central.console.context import Visitor, console_of
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.accounts import MAX_CHARS, accounts_page, offered_now, own_account
from central.console.typed import Typed
from central.core.passwords import password_fault
from central.core.rights import Right
from central.core.text_cleaning import clean_line
from central.store import accounts as store
from central.store import recovery_codes, secret_tries
from central.store.accounts import NO_FACTOR
from central.store.engine import hold, reading, writing

router = APIRouter()


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
    password, reason = str(form.get("password", "")), clean_line(str(form.get("reason", "")))
    if action not in ACTIONS:
        raise HTTPException(404)
    with reading(console.engine) as connection:
        account = own_account(connection, visitor, account_id)
        names = names_about(connection, account.username, account.full_name, account.orgs)
    resets_password = action == "reset_password"
    weak = password_fault(password, names, console.listed_passwords) if resets_password else None
    hashed = hash_password(password) if resets_password and weak is None else ""
    fault = {"new_password": weak} if weak is not None else _reason_fault(action, reason)
    ended: list[str] = []
    with writing(console.engine) as connection:
        hold(connection, "accounts")
        account = own_account(connection, visitor, account_id)
        needed = action in offered_now(connection, console, visitor, account)
        if not needed and account_id == visitor.account.account_id:
            raise HTTPException(404)
        is_last = action in {"disable", "delete"} and is_last_administrator(connection, account, {"disabled": True})
        if needed and not fault and not is_last:
            changes = _changes(action, hashed, reason, console.clock())
            if changes:
                store.change_account(connection, account_id, changes)
            if action == "reset_totp":
                recovery_codes.replace(connection, account_id, [], console.clock())
            if action in {"unlock", "reset_password", "reset_totp"}:
                secret_tries.forget_account(connection, account_id)
            if action in {"disable", "reset_password", "reset_totp", "end_sessions", "delete"}:
                ended = store.end_sessions_of(connection, account_id)
            note(connection, console, visitor, f"account.{action}", account_id)
    for session_id in ended:
        console.vault.close(session_id)
    if not needed:
        return accounts_page(request, visitor, 409, faults={"action": "not_needed"})
    if is_last:
        return accounts_page(request, visitor, 409, faults={"action": "last_administrator"})
    if fault:
        return accounts_page(request, visitor, 422, faults=fault, about=account_id, typed=Typed(typed_fields(form)))
    return RedirectResponse("/accounts", status_code=303)


def _reason_fault(action: str, reason: str) -> dict[str, str]:
    if action != "enable" or 0 < len(reason) <= MAX_CHARS:
        return {}
    return {"reason": "too_long" if reason else "reason_needed"}


def _changes(action: str, password_hash: str, reason: str, now: datetime) -> dict[str, Any]:
    match action:
        case "disable":
            return {"disabled": True}
        case "enable":
            return {"disabled": False, "closed_unused_at": None, "enabled_at": now, "enabled_note": reason}
        case "delete":
            return {"disabled": True, "closed_unused_at": None, "deleted_at": now}
        case "undelete":
            return {"deleted_at": None}
        case "unlock":
            return {"failed_logins": 0, "locked_until": None}
        case "reset_password":
            return {"password_hash": password_hash, "must_change_password": True}
        case "reset_totp":
            return NO_FACTOR
        case _:
            return {}
