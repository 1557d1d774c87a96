"""Logging in through a provider of OpenID Connect: there, back, and the own second factor.

Form fields: POST /login/outside `csrf`, `next`, `draft` (of the login form): a page that leads to the provider.
GET /login/outside/answer takes what the provider sends: `code`, `state`, `iss`, `error`, `error_description`.
POST /login/outside/code `code`, `ticket`, `csrf`.

The cookie of the session is not sent along when another site leads here (SameSite=Strict): so the login on its way has a cookie
of its own, and a page of ours, no redirect, leads on into the console.
"""

import secrets
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from central.access.accounts import OIDC, LoginRefused, OpenedSession, check_vouched
from central.access.esia_provider import EsiaProvider
from central.access.oidc_provider import OidcProvider, ProviderOutage
from central.access.oidc_token import TokenRefused
from central.access.outside_logins import ANSWER_S, CODE_S, Waiting, browser_hash
from central.console.context import Console, address_of, console_of, page
from central.console.guard import Public, form_of, same_token
from central.console.routes.login import (
    MOST_WAITING,
    after_login,
    begin_session,
    enter,
    entry_of,
    form_token,
    login_page,
    opened_draft,
    status_of,
)
from central.core.rate_limit import TooMany, network_of
from central.store import accounts as store
from central.store import audit
from central.store.engine import writing

router = APIRouter()

ANSWER_PATH = "/login/outside/answer"
"""Where the provider sends the browser back to; it has to be entered there."""
MAX_CODE_CHARS = 4096
_WORDS = {"unknown_key": "wrong_token", "wrong_nonce": "wrong_state"}
"""What people are told where the access log is more exact."""


