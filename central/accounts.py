"""Accounts of the console: passwords, lock-out, second factor, sessions.

Lengths and times follow OWASP ASVS 4.0 chapters 2 and 3 (level 2).
"""

import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from central.passwords import MAX_PASSWORD, names_in, password_fault
from central.rights import Role
from central.second_factor import FactorPolicy, TotpSeal, is_recovery_code, matching_step, use_recovery_code
from central.store import accounts as store
from central.store import registry
from central.store.accounts import Account, Session
from sync.contract.canonical import new_id

FAILURES_BEFORE_LOCK = 5
LOCK = timedelta(minutes=15)
SESSION = timedelta(hours=12)
IDLE = timedelta(minutes=30)
_TOUCH_EVERY = timedelta(seconds=60)

_hasher = PasswordHasher()
# Argon2 is meant to be heavy: one at a time, so that a storm of logins cannot starve the queue of the medics.
_hashing = threading.Lock()
_NOBODY = _hasher.hash(secrets.token_hex(16))


class LoginRefused(Exception):
    """No login. `code`: `wrong` (name, password or code: never says which), `locked`, `disabled`, `code_needed`,

    `factor_overdue` (the time to set up the second factor is over). `locks`: this failure has closed the account.
    """

    def __init__(self, code: str, *, locks: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.locks = locks


@dataclass(frozen=True, slots=True)
class CheckedLogin:
    """Whose credentials they were, and whether a recovery code stood in for the second factor."""

    account_id: str
    by_recovery_code: bool = False


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session and the secret for its cookie; the store knows only the secret's hash."""

    session: Session
    token: str


def hash_password(password: str) -> str:
    """Argon2id hash with its parameters."""
    with _hashing:
        return _hasher.hash(password)


def create_account(
    connection: Connection,
    *,
    username: str,
    full_name: str,
    role: Role,
    password: str,
    now: datetime,
    orgs: tuple[str, ...] = (),
    employer_id: str | None = None,
    medic_id: str | None = None,
    must_change_password: bool = False,
    listed: Collection[str] = frozenset(),
) -> str:
    """Add an account; returns its id. Raises `ValueError` for a weak password or a name that is taken.

    `listed`: the operator's own list of bad passwords.
    """
    username = username.strip().lower()
    if not username:
        raise ValueError("an account needs a login name")
    fault = password_fault(password, names_about(connection, username, full_name, orgs), listed)
    if fault is not None:
        raise ValueError(f"the password is refused: {fault}")
    if store.by_username(connection, username) is not None:
        raise ValueError(f"the login name {username!r} is taken")
    account_id = new_id()
    values: dict[str, Any] = {
        "account_id": account_id,
        "username": username,
        "full_name": full_name,
        "role": str(role),
        "orgs": list(orgs),
        "employer_id": employer_id,
        "medic_id": medic_id,
        "password_hash": hash_password(password),
        "must_change_password": must_change_password,
        "failed_logins": 0,
        "disabled": False,
        "created_at": now,
    }
    store.add_account(connection, values)
    return account_id


def names_about(connection: Connection, username: str, full_name: str, orgs: Collection[str]) -> frozenset[str]:
    """The names that a password of this account must not contain: its own, and those of its organisations."""
    rows = [registry.get_organisation(connection, org) for org in orgs]
    texts = [full_name, *orgs, *(str(row["name"]) for row in rows if row is not None)]
    return names_in(texts) | {username.strip().lower()}


def password_is_right(password: str, password_hash: str) -> bool:
    """Compare in constant time; a damaged hash is a wrong password."""
    with _hashing:
        try:
            return _hasher.verify(password_hash, password[:MAX_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False


def check_login(
    connection: Connection, username: str, password: str, code: str, seal: TotpSeal, policy: FactorPolicy, now: datetime
) -> CheckedLogin:
    """Check name, password and second factor. Counts failures and locks.

    Raises `LoginRefused`; commit all the same, for the counter. An unknown name takes as long as a known one. Who must
    have a second factor and has none gets in for the time of grace, to set it up.
    """
    account = store.by_username(connection, username.strip().lower())
    if account is None:
        password_is_right(password, _NOBODY)
        raise LoginRefused("wrong")
    password_hash, totp_sealed, last_step = store.secrets_of(connection, account.account_id)
    right = password_is_right(password, password_hash)
    if account.locked_until is not None and account.locked_until > now:
        raise LoginRefused("locked")
    if not right:
        raise LoginRefused("wrong", locks=_count_failure(connection, account, now))
    if account.disabled:
        raise LoginRefused("disabled")
    changes: dict[str, Any] = {"failed_logins": 0, "locked_until": None, "last_login_at": now}
    recovered = False
    if totp_sealed is not None:
        if not code.strip():
            raise LoginRefused("code_needed")
        recovered = is_recovery_code(code) and use_recovery_code(connection, account.account_id, code, now)
        if not recovered:
            step = matching_step(seal.open(totp_sealed, account.account_id), code, now)
            if step is None or (last_step is not None and step <= last_step):
                raise LoginRefused("wrong", locks=_count_failure(connection, account, now))
            changes["totp_last_step"] = step
    elif policy.demands(account.role):
        if account.factor_due_at is None:
            changes["factor_due_at"] = now + policy.grace
        elif account.factor_due_at <= now:
            raise LoginRefused("factor_overdue")
    store.change_account(connection, account.account_id, changes)
    return CheckedLogin(account.account_id, recovered)


def _count_failure(connection: Connection, account: Account, now: datetime) -> bool:
    """Count; True when this one has closed the account."""
    failures = account.failed_logins + 1
    locked = now + LOCK if failures >= FAILURES_BEFORE_LOCK else None
    changes = {"failed_logins": 0 if locked else failures, "locked_until": locked}
    store.change_account(connection, account.account_id, changes)
    return locked is not None


def open_session(
    connection: Connection, account_id: str, address: str, now: datetime, draft: dict[str, Any] | None = None
) -> OpenedSession:
    """A new session with a fresh secret; sessions whose time is over go."""
    store.end_expired(connection, now)
    token = secrets.token_urlsafe(32)
    item = Session(session_id_of(token), account_id, secrets.token_urlsafe(24), now, now, now + SESSION, address)
    store.add_session(connection, item, draft)
    return OpenedSession(item, token)


def session_id_of(token: str) -> str:
    """The store's name for a cookie."""
    return sha256(token.encode("utf-8")).hexdigest()


def is_alive(session: Session, now: datetime) -> bool:
    """Neither too old nor idle for too long."""
    return now < session.expires_at and now - session.seen_at < IDLE


def needs_touch(session: Session, now: datetime) -> bool:
    """Whether the use should be written down; not at each request, for the disk's sake."""
    return now - session.seen_at > _TOUCH_EVERY
