"""Logging in and out.

Form fields: POST /login `username`, `password`, `code` (second factor), `csrf`, `next`, `draft`, or `language` to change that
alone; POST /logout and POST /session/alive `csrf`. GET /login takes `next` and `language`.
The login form's `csrf` belongs to the cookie that GET /login sets; all later forms carry the session's own token.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.access.accounts import (
    LDAP,
    OIDC,
    SESSION,
    CheckedLogin,
    LoginRefused,
    OpenedSession,
    check_login,
    open_session,
    session_id_of,
    try_password,
)
from central.console.access_log import note
from central.console.context import LANGUAGE_COOKIE, YEAR_S, Console, Visitor, address_of, console_of, look_of, page
from central.console.guard import Guard, Public, form_of, same_token
from central.console.known_devices import devices_of, remember
from central.console.pages import MENU
from central.core.rate_limit import TooMany, network_of
from central.core.rights import Right, may
from central.store import accounts as store
from central.store import audit
from central.store.engine import reading, writing
from central.words.texts import LANGUAGES

router = APIRouter()

MOST_WAITING = 50
"""So many strangers' passwords may wait to be checked."""
_DRAFT_AGE_S = 3600
_ACTIONS = ("/decision", "/claim", "/release", "/archive", "/key", "/cancel", "/import", "/proof", "/offer")
"""Last words of addresses that only take forms; the page is one step up."""


@router.get("/login")
def show_login(
    request: Request, _door: Annotated[None, Depends(Public())], next: str = "", language: str = "", left: str = ""
) -> Response:
    """The login form; in that language, where it is one of ours. `left`: a provider's own session may still be open."""
    return login_page(request, next_path=next, language=language, left=left == "1")


@router.post("/login")
async def log_in(
    request: Request, form: Annotated[FormData, Depends(form_of)], _door: Annotated[None, Depends(Public())]
) -> Response:
    """Check the credentials and begin a session; the old one of this browser ends.

    Passwords are slow to check on purpose: whoever waits for that holds none of the threads that compute pages, and known
    browsers wait in a line of their own.
    """
    console = console_of(request)
    cookie = request.cookies.get(console.form_cookie, "")
    draft = opened_draft(console, str(form.get("draft", "")), cookie)
    next_path = str(form.get("next", ""))
    username = str(form.get("username", ""))
    again = partial(login_page, request, draft=draft, next_path=next_path)
    if not same_token(form.get("csrf"), form_token(console, cookie)):
        return await run_in_threadpool(again, status=403, code="forged")
    if form.get("language"):
        # Nobody logs in: the same form in the other language, with what was typed before it.
        words = {"username": username[:100], "language": str(form.get("language"))}
        return await run_in_threadpool(partial(again, **words))
    devices = devices_of(console, request)
    try:
        caller, line = await run_in_threadpool(_caller, console, request, username, devices)
        console.rates.sign_in.take(caller)
        if line.statistics().tasks_waiting >= MOST_WAITING:
            raise TooMany(1)
        attempt = partial(_check, console, request, form, draft, devices)
        opened = await to_thread.run_sync(attempt, limiter=line)
    except TooMany as error:
        response = await run_in_threadpool(again, status=429, code="too_many")
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    except LoginRefused as error:
        return await run_in_threadpool(again, status=status_of(error), code=error.code, username=username[:100])
    response = RedirectResponse(after_login(next_path, draft), status_code=303)
    begin_session(console, response, opened)
    remember(console, request, response, opened.session.account_id)
    return response


def status_of(error: LoginRefused) -> int:
    """HTTP status of a login that was refused."""
    return {"locked": 429, "directory_outage": 503, "provider_outage": 503}.get(error.code, 401)


def after_login(next_path: str, draft: dict[str, Any] | None) -> str:
    """Where somebody goes who has just logged in: to what was being typed, or where they wanted to."""
    return _safe_path(_page_of(draft["path"]) if draft is not None else next_path)


def begin_session(console: Console, response: Response, opened: OpenedSession) -> None:
    """Give the browser its session, and take the login form's cookie away."""
    _set_cookie(console, response, console.session_cookie, opened.token, int(SESSION.total_seconds()))
    response.delete_cookie(console.form_cookie, path="/", secure=console.secure, httponly=True, samesite="strict")


@router.post("/logout")
def log_out(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))]) -> Response:
    """End the session and forget the key."""
    console = console_of(request)
    console.vault.close(visitor.session.session_id)
    with writing(console.engine) as connection:
        store.end_session(connection, visitor.session.session_id)
        note(connection, console, visitor, "logout")
    outside = visitor.account.vouched_by == OIDC
    response = RedirectResponse("/login?left=1" if outside else "/login", status_code=303)
    response.delete_cookie(console.session_cookie, path="/", secure=console.secure, httponly=True, samesite="strict")
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
    language: str = "",
    left: bool = False,
) -> Response:
    """The login form with what was typed elsewhere, sealed, so that it comes back after the login.

    `language`: to be kept from now on; anything unknown changes nothing.
    """
    console = console_of(request)
    look = look_of(request)
    if language in LANGUAGES:
        look = replace(look, language=language)
    cookie = form_cookie_of(console, request)
    response = page(
        request,
        "login.html",
        None,
        status,
        code=code,
        csrf=form_token(console, cookie),
        draft=console.drafts.dumps([cookie, draft]) if draft else "",
        next_path=next_path,
        username=username,
        look=look,
        contact=console.config.accounts.contact,
        provider=console.provider.config.name if console.provider is not None else "",
        directory=console.directory.config.name if console.directory is not None else "",
        provider_logout=console.provider.logout_address if left and console.provider is not None else None,
    )
    if language in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, path="/", secure=console.secure, samesite="lax")
    set_form_cookie(console, response, cookie)
    return response


