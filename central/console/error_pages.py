"""Error pages: no login, no right, a form of another session, too many questions, our fault.

Scripts (`.json`, `/events`, `/rows`, the API) get a code, people a page with words. What was typed is kept.
"""

import asyncio
import errno
import logging
import secrets
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import DatabaseError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from central.console.context import Console, page
from central.console.employer_scope import EmployerClosed
from central.console.guard import (
    SAFE_METHODS,
    FactorFirst,
    Forbidden,
    ForgedForm,
    NotLoggedIn,
    PasswordFirst,
    UnreadableInput,
)
from central.console.routes import entries
from central.console.routes.login import login_page
from central.core.rate_limit import TooMany
from central.core.step_records import trace_of
from central.store import accounts as account_store
from central.store.engine import writing

log = logging.getLogger(__name__)

_CODES = {
    400: "forged",
    404: "not_found",
    405: "not_found",
    408: "too_slow",
    413: "too_large",
    422: "choose_org",
    503: "no_time_stamp",
}
_MESSAGES = {408: "the request did not come in time", 413: "the request is too large"}
"""Words for plain statuses, keys of the texts under `error`."""


def _wants_json(request: Request) -> bool:
    return request.url.path.endswith((".json", "/events", "/rows"))


def add_error_pages(app: FastAPI) -> None:
    """Give the application its answers for everything that a door, a form or a fault of ours may raise."""

    async def not_logged_in(request: Request, error: Exception) -> Response:
        if not isinstance(error, NotLoggedIn):
            raise error
        if _wants_json(request):
            return JSONResponse({"error": "not_logged_in"}, status_code=401)
        if error.typed is None:
            if request.method not in SAFE_METHODS:
                return RedirectResponse("/login", status_code=303)
            target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?next={quote(target)}", status_code=303)
        return login_page(request, status=401, code="session_over", draft={"path": error.path, "fields": error.typed})

    async def password_first(request: Request, error: Exception) -> Response:
        if _wants_json(request):
            return JSONResponse({"error": "password_must_change"}, status_code=403)
        return RedirectResponse("/account", status_code=303)

    async def factor_first(request: Request, error: Exception) -> Response:
        if _wants_json(request):
            return JSONResponse({"error": "second_factor_needed"}, status_code=403)
        return RedirectResponse("/account", status_code=303)

    async def too_many(request: Request, error: Exception) -> Response:
        if not isinstance(error, TooMany):
            raise error
        response = page(request, "error.html", None, 429, code="too_many", number=str(error.retry_after_s))
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response

    async def forbidden(request: Request, error: Exception) -> Response:
        if not isinstance(error, Forbidden):
            raise error
        if _wants_json(request):
            return JSONResponse({"error": "forbidden"}, status_code=403)
        return page(request, "error.html", error.visitor, 403, code="forbidden", number="")

    async def employer_closed(request: Request, error: Exception) -> Response:
        if not isinstance(error, EmployerClosed):
            raise error
        if _wants_json(request):
            return JSONResponse({"error": "employer_closed"}, status_code=403)
        return page(request, "error.html", error.visitor, 403, code="employer_closed", number="")

    async def forged(request: Request, error: Exception) -> Response:
        if not isinstance(error, ForgedForm):
            raise error
        if (
            error.typed
            and error.visitor is not None
            and (error.path.endswith("/decision") or entries.is_form(error.path))
        ):
            return await asyncio.to_thread(_keep_typed, request, error.visitor.session.session_id, error)
        return page(request, "error.html", error.visitor, 403, code="forged", number="")

    async def unreadable(request: Request, _error: Exception) -> Response:
        return page(request, "error.html", None, 422, code="unreadable", number="")

    async def plain(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if request.url.path.startswith("/api/v1/"):
            # A path that a mount does not match (a line break in it) ends here: scripts get JSON all the same.
            return JSONResponse({"code": "not_found", "message": "there is nothing under this path"}, status)
        if request.url.path in {"/enrol", "/renew"}:
            return JSONResponse({"code": "bad_request", "message": _MESSAGES.get(status, "refused")}, status)
        code = _CODES.get(status, "ours")
        visitor = getattr(request.state, "visitor", None)
        return page(request, "error.html", visitor, status, code=code, number="")

    async def gone(_request: Request, _error: Exception) -> Response:
        # The client has gone in the middle of the request: no fault of ours, and nobody reads the answer.
        return Response(status_code=400)

    async def full(request: Request, error: Exception) -> Response:
        if not _is_full(error):
            raise error
        log.error("no room on the disk, on %s: %s", request.url.path, trace_of(error))
        return page(request, "error.html", getattr(request.state, "visitor", None), 507, code="disk_full", number="")

    async def ours(request: Request, error: Exception) -> Response:
        number = secrets.token_hex(4)
        log.error("fault %s on %s: %s", number, request.url.path, trace_of(error))
        return page(request, "error.html", getattr(request.state, "visitor", None), 500, code="ours", number=number)

    app.add_exception_handler(NotLoggedIn, not_logged_in)
    app.add_exception_handler(PasswordFirst, password_first)
    app.add_exception_handler(FactorFirst, factor_first)
    app.add_exception_handler(TooMany, too_many)
    app.add_exception_handler(Forbidden, forbidden)
    app.add_exception_handler(ForgedForm, forged)
    app.add_exception_handler(EmployerClosed, employer_closed)
    app.add_exception_handler(UnreadableInput, unreadable)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(OSError, full)
    app.add_exception_handler(DatabaseError, full)
    app.add_exception_handler(Exception, ours)


def _is_full(error: Exception) -> bool:
    """Whether a disk, a quota or the store has no room left."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    cause = getattr(error, "orig", None)
    return getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL" or getattr(cause, "sqlstate", "") == "53100"


def _keep_typed(request: Request, session_id: str, error: ForgedForm) -> Response:
    """A form typed before the last login (two tabs): nothing is decided or stored, nothing is lost."""
    console: Console = request.app.state.console
    with writing(console.engine) as connection:
        account_store.set_draft(connection, session_id, {"path": error.path, "fields": error.typed})
    return RedirectResponse(error.path.removesuffix("/decision"), status_code=303)
