"""Decides which addresses the centre may connect to, and whether typed text is an address. Pure: it resolves no names.

An administrator of the console types addresses of webhooks. They must not turn the centre into a hand inside its own network: so
private, local and special networks are closed unless the operator's configuration names them (OWASP, Server-Side Request Forgery
Prevention), and what the later library would stumble over is refused at its field.
"""

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx
import idna

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_ADDRESS_CHARS = 500
_MAX_MAILBOX_CHARS, _MAX_LOCAL_CHARS, _MAX_DOMAIN_CHARS = 254, 64, 253
"""RFC 5321, 4.5.3.1."""
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
"""Dot-atom of RFC 5322, 3.2.3."""
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_HOST_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_NAT64 = IPv6Network("64:ff9b::/96")
_MOST_PORT = 65535


class AddressRefused(ValueError):
    """What was typed is no address, or one that may not be asked. `code`: `address`, `credentials`, `plain_http`, `network`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class EgressRules:
    """What is open. `any_network`: the operator named the server itself in the configuration, wherever it stands."""

    allowed_networks: tuple[Network, ...] = ()
    """Private and local networks that may be asked all the same."""
    plain_http: bool = False
    any_network: bool = False

    def allows(self, address: Address) -> bool:
        """Whether the centre may connect to this address."""
        if self.any_network or is_public(address):
            return True
        forms = (address, _unwrapped(address))
        return any(form in network for network in self.allowed_networks for form in forms)


OPERATORS_OWN = EgressRules(plain_http=True, any_network=True)
"""For servers that the configuration file names: the mail server and the time-stamping authority."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A parsed address of a web server, as the HTTP library has it."""

    scheme: str
    host: str
    port: int | None
    target: bytes


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet; one that carries another inside is judged by that."""
    bare = _unwrapped(address)
    special = bare.is_multicast or bare.is_reserved or bare.is_unspecified or bare.is_loopback or bare.is_link_local
    return bare.is_global and not special


def web_address(typed: str, rules: EgressRules) -> WebAddress:
    """Parse an address of a web server. Raises `AddressRefused`."""
    if not typed.isprintable() or " " in typed or len(typed) > MAX_ADDRESS_CHARS:
        raise AddressRefused("address", "not an address")
    try:
        url = httpx.URL(typed)
        host, scheme, port, target = url.raw_host.decode("ascii"), url.scheme, url.port, url.raw_path
    except Exception as error:
        raise AddressRefused("address", f"not an address: {type(error).__name__}") from error
    if scheme not in {"http", "https"} or not host or (port is not None and not 0 < port <= _MOST_PORT):
        raise AddressRefused("address", "it must be https://host, with a port of 1 to 65535 or none")
    if "@" in typed.split("://", 1)[-1].split("/", 1)[0]:
        raise AddressRefused("credentials", "no user and password in an address: they would be readable to everybody")
    if scheme == "http" and not rules.plain_http:
        raise AddressRefused("plain_http", "plain http is not allowed (outgoing.plain_http)")
    literal = _literal(host)
    if literal is not None and not rules.allows(literal):
        raise AddressRefused("network", "an address of a private network (outgoing.allowed_networks)")
    return WebAddress(scheme, host, port, target)


def mailbox(typed: str) -> str:
    """One mail address as a mail server takes it: the domain in its ASCII form. Raises `AddressRefused`."""
    local, _, domain = typed.rpartition("@")
    if not _LOCAL_PART.fullmatch(local) or len(local) > _MAX_LOCAL_CHARS:
        raise AddressRefused("address", "before the @ only Latin letters, digits and the signs of a mail address")
    if not domain.isprintable() or len(typed) > _MAX_MAILBOX_CHARS:
        raise AddressRefused("address", "not a mail address")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise AddressRefused("address", "behind the @ there must be a name of a domain") from error
    if len(ascii_domain) > _MAX_DOMAIN_CHARS or not all(_LABEL.fullmatch(label) for label in ascii_domain.split(".")):
        raise AddressRefused("address", "behind the @ there must be a name of a domain")
    return f"{local}@{ascii_domain}"


def _literal(host: str) -> Address | None:
    """The address that a host without a name server is; None for a name. Raises `AddressRefused` for disguised numbers."""
    if host == "localhost" or host.endswith((".localhost", "localhost.")):
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        socket.inet_aton(host)
    except OSError:
        if not all(_HOST_LABEL.fullmatch(label) for label in host.removesuffix(".").split(".")):
            raise AddressRefused("address", "not a name of a host") from None
        return None
    raise AddressRefused("address", "numbers in place of a host are written with four parts")


def _unwrapped(address: Address) -> Address:
    """The address of version 4 that one of version 6 leads to: mapped, 6to4 (RFC 3056), NAT64 (RFC 6052)."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
