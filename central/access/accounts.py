"""Accounts of the console: passwords, lock-out, second factor, sessions.

Lengths and times follow OWASP ASVS 4.0 chapters 2 and 3 (level 2).
"""

import secrets
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Engine

from central.access.directory import Directory, DirectoryOutage
from central.access.login_gates import LOGIN, gate_at, is_closed, login_gate
from central.access.second_factor import (
    FactorPolicy,
    TotpSeal,
    is_recovery_code,
    matching_step,
    use_recovery_code,
)
from central.core.days import day_of
from central.core.passwords import names_in, normal_form, password_fault, typed_forms
from central.core.rights import Role
from central.core.snils import digits_in
from central.core.text_cleaning import clean_line
from central.store import accounts as store
from central.store import registry
from central.store.account_employers import set_employers
from central.store.accounts import Account, AccountSession
from central.store.engine import reading
from sync.contract.canonical import new_id

OIDC, LDAP = "oidc", "ldap"
"""Who may vouch for an account in place of its own password."""
SESSION = timedelta(hours=12)
IDLE = timedelta(minutes=30)
_TOUCH_EVERY = timedelta(seconds=60)

_hasher = PasswordHasher()
# Argon2 is meant to be heavy: one at a time, so that a storm of logins cannot starve the queue of the medics.
_hashing = threading.Lock()


@cache
def _hash_of_nobody() -> str:
    """What the password of an unknown name is compared with. Made at the first login: a program that never asks for a

    password need not wait for it.
    """
    return _hasher.hash(secrets.token_hex(16))


