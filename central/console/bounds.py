"""Limits of size and time for one request, counted while it arrives, before its sender is known.

A stranger gets `STRANGER_BYTES` and `STRANGER_S`. The door of a route (`guard`) gives more to whom it lets in, and only then is
the rest read. What is too much is thrown away unread for a moment, so that the answer reaches who still sends.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import cast

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.console.context import page

STRANGER_BYTES = 64 * 1024
PAGE_BYTES = 4 * 1024 * 1024
"""Of a form of somebody who is logged in: ten thousand pasted rows are still read, to say at which field they are too many."""
STRANGER_S = 20.0
"""Within so long a stranger's request has to be there whole."""
PAUSE_S = 20.0
"""The longest pause within a request of somebody who is logged in."""
VISITOR_S = 900.0
ANSWER_S = 120.0
"""A client that accepts no part of an answer for so long counts as gone."""
MOST_HEADERS = 100
MOST_HEAD_BYTES = 32 * 1024
_UNREAD_S = 5.0

_ALLOWANCE = "dopusk.allowance"


@dataclass(slots=True)
class Allowance:
    """How much of a body may be read, and until when (monotonic)."""

    most: int
    until: float
    declared: int = 0
    read: int = 0
    is_read: bool = False


class TooLarge(HTTPException):
    """More than the sender may send."""

    def __init__(self) -> None:
        super().__init__(413)


class TooSlow(HTTPException):
    """The request did not come in time."""

    def __init__(self) -> None:
        super().__init__(408)


def allow(request: Request, most: int) -> None:
    """Let this request send up to so many bytes: its sender is known and has the right."""
    allowance = cast("Allowance", request.scope[_ALLOWANCE])
    allowance.most, allowance.until = most, asyncio.get_running_loop().time() + VISITOR_S


def most_of(request: Request) -> int:
    """How many bytes this request may send."""
    return cast("Allowance", request.scope[_ALLOWANCE]).most


class Bounds:
    """An application around the application that keeps requests within these bounds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > MOST_HEAD_BYTES:
            await _refuse_head(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        allowance = Allowance(STRANGER_BYTES, loop.time() + STRANGER_S, _declared(scope))
        allowance.is_read = not _has_body(scope)
        scope[_ALLOWANCE] = allowance

        async def bounded() -> Message:
            if allowance.is_read:
                return await receive()
            if max(allowance.declared, allowance.read) > allowance.most:
                raise TooLarge
            try:
                async with asyncio.timeout(min(PAUSE_S, allowance.until - loop.time())):
                    message = await receive()
            except TimeoutError:
                raise TooSlow from None
            allowance.read += len(message.get("body", b""))
            allowance.is_read = not message.get("more_body", False)
            if allowance.read > allowance.most:
                raise TooLarge
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and not allowance.is_read:
                await _throw_away(receive)
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            async with asyncio.timeout(ANSWER_S):
                await send(message)

        await self._app(scope, bounded, answer)


async def _refuse_head(scope: Scope, receive: Receive, send: Send) -> None:
    answer = await run_in_threadpool(page, Request(scope), "error.html", None, 431, code="head_too_large", number="")
    answer.headers["Connection"] = "close"
    await answer(scope, receive, send)


async def _throw_away(receive: Receive) -> None:
    """Read what is still on its way, keep nothing of it. A connection that is closed meanwhile would lose the answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_UNREAD_S):
            while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
                pass


def _declared(scope: Scope) -> int:
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(value) if value.isdigit() else 0


def _has_body(scope: Scope) -> bool:
    return _declared(scope) > 0 or any(name == b"transfer-encoding" for name, _ in scope["headers"])
