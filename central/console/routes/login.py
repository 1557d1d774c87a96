"""Logging in and out.

Form fields: POST /login `username`, `password`, `code` (second factor), `csrf`, `next`, `draft`; POST /logout and
POST /session/alive `csrf`.
The login form's `csrf` belongs to the cookie that GET /login sets; all later forms carry the session's own token.
"""

import hmac
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature
from starlette.datastructures import FormData

from central.accounts import (
    SESSION,
    CheckedLogin,
    LoginRefused,
    OpenedSession,
    check_login,
    open_session,
    session_id_of,
)
from central.console.access_log import note
from central.console.context import Console, Visitor, address_of, console_of, page
from central.console.guard import Guard, Public, form_of, same_token
from central.console.pages import MENU
from central.rate_limit import TooMany
from central.rights import Right, may
from central.store import accounts as store
from central.store import audit
from central.store.engine import writing

router = APIRouter()

FORM_COOKIE = "dopusk_form"
_DRAFT_AGE_S = 3600
_ACTIONS = ("/decision", "/claim", "/release", "/archive", "/key", "/cancel", "/import")
"""Last words of addresses that only take forms; the page is one step up."""


@router.get("/login")
def show_login(request: Request, _door: Annotated[None, Depends(Public())], next: str = "") -> Response:
    """The login form."""
    return login_page(request, next_path=next)


@router.post("/login")
def log_in(
    request: Request, form: Annotated[FormData, Depends(form_of)], _door: Annotated[None, Depends(Public())]
) -> Response:
    """Check the credentials and begin a session; the old one of this browser ends."""
    console = console_of(request)
    draft = _opened_draft(console, str(form.get("draft", "")))
    next_path = str(form.get("next", ""))
    if not same_token(form.get("csrf"), _form_token(console, request.cookies.get(FORM_COOKIE, ""))):
        return login_page(request, status=403, code="forged", draft=draft, next_path=next_path)
    try:
        console.rates.sign_in.take(address_of(request))
        opened = _check(console, request, form, draft)
    except TooMany as error:
        response = login_page(request, status=429, code="too_many", draft=draft, next_path=next_path)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    except LoginRefused as error:
        status = 429 if error.code == "locked" else 401
        return login_page(
            request,
            status=status,
            code=error.code,
            draft=draft,
            next_path=next_path,
            username=str(form.get("username", ""))[:100],
        )
    if draft is not None:
        next_path = _page_of(draft["path"])
    response = RedirectResponse(_safe_path(next_path), status_code=303)
    _set_cookie(console, response, console.session_cookie, opened.token, int(SESSION.total_seconds()))
    response.delete_cookie(FORM_COOKIE, path="/")
    return response


@router.post("/logout")
def log_out(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))]) -> Response:
    """End the session and forget the key."""
    console = console_of(request)
    console.vault.close(visitor.session.session_id)
    with writing(console.engine) as connection:
        store.end_session(connection, visitor.session.session_id)
        note(connection, console, visitor, "logout")
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(console.session_cookie, path="/")
    return response


@router.post("/session/alive")
def keep_alive(_visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))]) -> Response:
    """Somebody is at the desk: a key, the mouse or a finger. The door has written it down. 204."""
    return Response(status_code=204)


@router.get("/")
def home(visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))]) -> Response:
    """The first page that the role may see."""
    return RedirectResponse(home_of(visitor.account.role), status_code=303)


def home_of(role: str) -> str:
    """Where an account of this role begins."""
    return next((path for right, path, _ in MENU if may(role, right)), "/account")


def login_page(
    request: Request,
    *,
    status: int = 200,
    code: str = "",
    draft: dict[str, Any] | None = None,
    next_path: str = "",
    username: str = "",
) -> Response:
    """The login form with what was typed elsewhere, sealed, so that it comes back after the login."""
    console = console_of(request)
    cookie = request.cookies.get(FORM_COOKIE, "") or secrets.token_urlsafe(24)
    response = page(
        request,
        "login.html",
        None,
        status,
        code=code,
        csrf=_form_token(console, cookie),
        draft=console.drafts.dumps(draft) if draft else "",
        next_path=next_path,
        username=username,
    )
    _set_cookie(console, response, FORM_COOKIE, cookie, 24 * 3600)
    return response


def _check(console: Console, request: Request, form: FormData, draft: dict[str, Any] | None) -> OpenedSession:
    """Every attempt is written down, refused ones too."""
    now = console.clock()
    username = str(form.get("username", ""))
    outcome: OpenedSession | LoginRefused
    with writing(console.engine) as connection:
        try:
            checked = check_login(
                connection,
                username,
                str(form.get("password", "")),
                str(form.get("code", "")),
                console.totp_seal,
                console.factor_policy,
                now,
            )
        except LoginRefused as error:
            outcome = error
            known = store.by_username(connection, username.strip().lower())
            account_id = known.account_id if known else None
            action, detail = "login.refused", {"code": error.code}
        else:
            outcome = open_session(connection, checked.account_id, address_of(request), now, draft)
            old = request.cookies.get(console.session_cookie, "")
            if old:
                store.end_session(connection, session_id_of(old))
            account_id, (action, detail) = checked.account_id, _entry_of(checked)
        address = address_of(request)
        audit.write(connection, at=now, account_id=account_id, address=address, action=action, detail=detail)
        if isinstance(outcome, LoginRefused) and outcome.locks:
            audit.write(connection, at=now, account_id=account_id, address=address, action="account.locked")
    if isinstance(outcome, LoginRefused):
        raise outcome
    return outcome


def _entry_of(checked: CheckedLogin) -> tuple[str, dict[str, str]]:
    return ("login", {"by": "recovery_code"}) if checked.by_recovery_code else ("login", {})


def _form_token(console: Console, cookie: str) -> str:
    return hmac.digest(console.session_secret, b"login form" + cookie.encode("utf-8"), "sha256").hex()


def _opened_draft(console: Console, sealed: str) -> dict[str, Any] | None:
    if not sealed:
        return None
    try:
        draft = console.drafts.loads(sealed, max_age=_DRAFT_AGE_S)
    except BadSignature:
        return None
    return draft if isinstance(draft, dict) else None


def _page_of(path: str) -> str:
    """The page on which a form stands: `/exams/1/decision` is posted from `/exams/1`."""
    if path.startswith(("/journal/exports/", "/journal/columns", "/journal/signed")) and not path.endswith("/cancel"):
        return "/journal"
    return path.rsplit("/", 1)[0] if path.endswith(_ACTIONS) else path


def _safe_path(path: str) -> str:
    """Only a path of this console: nobody may be sent elsewhere by a link to our login page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else "/"


def _set_cookie(console: Console, response: Response, name: str, value: str, age_s: int) -> None:
    response.set_cookie(name, value, max_age=age_s, path="/", secure=console.secure, httponly=True, samesite="strict")
