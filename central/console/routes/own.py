"""The user's own account: password, second factor, sessions.

Form fields: POST /account/password `password`, `new_password`, `csrf`; POST /account/totp `secret` (sealed, from the
page), `code`, `password` (later than fifteen minutes after the login), `csrf`: the answer shows the recovery codes, this
once; POST /account/recovery `password`, `csrf`: new ones; POST /account/totp/remove `password`, `csrf`;
POST /account/sessions/end `csrf` (all but this one).
"""

import io
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import pyotp
import segno
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import FormData

from central.access.accounts import OIDC, hash_password, names_about
from central.access.directory import DirectoryOutage
from central.access.second_factor import matching_step, new_recovery_codes
from central.console.access_log import note
from central.console.context import Console, Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.tried_secrets import TriesOver, try_own_password
from central.core.passwords import normal_form, password_fault
from central.core.rights import Right
from central.store import accounts as store
from central.store import recovery_codes
from central.store.engine import reading, writing

router = APIRouter()
_SECRET_AGE_S = 900
_FRESH = timedelta(minutes=15)
"""So long after the login the password need not be typed again for the first second factor."""


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
    if account.vouched_by is not None:
        # There is no password of ours to be changed.
        raise HTTPException(404)
    if fault := _password_fault(console, visitor, form):
        return _page(request, visitor, 422, {"password": fault})
    with reading(console.engine) as connection:
        names = names_about(connection, account.username, account.full_name, account.orgs)
    new = str(form.get("new_password", ""))
    weak = password_fault(new, names, console.listed_passwords)
    if weak is None and normal_form(new) == normal_form(str(form.get("password", ""))):
        weak = "same"
    if weak:
        return _page(request, visitor, 422, {"new_password": weak})
    changes = {"password_hash": hash_password(new), "must_change_password": False}
    with writing(console.engine) as connection:
        store.change_account(connection, account.account_id, changes)
        ended = store.end_sessions_of(connection, account.account_id, but=visitor.session.session_id)
        note(connection, console, visitor, "account.password", visitor.account.account_id)
    _close_keys(console, ended)
    return RedirectResponse("/account?done=password", status_code=303)


@router.post("/account/totp")
def set_totp(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Set up the second factor, proven by a first code.

    An open session is no proof of who sits before it: the password is asked for unless it was given just now, at the login.
    An account that has a factor must remove it first, with the password, or have it reset.
    """
    console = console_of(request)
    if visitor.account.has_totp:
        return _page(request, visitor, 409, {"remove": "set_already"})
    secret = _opened_secret(console, visitor, str(form.get("secret", "")))
    if secret is None:
        return _page(request, visitor, 422, {"code": "stale"})
    if not _is_fresh(console, visitor) and (fault := _first_factor_fault(console, visitor, form)):
        return _page(request, visitor, 422, {"totp_password": fault}, secret)
    step = matching_step(secret, str(form.get("code", "")), console.clock())
    if step is None:
        return _page(request, visitor, 422, {"code": "wrong"}, secret)
    account_id = visitor.account.account_id
    changes = {"totp_sealed": console.totp_seal.seal(secret, account_id), "totp_last_step": step, "factor_due_at": None}
    with writing(console.engine) as connection:
        if not store.set_first_factor(connection, account_id, changes):
            codes = None
        else:
            codes = new_recovery_codes(connection, account_id, console.clock())
            note(connection, console, visitor, "account.totp", account_id)
    if codes is None:
        return _page(request, _seen_again(console, visitor), 409, {"remove": "set_already"})
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
    if fault := _password_fault(console, visitor, form):
        return _page(request, visitor, 422, {"recovery": fault})
    with writing(console.engine) as connection:
        codes = new_recovery_codes(connection, account_id, console.clock())
        note(connection, console, visitor, "account.recovery_codes", account_id)
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
    if fault := _password_fault(console, visitor, form):
        return _page(request, visitor, 422, {"remove": fault})
    with writing(console.engine) as connection:
        store.change_account(connection, visitor.account.account_id, {"totp_sealed": None, "totp_last_step": None})
        recovery_codes.replace(connection, visitor.account.account_id, [], console.clock())
        note(connection, console, visitor, "account.totp_removed", visitor.account.account_id)
    return RedirectResponse("/account?done=totp", status_code=303)


@router.post("/account/sessions/end")
def end_sessions(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))]) -> Response:
    """End every session but this one."""
    console = console_of(request)
    with writing(console.engine) as connection:
        ended = store.end_sessions_of(connection, visitor.account.account_id, but=visitor.session.session_id)
        note(connection, console, visitor, "account.sessions_ended", visitor.account.account_id)
    _close_keys(console, ended)
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
        sealed=_sealed_secret(console, visitor, fresh),
        is_fresh=_is_fresh(console, visitor),
        drawing=drawing.getvalue().decode("utf-8"),
        sessions=sessions,
        codes=codes or [],
        codes_left=codes_left,
        factor_demanded=console.factor_policy.demands(visitor.account.role),
        factor_first=console.factor_policy.blocks(visitor.account),
        done=request.query_params.get("done", ""),
    )


def _password_fault(console: Console, visitor: Visitor, form: FormData) -> str:
    """What is wrong with the password that was typed; empty for the right one."""
    try:
        return "" if try_own_password(console, visitor, str(form.get("password", ""))) else "wrong"
    except TriesOver:
        return "too_many_tries"
    except DirectoryOutage:
        return "directory_outage"


def _first_factor_fault(console: Console, visitor: Visitor, form: FormData) -> str:
    """As `_password_fault`; for whom a provider vouches there is nothing to type yet: only a new login proves anything."""
    return "log_in_again" if visitor.account.vouched_by == OIDC else _password_fault(console, visitor, form)


def _is_fresh(console: Console, visitor: Visitor) -> bool:
    return console.clock() - visitor.session.created_at < _FRESH


def _sealed_secret(console: Console, visitor: Visitor, secret: str) -> str:
    return _secrets(console).dumps([visitor.session.session_id, secret])


def _opened_secret(console: Console, visitor: Visitor, sealed: str) -> str | None:
    """The secret that this very session was shown; None for any other, and for one that was shown too long ago."""
    try:
        owner, secret = _secrets(console).loads(sealed, max_age=_SECRET_AGE_S)
    except BadSignature:
        return None
    return str(secret) if owner == visitor.session.session_id else None


def _secrets(console: Console) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(console.session_secret, salt="second factor")


def _close_keys(console: Console, session_ids: list[str]) -> None:
    for session_id in session_ids:
        console.vault.close(session_id)


def _seen_again(console: Console, visitor: Visitor) -> Visitor:
    """The visitor with the account as it is now."""
    with reading(console.engine) as connection:
        account = store.by_id(connection, visitor.account.account_id)
    return visitor if account is None else replace(visitor, account=account)
