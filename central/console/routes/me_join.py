"""A worker's own account: opened by a link that a kiosk or a medic has shown.

GET /me/join: the page that the link leads to; the token stands behind `#`, so no server and no log gets it with an address. POST
/me/join `token`, `csrf`: whose account it would be; with `password` and `again` too: the account, its session, and the login name.
422 with the page for a password that is too weak, 410 for a link that is used or over, 404 for one that nobody has given, 429 after
too many wrong ones. The form's `csrf` belongs to the cookie of this page, as that of the login.
"""

from functools import partial
from hashlib import sha256
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from central.access.accounts import CheckedLogin, OpenedSession, hash_password
from central.access.login_gates import LOGIN, gate_at
from central.console.context import Console, address_of, console_of, page
from central.console.guard import Public, form_of, same_token
from central.console.known_devices import remember
from central.console.routes.login import begin_session, enter, form_cookie_of, form_token, set_form_cookie
from central.core.passwords import names_in, password_fault
from central.core.rate_limit import TooMany, network_of
from central.personal.joining import Claim, LinkRefused, claim_of, join
from central.store import accounts, audit
from central.store.engine import writing

router = APIRouter()
PATH = "/me/join"
"""Where links lead."""
_STATUS = {"unknown": 404, "used": 410, "expired": 410, "too_many": 429, "forged": 403}


@router.get("/me/join")
def show_join(request: Request, _door: Annotated[None, Depends(Public())]) -> Response:
    """The page of the link; its script sends on what stands behind `#`."""
    return _page(request)


@router.post("/me/join")
async def open_account(
    request: Request, form: Annotated[FormData, Depends(form_of)], _door: Annotated[None, Depends(Public())]
) -> Response:
    """Look at the link, or use it up."""
    console = console_of(request)
    if not same_token(form.get("csrf"), form_token(console, request.cookies.get(console.form_cookie, ""))):
        return await run_in_threadpool(_page, request, code="forged")
    token = str(form.get("token", "")).strip()
    try:
        console.rates.sign_in.take(network_of(address_of(request)))
        claim = await run_in_threadpool(_claim, console, request, token)
    except TooMany as error:
        response = await run_in_threadpool(_page, request, code="too_many")
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    except LinkRefused as error:
        return await run_in_threadpool(_page, request, code=error.code)
    if "password" not in form:
        return await run_in_threadpool(partial(_page, request, token=token, claim=claim))
    password = str(form.get("password", ""))
    faults = _faults(console, claim, password, str(form.get("again", "")))
    if faults:
        return await run_in_threadpool(partial(_page, request, token=token, claim=claim, faults=faults))
    hashed = await to_thread.run_sync(hash_password, password, limiter=console.strangers_line)
    try:
        opened, username = await run_in_threadpool(_join, console, request, token, password, hashed)
    except LinkRefused as error:
        return await run_in_threadpool(_page, request, code=error.code)
    response = await run_in_threadpool(partial(_page, request, claim=claim, username=username))
    begin_session(console, response, opened)
    remember(console, request, response, opened.session.account_id)
    return response


def _claim(console: Console, request: Request, token: str) -> Claim:
    """What the link is good for. Unknown ones are counted where they come from; after five there is a pause."""
    now, address = console.clock(), address_of(request)
    door = f"link/{sha256(network_of(address).encode('utf-8')).hexdigest()}"
    refused = None
    with writing(console.engine) as connection:
        gate = gate_at(connection, door, None, LOGIN, now)
        if gate.tries.are_locked(now):
            raise TooMany(int(LOGIN.lock.total_seconds()))
        try:
            return claim_of(connection, token, now)
        except LinkRefused as error:
            refused = error
            # Who opens an old link twice guesses nothing, and shares the address with everybody behind it.
            if error.code == "unknown":
                gate.fail(connection, now)
            detail = {"code": error.code}
            audit.write(connection, at=now, account_id=None, address=address, action="own.link_refused", detail=detail)
    raise refused


def _faults(console: Console, claim: Claim, password: str, again: str) -> dict[str, str]:
    names = names_in([claim.full_name])
    if weak := password_fault(password, names, console.listed_passwords):
        return {"password": weak}
    return {} if password == again else {"again": "differs"}


def _join(console: Console, request: Request, token: str, password: str, hashed: str) -> tuple[OpenedSession, str]:
    """The account and a session in it. The link is looked at once more: it works once."""
    now = console.clock()
    with writing(console.engine) as connection:
        claim = claim_of(connection, token, now)
        account_id = join(connection, claim, password, hashed, now)
        opened = enter(console, connection, request, CheckedLogin(account_id), None)
        accounts.change_account(connection, account_id, {"last_login_at": now})
        account = accounts.by_id(connection, account_id)
        detail = {"by": "kiosk" if claim.link.exam_id else "medic", "again": claim.account is not None}
        audit.write(
            connection,
            at=now,
            account_id=account_id,
            address=address_of(request),
            action="own.join",
            subject=account_id,
            detail=detail,
        )
    return opened, account.username if account is not None else ""


def _page(
    request: Request,
    *,
    code: str = "",
    token: str = "",
    claim: Claim | None = None,
    faults: dict[str, str] | None = None,
    username: str = "",
) -> Response:
    console = console_of(request)
    cookie = form_cookie_of(console, request)
    response = page(
        request,
        "me_join.html",
        None,
        422 if faults else _STATUS.get(code, 200),
        code=code,
        token=token,
        claim=claim,
        faults=faults or {},
        username=username,
        csrf=form_token(console, cookie),
        contact=console.config.accounts.contact,
    )
    set_form_cookie(console, response, cookie)
    return response
