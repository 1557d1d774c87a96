"""Administration: who vouches for an account in place of its own password.

Form fields: POST /accounts/{account_id}/vouching `vouched_by` (oidc | ldap | empty for the own password), `vouched_name` (subject
of the provider, or name in the directory), `password` (a temporary one, where the account gets its own again), `csrf`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.access.accounts import LDAP, OIDC, hash_password, names_about, no_password
from central.console.access_log import note
from central.console.context import Console, Visitor, console_of
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.accounts import accounts_page, own_account
from central.console.typed import Typed
from central.core.passwords import password_fault
from central.core.rights import Right
from central.store import accounts as store
from central.store.engine import reading, writing

router = APIRouter()

MAX_NAME_CHARS = 255


@router.post("/accounts/{account_id}/vouching")
def set_vouching(
    request: Request,
    account_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Enter who vouches. The password that the account had before opens nothing from now on, and its sessions end."""
    console = console_of(request)
    typed = Typed(typed_fields(form))
    by, name = typed.one("vouched_by"), typed.one("vouched_name").strip()
    password = str(form.get("password", ""))
    if account_id == visitor.account.account_id:
        # Nobody locks themselves out by mistake.
        raise HTTPException(404)
    issuer = issuers_of(console).get(by, "")
    if by and not issuer:
        raise HTTPException(404)
    is_by_snils = by == OIDC and console.provider is not None and console.provider.by_snils
    with reading(console.engine) as connection:
        account = own_account(connection, visitor, account_id)
        if is_by_snils:
            # Nobody types what the register knows: the medic's SNILS says who it is.
            name = account.medic_id or ""
        faults = _faults(connection, by, issuer, name, account_id, is_by_snils=is_by_snils)
        names = names_about(connection, account.username, account.full_name, account.orgs)
    if not by and (weak := password_fault(password, names, console.listed_passwords)):
        faults["vouched_password"] = weak
    if faults:
        return accounts_page(request, visitor, 422, faults=faults, about=account_id)
    changes = {
        "vouched_by": by or None,
        "vouched_issuer": issuer or None,
        "vouched_name": name if by else None,
        "password_hash": no_password() if by else hash_password(password),
        "must_change_password": not by,
    }
    with writing(console.engine) as connection:
        own_account(connection, visitor, account_id)
        taken = _faults(connection, by, issuer, name, account_id, is_by_snils=is_by_snils)
        if not taken:
            store.change_account(connection, account_id, changes)
            ended = store.end_sessions_of(connection, account_id)
            note(connection, console, visitor, "account.vouching", account_id, detail={"by": by or "own"})
    if taken:
        return accounts_page(request, visitor, 422, faults=taken, about=account_id)
    for session_id in ended:
        console.vault.close(session_id)
    return RedirectResponse("/accounts", status_code=303)


def issuers_of(console: Console) -> dict[str, str]:
    """Who may vouch here, and what an account keeps of that."""
    found = {}
    if console.provider is not None:
        found[OIDC] = console.provider.config.issuer
    if console.directory is not None:
        found[LDAP] = console.directory.issuer
    return found


def _faults(
    connection: Connection, by: str, issuer: str, name: str, account_id: str, *, is_by_snils: bool
) -> dict[str, str]:
    if not by:
        return {}
    if not name:
        return {"vouched_name": "no_medic" if is_by_snils else "needed"}
    if len(name) > MAX_NAME_CHARS:
        return {"vouched_name": "too_long"}
    known = store.by_vouched(connection, by, issuer, name)
    return {"vouched_name": "taken"} if known is not None and known.account_id != account_id else {}
