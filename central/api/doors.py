"""The doors of the interface: whose key knocks, what it may do, of which employer it may ask. Every route names its scope here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Connection, Engine

from central.api.answers import Problem
from central.core.key_scopes import Scope, is_within
from central.core.once_per_hour import OncePerHour
from central.core.rate_limit import RateLimit, network_of
from central.people.registry import Registry
from central.store import api_keys, audit, registry
from central.store.api_keys import ApiKey
from central.store.engine import reading, writing

_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Shop:
    """What every call needs."""

    engine: Engine
    clock: Callable[[], datetime]
    calls: RateLimit
    failures: RateLimit
    once_per_hour: OncePerHour
    registry: Registry
    wake: Callable[[], None]
    confirm_changes: bool
    """Whether a senior medic confirms what an employer changes of its workers."""


class Refused(Exception):
    """A call that is refused with words: `code` for programs, `message` for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


_bearer = HTTPBearer(auto_error=False, description="A key that the medical organisation's administrator has made.")


def key_of(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> ApiKey:
    """The key of a call. 401 without one, and with one that is wrong, revoked, past its term or from another network: which of
    them is not said. The access log has calls from other networks.

    Raises `TooMany` for a key that asks too often, and for an address that tries too many keys.
    """
    shop: Shop = request.app.state.shop
    secret = credentials.credentials if credentials else ""
    now = shop.clock()
    address = request.client.host if request.client else ""
    caller = network_of(address)
    shop.failures.check(caller)
    with reading(shop.engine) as connection:
        key = api_keys.by_hash(connection, sha256(secret.encode("utf-8")).hexdigest(), now)
    if key is not None and not is_within(address, key.allowed_networks):
        if shop.once_per_hour.is_due(f"network {key.key_id}"):
            with writing(shop.engine) as connection:
                note_call(connection, request, key, "api.other_network")
        key = None
    if key is None:
        shop.failures.take(caller)
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    shop.calls.take(key.key_id)
    if key.last_used_at is None or now - key.last_used_at > _TOUCH_EVERY:
        with writing(shop.engine) as connection:
            api_keys.touch(connection, key.key_id, now)
    return key


Key = Annotated[ApiKey, Depends(key_of)]


class Door:
    """The dependency of a route: a key with this scope; None: any key that is in force. 403 for a key without it."""

    def __init__(self, scope: Scope | None, *, of_organisation: bool = False) -> None:
        self.scope, self.of_organisation = scope, of_organisation

    def __call__(self, key: Key) -> ApiKey:
        """The key."""
        if self.scope is not None and self.scope not in key.scopes:
            raise Refused(
                403, "no_scope", f"this key has no scope {self.scope}; an administrator makes a key that has it"
            )
        if self.of_organisation and key.employer_id is not None:
            raise Refused(403, "of_organisation", "this is for keys of a medical organisation, not of an employer")
        return key


Admissions = Annotated[ApiKey, Depends(Door("admissions:read"))]
Exams = Annotated[ApiKey, Depends(Door("exams:read"))]
EmployerId = Annotated[
    str | None,
    Query(
        max_length=100,
        description="Of whose workers. A key of an organisation has to name one of its employers; a key of an employer need not.",
    ),
]

ERRORS: dict[int | str, dict[str, object]] = {
    401: {"model": Problem, "description": "No key, or not one that works."},
    403: {"model": Problem, "description": "The key does not open this."},
    404: {"model": Problem, "description": "There is nothing like this for this key."},
    422: {"model": Problem, "description": "The request is not in the described form."},
    429: {
        "model": Problem,
        "description": "Too many calls within a minute.",
        "headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
    },
}


def without(*codes: int) -> dict[int | str, dict[str, object]]:
    """The errors of a route that never answers with these."""
    return {code: answer for code, answer in ERRORS.items() if code not in codes}


def employer_of(connection: Connection, key: ApiKey, employer_id: str | None) -> str:
    """The employer that a call is about. 404 for one that is not the key's; 422 where an organisation's key names none."""
    if key.employer_id is not None:
        if employer_id not in {None, key.employer_id}:
            raise HTTPException(404)
        return key.employer_id
    if employer_id is None:
        raise Refused(422, "employer_needed", "a key of an organisation has to name an employer: employer_id")
    # PostgreSQL knows no text with a zero in it.
    row = registry.get_employer(connection, employer_id) if "\x00" not in employer_id else None
    if row is None or row["org"] != key.org:
        raise HTTPException(404)
    return employer_id


def note_call(
    connection: Connection, request: Request, key: ApiKey, action: str, detail: dict[str, Any] | None = None
) -> None:
    """Write a call into the access log, in the caller's transaction."""
    shop: Shop = request.app.state.shop
    audit.write(
        connection,
        at=shop.clock(),
        account_id=None,
        address=request.client.host if request.client else "",
        action=action,
        subject=key.key_id,
        org=key.org,
        detail=detail or {},
    )
