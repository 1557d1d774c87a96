"""Sends one request to an external web server: a time limit for the whole exchange, a limited answer, no redirects, no proxy."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import httpcore
import httpx

from central.egress.connecting import GuardedBackend, Unreached
from central.egress.rules import EgressRules, WebAddress
from central.egress.term import within

TERM_S = 10.0
_SPARE_S = 0.5
"""The event loop counts the term itself; the thread that waits for it only helps where the loop cannot be left."""
_OK_FROM, _OK_BELOW = 200, 300


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """Status and, as far as it was asked for, body."""

    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        """2xx."""
        return _OK_FROM <= self.status < _OK_BELOW


def post(
    address: WebAddress,
    body: bytes,
    headers: Mapping[str, str],
    rules: EgressRules,
    *,
    term_s: float = TERM_S,
    max_bytes: int = 0,
) -> WebAnswer:
    """Send and wait, `term_s` seconds at most. The body is read where the status is 2xx, at most `max_bytes` of it;
    with 0 it is not read at all.

    Raises `Unreached`.
    """

    def exchange() -> WebAnswer:
        return asyncio.run(exchange_once(address, body, headers, rules, term_s=term_s, max_bytes=max_bytes))

    return within(term_s + _SPARE_S, exchange, "web-post")


def get(
    address: WebAddress, headers: Mapping[str, str], rules: EgressRules, *, term_s: float = TERM_S, max_bytes: int
) -> WebAnswer:
    """Ask for a document. As `post`."""

    def exchange() -> WebAnswer:
        return asyncio.run(
            exchange_once(address, b"", headers, rules, term_s=term_s, max_bytes=max_bytes, method="GET")
        )

    return within(term_s + _SPARE_S, exchange, "web-get")


async def exchange_once(
    address: WebAddress,
    body: bytes,
    headers: Mapping[str, str],
    rules: EgressRules,
    *,
    term_s: float,
    max_bytes: int,
    method: str = "POST",
) -> WebAnswer:
    """As `post`, in an event loop of the caller's."""
    url = httpcore.URL(scheme=address.scheme, host=address.host, port=address.port, target=address.target)
    try:
        async with (
            asyncio.timeout(term_s),
            httpcore.AsyncConnectionPool(ssl_context=_trusted(), network_backend=GuardedBackend(rules)) as pool,
            pool.stream(method, url, headers=list(headers.items()), content=body) as answer,
        ):
            taken = _OK_FROM <= answer.status < _OK_BELOW
            return WebAnswer(answer.status, await _body_of(answer, max_bytes) if taken and max_bytes else b"")
    except TimeoutError as error:
        raise Unreached("no_answer", f"no answer within {term_s:g} s") from error
    except (httpcore.ConnectError, ssl.SSLError) as error:
        raise Unreached("untrusted", "no secure connection: its certificate is not believed") from error
    except (httpcore.NetworkError, httpcore.TimeoutException) as error:
        raise Unreached("not_reached", "the connection was lost") from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise Unreached("unreadable", "the answer is not HTTP") from error


async def _body_of(answer: httpcore.Response, max_bytes: int) -> bytes:
    body = b""
    async for piece in answer.aiter_stream():
        body += piece
        if len(body) > max_bytes:
            raise Unreached("unreadable", f"an answer of more than {max_bytes} bytes")
    return body


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that the library brings, and those of the machine: an organisation's own one is put there."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context