def form_cookie_of(console: Console, request: Request) -> str:
    """What a form's token belongs to where nobody is logged in: this browser's cookie, or a new one."""
    return request.cookies.get(console.form_cookie, "") or secrets.token_urlsafe(24)


def set_form_cookie(console: Console, response: Response, cookie: str) -> None:
    """Let the browser keep it for a day."""
    _set_cookie(console, response, console.form_cookie, cookie, 24 * 3600)


def _caller(
    console: Console, request: Request, username: str, devices: Mapping[str, str]
) -> tuple[str, CapacityLimiter]:
    """Whose tries are counted together, and in which line they wait: a known browser's own, or those of an address."""
    with reading(console.engine) as connection:
        account = store.by_username(connection, username.strip().lower())
    device = devices.get(account.account_id) if account is not None else None
    # Who waits for a directory that does not answer stands in nobody's way whose password is here.
    asks_outside = account is not None and account.vouched_by == LDAP
    if account is None or device is None:
        return network_of(address_of(request)), console.outside_line if asks_outside else console.strangers_line
    return f"device {account.account_id} {device}", console.outside_line if asks_outside else console.known_line


def _check(
    console: Console, request: Request, form: FormData, draft: dict[str, Any] | None, devices: Mapping[str, str]
) -> OpenedSession:
    """Every attempt is written down, refused ones too."""
    username, password = str(form.get("username", "")), str(form.get("password", ""))
    code, address = str(form.get("code", "")), address_of(request)
    tried = try_password(console.engine, username, password, console.directory, now=console.clock(), devices=devices)
    now = console.clock()
    seal, policy = console.totp_seal, console.factor_policy
    outcome: OpenedSession | LoginRefused
    with writing(console.engine) as connection:
        known = store.by_username(connection, username.strip().lower())
        by = {"by": LDAP} if known is not None and known.vouched_by == LDAP else {}
        try:
            checked = check_login(connection, username, password, code, seal, policy, now, tried=tried, devices=devices)
        except LoginRefused as error:
            outcome = error
            account_id = known.account_id if known else None
            action, detail = "login.refused", {"code": error.code} | by
        else:
            outcome = enter(console, connection, request, checked, draft)
            account_id, (action, detail) = checked.account_id, entry_of(checked, by)
        audit.write(connection, at=now, account_id=account_id, address=address, action=action, detail=detail)
        if isinstance(outcome, LoginRefused) and outcome.locks and account_id is not None:
            audit.write(connection, at=now, account_id=account_id, address=address, action="account.locked")
    if isinstance(outcome, LoginRefused):
        raise outcome
    return outcome


def enter(
    console: Console, connection: Connection, request: Request, checked: CheckedLogin, draft: dict[str, Any] | None
) -> OpenedSession:
    """A new session for this browser; its old one ends."""
    opened = open_session(connection, checked.account_id, address_of(request), console.clock(), draft)
    old = request.cookies.get(console.session_cookie, "")
    if old:
        store.end_session(connection, session_id_of(old))
    return opened


def entry_of(checked: CheckedLogin, by: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Action and detail of a login for the access log. `by`: who has vouched, where it was not the own password."""
    return "login", {"by": "recovery_code"} if checked.by_recovery_code else by


def form_token(console: Console, cookie: str) -> str:
    """The token of a form that stands on the login page of the browser with that cookie."""
    return hmac.digest(console.session_secret, b"login form" + cookie.encode("utf-8"), "sha256").hex()


def opened_draft(console: Console, sealed: str, cookie: str) -> dict[str, Any] | None:
    """What was typed before this login form was shown, in this browser."""
    if not sealed:
        return None
    try:
        owner, draft = console.drafts.loads(sealed, max_age=_DRAFT_AGE_S)
    except (BadSignature, ValueError, TypeError):
        return None
    return draft if owner == cookie and isinstance(draft, dict) else None


def _page_of(path: str) -> str:
    """The page on which a form stands: `/exams/1/decision` is posted from `/exams/1`."""
    if path.startswith(("/journal/exports/", "/journal/columns", "/journal/signed")) and not path.endswith("/cancel"):
        return "/journal"
    if path.startswith("/accounts/"):
        return "/accounts"
    is_action = path.endswith(_ACTIONS) or (path.startswith("/exams/") and path.endswith("/signature"))
    return path.rsplit("/", 1)[0] if is_action else path


def _safe_path(path: str) -> str:
    """Only a path of this console: nobody may be sent elsewhere by a link to our login page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else "/"


def _set_cookie(console: Console, response: Response, name: str, value: str, age_s: int) -> None:
    response.set_cookie(name, value, max_age=age_s, path="/", secure=console.secure, httponly=True, samesite="strict")