@router.post("/login/outside")
async def begin(
    request: Request, form: Annotated[FormData, Depends(form_of)], _door: Annotated[None, Depends(Public())]
) -> Response:
    """Remember the login and lead the browser to the provider."""
    console = console_of(request)
    provider = _provider(console)
    cookie = request.cookies.get(console.form_cookie, "")
    again = partial(login_page, request, next_path=str(form.get("next", "")))
    if not same_token(form.get("csrf"), form_token(console, cookie)):
        return await run_in_threadpool(again, status=403, code="forged")
    draft = opened_draft(console, str(form.get("draft", "")), cookie)
    try:
        _take_turn(console, request)
        address, begun = await to_thread.run_sync(provider.begin, console.clock(), limiter=console.outside_line)
    except TooMany as error:
        return await _too_many(partial(again, draft=draft), error)
    except ProviderOutage as error:
        await run_in_threadpool(_note_refused, console, request, "provider_outage", str(error))
        return await run_in_threadpool(again, status=503, code="provider_outage", draft=draft)
    browser = secrets.token_urlsafe(32)
    waiting = Waiting(browser_hash(browser), begun, str(form.get("next", "")), draft)
    console.outside_logins.keep(begun.state, waiting.browser, waiting, ANSWER_S)
    response = await run_in_threadpool(
        page, request, "login_outside.html", None, leads_to=address, provider=provider.config.name, ticket=""
    )
    response.set_cookie(
        console.outside_cookie,
        browser,
        max_age=int(ANSWER_S),
        path="/",
        secure=console.secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(ANSWER_PATH)
async def answer(
    request: Request,
    _door: Annotated[None, Depends(Public())],
    state: str = "",
    code: str = "",
    iss: str = "",
    error: str = "",
    error_description: str = "",
) -> Response:
    """What the provider says of a login. Each answer counts once, for the login it belongs to, in the browser that began it."""
    console = console_of(request)
    provider = _provider(console)
    browser = request.cookies.get(console.outside_cookie, "")
    waiting = console.outside_logins.take(state, browser_hash(browser)) if browser else None
    if waiting is None:
        return await run_in_threadpool(_refused, request, "wrong_state", None)
    if iss and iss != provider.config.issuer:
        return await run_in_threadpool(_refused, request, "wrong_issuer", waiting)
    if error or not code or len(code) > MAX_CODE_CHARS:
        return await run_in_threadpool(
            _refused, request, "provider_refused", waiting, said=f"{error} {error_description}"[:100].strip()
        )
    try:
        _take_turn(console, request)
        work = partial(provider.subject_of, code, waiting.begun, console.clock())
        subject = await to_thread.run_sync(work, limiter=console.outside_line)
    except TooMany as fault:
        return await _too_many(partial(login_page, request, next_path=waiting.next_path, draft=waiting.draft), fault)
    except ProviderOutage as fault:
        return await run_in_threadpool(_refused, request, "provider_outage", waiting, said=str(fault))
    except TokenRefused as fault:
        return await run_in_threadpool(_refused, request, fault.code, waiting)
    proved = Waiting(waiting.browser, waiting.begun, waiting.next_path, waiting.draft, subject)
    return await run_in_threadpool(_let_in, request, proved, "")


@router.post("/login/outside/code")
def give_code(
    request: Request, form: Annotated[FormData, Depends(form_of)], _door: Annotated[None, Depends(Public())]
) -> Response:
    """The account's own second factor, after the provider has vouched for the first."""
    console = console_of(request)
    _provider(console)
    browser = request.cookies.get(console.outside_cookie, "")
    ticket = str(form.get("ticket", ""))
    if not browser or not same_token(form.get("csrf"), form_token(console, browser)):
        return login_page(request, status=403, code="forged")
    waiting = console.outside_logins.take(ticket, browser_hash(browser))
    if waiting is None or not waiting.subject:
        return _refused(request, "wrong_state", None)
    return _let_in(request, waiting, str(form.get("code", "")))


def _let_in(request: Request, proved: Waiting, code: str) -> Response:
    console = console_of(request)
    provider = _provider(console)
    now, address = console.clock(), address_of(request)
    outcome: OpenedSession | LoginRefused
    with writing(console.engine) as connection:
        known = store.by_vouched(connection, OIDC, provider.config.issuer, proved.subject)
        account_id = known.account_id if known is not None else None
        try:
            checked = check_vouched(
                connection, provider.config.issuer, proved.subject, code, console.totp_seal, console.factor_policy, now
            )
        except LoginRefused as error:
            outcome = error
            action, detail = "login.refused", {"code": error.code, "by": OIDC}
        else:
            outcome = enter(console, connection, request, checked, proved.draft)
            action, detail = entry_of(checked, {"by": OIDC})
        if not (isinstance(outcome, LoginRefused) and outcome.code == "code_needed"):
            audit.write(connection, at=now, account_id=account_id, address=address, action=action, detail=detail)
        if isinstance(outcome, LoginRefused) and outcome.locks and account_id is not None:
            audit.write(connection, at=now, account_id=account_id, address=address, action="account.locked")
    if isinstance(outcome, LoginRefused):
        if outcome.code in {"code_needed", "wrong"}:
            return _ask_code(request, proved, outcome)
        return login_page(
            request, status=status_of(outcome), code=outcome.code, next_path=proved.next_path, draft=proved.draft
        )
    response = page(
        request,
        "login_outside.html",
        None,
        leads_to=after_login(proved.next_path, proved.draft),
        provider="",
        ticket="",
    )
    begin_session(console, response, outcome)
    _forget(console, response)
    return response


def _ask_code(request: Request, proved: Waiting, refused: LoginRefused) -> Response:
    console = console_of(request)
    ticket = secrets.token_urlsafe(32)
    console.outside_logins.keep(ticket, proved.browser, proved, CODE_S)
    return page(
        request,
        "login_outside.html",
        None,
        401 if refused.code == "wrong" else 200,
        leads_to="",
        provider=_provider(console).config.name,
        ticket=ticket,
        csrf=form_token(console, request.cookies.get(console.outside_cookie, "")),
        code="wrong_code" if refused.code == "wrong" else "",
    )


def _refused(request: Request, code: str, waiting: Waiting | None, said: str = "") -> Response:
    """The login form with the reason; what was typed before comes back once the login is done."""
    console = console_of(request)
    _note_refused(console, request, code, said)
    response = login_page(
        request,
        status=503 if code == "provider_outage" else 401,
        code=_WORDS.get(code, code),
        next_path=waiting.next_path if waiting is not None else "",
        draft=waiting.draft if waiting is not None else None,
    )
    _forget(console, response)
    return response


def _note_refused(console: Console, request: Request, code: str, said: str) -> None:
    detail: dict[str, Any] = {"code": code, "by": OIDC}
    if said:
        detail["said"] = said
    with writing(console.engine) as connection:
        audit.write(
            connection,
            at=console.clock(),
            account_id=None,
            address=address_of(request),
            action="login.refused",
            detail=detail,
        )


def _provider(console: Console) -> OidcProvider | EsiaProvider:
    if console.provider is None:
        raise HTTPException(404)
    return console.provider


def _take_turn(console: Console, request: Request) -> None:
    console.rates.sign_in.take(network_of(address_of(request)))
    if console.outside_line.statistics().tasks_waiting >= MOST_WAITING:
        raise TooMany(1)


async def _too_many(again: Any, error: TooMany) -> Response:
    response: Response = await run_in_threadpool(again, status=429, code="too_many")
    response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _forget(console: Console, response: Response) -> None:
    response.delete_cookie(console.outside_cookie, path="/", secure=console.secure, httponly=True, samesite="lax")
