"""Connects to a name: resolves it once, checks each address, and connects to that very address.

So a name that leads somewhere else the second time (DNS rebinding) gains nothing.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any

import httpcore

from central.egress.rules import EgressRules

CONNECT_S = 4.0
"""For one of the addresses that a name leads to; the term of the whole is another one and holds above it."""

_Found = Sequence[tuple[Any, ...]]


class Unreached(Exception):
    """Nothing was handed over, or nobody knows whether it was.

    `code`: `network` (the name leads to closed addresses only), `not_reached` (no name, no connection), `untrusted` (its
    certificate), `no_answer` (within the term), `unreadable` (not the protocol, or too much of it).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def permitted(found: _Found, rules: EgressRules) -> list[str]:
    """The addresses of an answer of `getaddrinfo` that may be asked, each once. Raises `Unreached` when there is none."""
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    allowed = [one for one in addresses if rules.allows(ip_address(one))]
    if not allowed:
        raise Unreached("network", "the name leads to a private network (outgoing.allowed_networks)")
    return allowed


def connect(host: str, port: int, rules: EgressRules, timeout_s: float) -> socket.socket:
    """A connected socket. `timeout_s` holds for each read and write too. Raises `Unreached`."""
    try:
        addresses = permitted(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), rules)
    except OSError as error:
        raise Unreached("not_reached", "the name was not found") from error
    for address in addresses:
        with contextlib.suppress(OSError):
            made = socket.create_connection((address, port), timeout=min(CONNECT_S, timeout_s))
            made.settimeout(timeout_s)
            return made
    raise Unreached("not_reached", "no connection")


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """How the HTTP library connects: as `connect`, in an event loop."""

    def __init__(self, rules: EgressRules) -> None:
        self._rules = rules
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # the library's parameter; terms are ours
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises `Unreached`."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreached("not_reached", "the name was not found") from error
        for address in permitted(found, self._rules):
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout, OSError):
                return await self._backend.connect_tcp(
                    address, port, timeout=CONNECT_S, local_address=local_address, socket_options=socket_options
                )
        raise Unreached("not_reached", "no connection")

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Never: nobody outside stands behind a socket file."""
        raise Unreached("network", "a socket file is no server of somebody else")

    async def sleep(self, seconds: float) -> None:
        """As the library wants it."""
        await self._backend.sleep(seconds)
