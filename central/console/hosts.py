"""Checks the host name of a request: the console's own names, `localhost`, and IP addresses.

A page of another site can make its own name lead here (DNS rebinding), and links that we build from the name in the request
would lead there. An address in figures cannot be borrowed so.
"""

import ipaddress
from urllib.parse import urlsplit

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from central.console.context import page
from central.core.config import HttpConfig


class Hosts:
    """Leads readers of an unknown name to the known address and takes nothing else under it."""

    def __init__(self, app: ASGIApp, config: HttpConfig) -> None:
        self._app = app
        self._public_url = config.public_url.rstrip("/")
        self._names = own_names(config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_own(_host(scope), self._names):
            await self._app(scope, receive, send)
            return
        if scope["method"] in {"GET", "HEAD"}:
            query = scope["query_string"].decode("latin-1")
            # The address as it was sent, each sign of it escaped: it cannot leave our own site.
            path = "/" + scope.get("raw_path", b"/").decode("latin-1").lstrip("/\\")
            answer = RedirectResponse(f"{self._public_url}{path}" + (f"?{query}" if query else ""), status_code=307)
            await answer(scope, receive, send)
            return
        wrong = await run_in_threadpool(page, Request(scope), "error.html", None, 421, code="wrong_host", number="")
        await wrong(scope, receive, send)


def own_names(config: HttpConfig) -> frozenset[str]:
    """The names of this console, lower case, without ports."""
    public = urlsplit(config.public_url).hostname or ""
    return frozenset({"localhost", public.lower(), *(name.lower() for name in config.host_names)} - {""})


def is_own(host: str, names: frozenset[str]) -> bool:
    """Whether a `Host` names this console; none at all (HTTP/1.0) borrows nothing either."""
    name = _name_of(host)
    if name in names or not host:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _host(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
