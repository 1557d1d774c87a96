"""What a key of another program may do, and from where. Pure.

Scopes say what is opened; the key's organisation or employer says of whom. A key of an employer sees states and outcomes, whatever
its scopes are: `ORGANISATION_ONLY` are for keys of a medical organisation.
"""

import ipaddress
from collections.abc import Iterable
from typing import Literal, get_args

Scope = Literal[
    "admissions:read",
    "exams:read",
    "workers:write",
    "shifts:write",
    "observations:write",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)
OF_OLD: tuple[Scope, ...] = ("admissions:read", "exams:read")
"""What every key had before there were scopes."""
ORGANISATION_ONLY: frozenset[Scope] = frozenset({"observations:write"})
"""They open findings or records."""
MOST_NETWORKS = 20


def scopes_fault(scopes: Iterable[str], *, of_employer: bool) -> str:
    """What is wrong with the choice of a new key: a text under `fault_code`; empty when nothing is."""
    chosen = set(scopes)
    if not chosen:
        return "needed"
    if not chosen <= set(SCOPES):
        return "choose"
    return "scope_of_organisation" if of_employer and chosen & ORGANISATION_ONLY else ""


def networks_of(words: str) -> tuple[str, ...]:
    """Networks or single addresses, divided by commas or spaces, as `192.0.2.0/24`. Raises `ValueError` for anything else."""
    parts = words.replace(",", " ").replace(";", " ").split()
    if len(parts) > MOST_NETWORKS:
        raise ValueError(f"{len(parts)} networks; a key may have {MOST_NETWORKS}")
    return tuple(dict.fromkeys(str(ipaddress.ip_network(part)) for part in parts))


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether a caller may use a key: from anywhere where no network is named."""
    allowed = [ipaddress.ip_network(one) for one in networks]
    if not allowed:
        return True
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in one for one in allowed)