class LoginRefused(Exception):
    """No login. `code`: `wrong` (name, password or code: never says which), `locked`, `disabled`, `code_needed`,

    `factor_overdue` (the time to set up the second factor is over), `directory_outage` (who vouches cannot be asked),
    `no_account` (the provider vouches for somebody who has no account), `own_closed` (a worker's; a new
    link opens it). `locks`: this failure has closed the account.
    """

    def __init__(self, code: str, *, locks: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.locks = locks


class NameTaken(ValueError):
    """Somebody else has that login name."""


@dataclass(frozen=True, slots=True)
class CheckedLogin:
    """The account of the credentials, and whether a recovery code replaced the second factor."""

    account_id: str
    by_recovery_code: bool = False


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session and the secret for its cookie; the store knows only the secret's hash."""

    session: AccountSession
    token: str


def hash_password(password: str) -> str:
    """Argon2id hash with its parameters, of the password's normal form. Slow: never inside a transaction."""
    with _hashing:
        return _hasher.hash(normal_form(password))


def create_account(
    connection: Connection,
    *,
    username: str,
    full_name: str,
    role: Role,
    password: str,
    now: datetime,
    orgs: tuple[str, ...] = (),
    employer_ids: Collection[str] = (),
    medic_id: str | None = None,
    must_change_password: bool = False,
    listed: Collection[str] = frozenset(),
    password_hash: str | None = None,
    person_id: str | None = None,
) -> str:
    """Add an account; returns its id. Raises `ValueError` for a weak password or a name that is taken.

    `listed`: the operator's own list of bad passwords. `password_hash`: of `hash_password`, where others wait for the
    transaction's end; without it the password is hashed here. `person_id`: of a worker, whose records it sees.
    """
    username = username.strip().lower()
    if not username:
        raise ValueError("an account needs a login name")
    fault = password_fault(password, names_about(connection, username, full_name, orgs), listed)
    if fault is not None:
        raise ValueError(f"the password is refused: {fault}")
    account_id = new_id()
    values: dict[str, Any] = {
        "account_id": account_id,
        "username": username,
        "full_name": clean_line(full_name),
        "role": str(role),
        "orgs": list(orgs),
        "medic_id": medic_id,
        "person_id": person_id,
        "password_hash": password_hash or hash_password(password),
        "must_change_password": must_change_password,
        "failed_logins": 0,
        "disabled": False,
        "created_at": now,
    }
    if not store.add_account(connection, values):
        raise NameTaken(f"the login name {username!r} is taken")
    set_employers(connection, account_id, employer_ids)
    return account_id


def names_about(connection: Connection, username: str, full_name: str, orgs: Collection[str]) -> frozenset[str]:
    """The names that a password of this account must not contain: its own, and those of its organisations."""
    rows = [registry.get_organisation(connection, org) for org in orgs]
    texts = [full_name, *orgs, *(str(row["name"]) for row in rows if row is not None)]
    return names_in(texts) | {username.strip().lower()}


def password_is_right(password: str, password_hash: str) -> bool:
    """Compare in constant time, whatever keyboard the letters come from; a damaged hash is a wrong password."""
    return any(_verified(form, password_hash) for form in typed_forms(password))


def _verified(password: str, password_hash: str) -> bool:
    with _hashing:
        try:
            return _hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


@dataclass(frozen=True, slots=True)
class TriedPassword:
    """What a password was compared with, and whether it was the right one. `outage`: nobody could say."""

    password_hash: str
    right: bool
    outage: bool = False


def try_password(
    engine: Engine,
    username: str,
    password: str,
    directory: Directory | None = None,
    *,
    now: datetime | None = None,
    devices: Mapping[str, str] = MappingProxyType({}),
) -> TriedPassword:
    """Compare a password with that of the account, outside of every transaction: it is meant to be slow.

    An unknown name takes as long as a known one. Where the directory vouches for the account, it is asked, unless the door
    at which this login knocks is closed at `now`: strangers must not lock somebody out of the directory through us.
    """
    nobody = _hash_of_nobody()
    with reading(engine) as connection:
        account = store.by_username(connection, username.strip().lower())
        known = nobody if account is None else store.secrets_of(connection, account.account_id)[0]
        closed = account is not None and now is not None and is_closed(connection, account, devices, now)
    if account is None or account.vouched_by != LDAP or closed:
        own = account is None or account.vouched_by is None
        return TriedPassword(known, password_is_right(password, known) and own)
    try:
        return TriedPassword(known, directory_says(directory, account, password))
    except DirectoryOutage:
        return TriedPassword(known, right=False, outage=True)


def directory_says(directory: Directory | None, account: Account, password: str) -> bool:
    """Whether this is the account's password in the directory. Raises `DirectoryOutage`."""
    if directory is None or account.vouched_name is None:
        raise DirectoryOutage("no directory is configured (login.ldap)")
    # A name is one of the directory that it was entered for: another one may know somebody else by it.
    return directory.issuer == account.vouched_issuer and directory.is_right(account.vouched_name, password)


def no_password() -> str:
    """What an account has in place of the hash of a password when somebody else vouches for it: nothing opens it."""
    return hash_password(secrets.token_hex(32))


def check_login(
    connection: Connection,
    username: str,
    password: str,
    code: str,
    seal: TotpSeal,
    policy: FactorPolicy,
    now: datetime,
    *,
    tried: TriedPassword | None = None,
    devices: Mapping[str, str] = MappingProxyType({}),
) -> CheckedLogin:
    """Check name, password and second factor. Counts failures and locks; the row of the account is held meanwhile.

    `tried` is what `try_password` found; without it, or when the password was changed since, it is compared here.
    `devices`: under which name this browser has logged in before, by account.

    Raises `LoginRefused`; commit all the same, for the counter. A name that nobody has is answered like one that somebody
    has. A closed door opens to the right password with the right code of a second factor. Who must have a second factor
    and has none gets in for the time of grace, to set it up.
    """
    nobody = _hash_of_nobody()
    name = username.strip().lower()
    account = store.by_username(connection, name, to_change=True)
    gate = login_gate(connection, account, name, devices, now)
    locked = gate.tries.are_locked(now)
    password_hash, totp_sealed, last_step = (
        (nobody, None, None) if account is None else store.secrets_of(connection, account.account_id)
    )
    fresh = tried is not None and tried.password_hash == password_hash
    if tried is not None and fresh:
        right = tried.right
    else:
        right = password_is_right(password, password_hash) and (account is None or account.vouched_by is None)
    if locked and (account is None or account.disabled or totp_sealed is None or not right):
        raise LoginRefused("locked")
    if tried is not None and fresh and tried.outage:
        raise LoginRefused("directory_outage")
    if account is None or not right:
        raise LoginRefused("wrong", locks=gate.fail(connection, now))
    checked = _let_in(connection, account, totp_sealed, last_step, code, seal, policy, now, is_door_closed=locked)
    gate.pass_through(connection, now)
    return checked


def check_vouched(
    connection: Connection, issuer: str, subject: str, code: str, seal: TotpSeal, policy: FactorPolicy, now: datetime
) -> CheckedLogin:
    """Let in whom the provider of that issuer vouches for: the account with that subject, by its own second factor.

    The provider stands for the password and for nothing else. Raises `LoginRefused`; commit all the same.
    """
    account = store.by_vouched(connection, OIDC, issuer, subject, to_change=True)
    if account is None:
        raise LoginRefused("no_account")
    _, totp_sealed, last_step = store.secrets_of(connection, account.account_id)
    return _let_in(connection, account, totp_sealed, last_step, code, seal, policy, now, is_door_closed=False)


def _let_in(
    connection: Connection,
    account: Account,
    totp_sealed: bytes | None,
    last_step: int | None,
    code: str,
    seal: TotpSeal,
    policy: FactorPolicy,
    now: datetime,
    *,
    is_door_closed: bool,
) -> CheckedLogin:
    """What stands behind the first factor, whoever has vouched for it. Raises `LoginRefused`."""
    if account.disabled or account.has_ended(day_of(now)):
        raise LoginRefused("disabled" if account.person_id is None else "own_closed")
    changes: dict[str, Any] = {"last_login_at": now}
    recovered = False
    if totp_sealed is not None:
        secret = seal.open(totp_sealed, account.account_id)
        step = _prove_factor(connection, account, secret, last_step, code, now, is_door_closed=is_door_closed)
        recovered = step is None
        changes |= {} if step is None else {"totp_last_step": step}
    elif policy.demands(account.role):
        if account.factor_due_at is None:
            changes["factor_due_at"] = now + policy.grace
        elif account.factor_due_at <= now:
            raise LoginRefused("factor_overdue")
    store.change_account(connection, account.account_id, changes)
    return CheckedLogin(account.account_id, recovered)


def prove_own_code(connection: Connection, account: Account, code: str, seal: TotpSeal, now: datetime) -> bool:
    """Whether this is the present code of the account's second factor; it then works no second time. Commit it."""
    _, totp_sealed, last_step = store.secrets_of(connection, account.account_id)
    if totp_sealed is None:
        return False
    step = matching_step(seal.open(totp_sealed, account.account_id), code, now)
    if step is None or (last_step is not None and step <= last_step):
        return False
    store.change_account(connection, account.account_id, {"totp_last_step": step})
    return True


def _prove_factor(
    connection: Connection,
    account: Account,
    secret: str,
    last_step: int | None,
    code: str,
    now: datetime,
    *,
    is_door_closed: bool,
) -> int | None:
    """The step of a right code; None for a recovery code, which is used up. Raises `LoginRefused`.

    Wrong codes are counted apart: only who knows the password can close this door.
    """
    gate = gate_at(connection, f"factor/{account.account_id}", account.account_id, LOGIN, now)
    if gate.tries.are_locked(now):
        raise LoginRefused("locked")
    if not digits_in(code):
        raise LoginRefused("locked" if is_door_closed else "code_needed")
    recovered = is_recovery_code(code) and use_recovery_code(connection, account.account_id, code, now)
    step = None if recovered else matching_step(secret, code, now)
    if not recovered and (step is None or (last_step is not None and step <= last_step)):
        locks = gate.fail(connection, now)
        raise LoginRefused("locked" if is_door_closed else "wrong", locks=locks)
    gate.pass_through(connection, now)
    return step


def open_session(
    connection: Connection, account_id: str, address: str, now: datetime, draft: dict[str, Any] | None = None
) -> OpenedSession:
    """A new session with a fresh secret; sessions whose time is over go."""
    store.end_expired(connection, now)
    token = secrets.token_urlsafe(32)
    item = AccountSession(session_id_of(token), account_id, secrets.token_urlsafe(24), now, now, now + SESSION, address)
    store.add_session(connection, item, draft)
    return OpenedSession(item, token)


def session_id_of(token: str) -> str:
    """The store's name for a cookie."""
    return sha256(token.encode("utf-8")).hexdigest()


def is_alive(session: AccountSession, now: datetime) -> bool:
    """Neither too old nor idle for too long."""
    return now < session.expires_at and now - session.seen_at < IDLE


def needs_touch(session: AccountSession, now: datetime) -> bool:
    """Whether the use should be written down; not at each request, for the disk's sake."""
    return now - session.seen_at > _TOUCH_EVERY
