"""One's own account: password, second factor, sessions.

Form fields: POST /account/password `password`, `new_password`, `csrf`; POST /account/totp `secret` (sealed, from the
page), `code`, `csrf`: the answer shows the recovery codes, this once; POST /account/recovery `password`, `csrf`: new ones;
POST /account/totp/remove `password`, `csrf`; POST /account/sessions/end `csrf` (all but this one).
"""

import io
from dataclasses import replace
from typing import Annotated

import pyotp
import segno
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.accounts import hash_password, names_about, password_is_right
from central.console.access_log import note
from central.console.context import Console, Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.passwords import password_fault
from central.rights import Right
from central.second_factor import matching_step, new_recovery_codes
from central.store import accounts as store
from central.store import recovery_codes
from central.store.engine import reading, writing

router = APIRouter()
_SECRET_AGE_S = 900


@router.get("/account")
def show_own(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))]) -> Response:
    """Password, second factor, sessions."""
    return _page(request, visitor)


@router.post("/account/password")
def change_password(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Change the password; every other session ends."""
    console = console_of(request)
    account = visitor.account
    with reading(console.engine) as connection:
        before, _, _ = store.secrets_of(connection, account.account_id)
        names = names_about(connection, account.username, account.full_name, account.orgs)
    if not password_is_right(str(form.get("password", "")), before):
        return _page(request, visitor, 422, {"password": "wrong"})
    new = str(form.get("new_password", ""))
    fault = password_fault(new, names, console.listed_passwords) or ("same" if password_is_right(new, before) else None)
    if fault:
        return _page(request, visitor, 422, {"new_password": fault})
    with writing(console.engine) as connection:
        changes = {"password_hash": hash_password(new), "must_change_password": False}
        store.change_account(connection, account.account_id, changes)
        store.end_sessions_of(connection, account.account_id, but=visitor.session.session_id)
        _log(connection, request, visitor, "account.password")
    return RedirectResponse("/account?done=password", status_code=303)


@router.post("/account/totp")
def set_totp(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Set up the second factor, proven by a first code."""
    console = console_of(request)
    try:
        secret = console.drafts.loads(str(form.get("secret", "")), max_age=_SECRET_AGE_S)
    except BadSignature:
        return _page(request, visitor, 422, {"code": "stale"})
    step = matching_step(secret, str(form.get("code", "")), console.clock())
    if step is None:
        return _page(request, visitor, 422, {"code": "wrong"}, secret)
    account_id = visitor.account.account_id
    sealed = console.totp_seal.seal(secret, account_id)
    with writing(console.engine) as connection:
        changes = {"totp_sealed": sealed, "totp_last_step": step, "factor_due_at": None}
        store.change_account(connection, account_id, changes)
        codes = new_recovery_codes(connection, account_id, console.clock())
        _log(connection, request, visitor, "account.totp")
    return _page(request, _seen_again(console, visitor), codes=codes)


@router.post("/account/recovery")
def renew_recovery_codes(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """New recovery codes in place of the old ones; asks for the password."""
    console = console_of(request)
    account_id = visitor.account.account_id
    if not visitor.account.has_totp:
        return _page(request, visitor, 422)
    if not _password_typed(console, visitor, form):
        return _page(request, visitor, 422, {"recovery": "wrong"})
    with writing(console.engine) as connection:
        codes = new_recovery_codes(connection, account_id, console.clock())
        _log(connection, request, visitor, "account.recovery_codes")
    return _page(request, visitor, codes=codes)


@router.post("/account/totp/remove")
def remove_totp(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Remove the second factor, where the role may do without; asks for the password."""
    console = console_of(request)
    if console.factor_policy.demands(visitor.account.role):
        return _page(request, visitor, 422, {"remove": "demanded"})
    if not _password_typed(console, visitor, form):
        return _page(request, visitor, 422, {"remove": "wrong"})
    with writing(console.engine) as connection:
        store.change_account(connection, visitor.account.account_id, {"totp_sealed": None, "totp_last_step": None})
        recovery_codes.replace(connection, visitor.account.account_id, [], console.clock())
        _log(connection, request, visitor, "account.totp_removed")
    return RedirectResponse("/account?done=totp", status_code=303)


@router.post("/account/sessions/end")
def end_sessions(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))]) -> Response:
    """End every session but this one."""
    with writing(console_of(request).engine) as connection:
        store.end_sessions_of(connection, visitor.account.account_id, but=visitor.session.session_id)
        _log(connection, request, visitor, "account.sessions_ended")
    return RedirectResponse("/account?done=sessions", status_code=303)


def _page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    faults: dict[str, str] | None = None,
    secret: str | None = None,
    codes: list[str] | None = None,
) -> Response:
    console = console_of(request)
    fresh = secret or pyotp.random_base32()
    uri = pyotp.TOTP(fresh).provisioning_uri(name=visitor.account.username, issuer_name="Dopusk")
    drawing = io.BytesIO()
    segno.make(uri, error="m").save(drawing, kind="svg", scale=4, border=2, xmldecl=False, svgns=True)
    with reading(console.engine) as connection:
        sessions = store.sessions_of(connection, visitor.account.account_id)
        codes_left = recovery_codes.count_unused(connection, visitor.account.account_id)
    return page(
        request,
        "account.html",
        visitor,
        status,
        faults=faults or {},
        secret=fresh,
        sealed=console.drafts.dumps(fresh),
        drawing=drawing.getvalue().decode("utf-8"),
        sessions=sessions,
        codes=codes or [],
        codes_left=codes_left,
        factor_demanded=console.factor_policy.demands(visitor.account.role),
        factor_first=console.factor_policy.blocks(visitor.account),
        done=request.query_params.get("done", ""),
    )


def _password_typed(console: Console, visitor: Visitor, form: FormData) -> bool:
    with reading(console.engine) as connection:
        before, _, _ = store.secrets_of(connection, visitor.account.account_id)
    return password_is_right(str(form.get("password", "")), before)


def _seen_again(console: Console, visitor: Visitor) -> Visitor:
    """The visitor with the account as it is now."""
    with reading(console.engine) as connection:
        account = store.by_id(connection, visitor.account.account_id)
    return visitor if account is None else replace(visitor, account=account)


def _log(connection: Connection, request: Request, visitor: Visitor, action: str) -> None:
    note(connection, console_of(request), visitor, action, visitor.account.account_id)
