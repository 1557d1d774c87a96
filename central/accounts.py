"""Accounts of the console: passwords, lock-out, second factor, sessions.

Lengths and times follow OWASP ASVS 4.0 chapters 2 and 3 (level 2).
"""

import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from central.rights import Role
from central.store import accounts as store
from central.store.accounts import Account, Session
from sync.contract.canonical import new_id

MIN_PASSWORD = 12
MAX_PASSWORD = 256
FAILURES_BEFORE_LOCK = 5
LOCK = timedelta(minutes=15)
SESSION = timedelta(hours=12)
IDLE = timedelta(minutes=30)
_TOUCH_EVERY = timedelta(seconds=60)
TOTP_STEP_S = 30

_hasher = PasswordHasher()
# Argon2 is meant to be heavy: one at a time, so that a storm of logins cannot starve the queue of the medics.
_hashing = threading.Lock()
_NOBODY = _hasher.hash(secrets.token_hex(16))


class LoginRefused(Exception):
    """No login. `code`: `wrong` (name, password or code: never says which), `locked`, `disabled`, `code_needed`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session and the secret for its cookie; the store knows only the secret's hash."""

    session: Session
    token: str


class TotpSeal:
    """Encrypts the secrets of second factors with a key derived from the console's session secret."""

    def __init__(self, session_secret: bytes) -> None:
        self._key = AESGCM(sha256(b"dopusk totp" + session_secret).digest())

    def seal(self, secret: str, account_id: str) -> bytes:
        """Nonce and ciphertext, bound to the account."""
        nonce = secrets.token_bytes(12)
        return nonce + self._key.encrypt(nonce, secret.encode("ascii"), account_id.encode("ascii"))

    def open(self, sealed: bytes, account_id: str) -> str:
        """The secret in base32. Raises `ValueError` when the session secret has changed since."""
        try:
            return self._key.decrypt(sealed[:12], sealed[12:], account_id.encode("ascii")).decode("ascii")
        except InvalidTag as error:
            raise ValueError("the second factor was sealed with another session secret") from error


def password_fault(password: str, username: str) -> str | None:
    """Why a password cannot be taken: `too_short`, `too_long`, `contains_name`, `too_plain`; None when it can."""
    if len(password) < MIN_PASSWORD:
        return "too_short"
    if len(password) > MAX_PASSWORD:
        return "too_long"
    if username and username.lower() in password.lower():
        return "contains_name"
    return "too_plain" if len(set(password)) < 5 else None


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
) -> str:
    """Add an account; returns its id. Raises `ValueError` for a weak password or a name that is taken."""
    username = username.strip().lower()
    if not username:
        raise ValueError("an account needs a login name")
    fault = password_fault(password, username)
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


def password_is_right(password: str, password_hash: str) -> bool:
    """Compare in constant time; a damaged hash is a wrong password."""
    with _hashing:
        try:
            return _hasher.verify(password_hash, password[:MAX_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False


def check_login(connection: Connection, username: str, password: str, code: str, seal: TotpSeal, now: datetime) -> str:
    """Check name, password and second factor; returns the account's id. Counts failures and locks.

    Raises `LoginRefused`; commit all the same, for the counter. An unknown name takes as long as a known one.
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
        _count_failure(connection, account, now)
        raise LoginRefused("wrong")
    if account.disabled:
        raise LoginRefused("disabled")
    changes: dict[str, Any] = {"failed_logins": 0, "locked_until": None, "last_login_at": now}
    if totp_sealed is not None:
        if not code.strip():
            raise LoginRefused("code_needed")
        step = matching_step(seal.open(totp_sealed, account.account_id), code, now)
        if step is None or (last_step is not None and step <= last_step):
            _count_failure(connection, account, now)
            raise LoginRefused("wrong")
        changes["totp_last_step"] = step
    store.change_account(connection, account.account_id, changes)
    return account.account_id


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step whose code this is: the present one or a neighbour (RFC 6238, section 5.2)."""
    digits = code.strip().replace(" ", "")
    present = int(now.timestamp()) // TOTP_STEP_S
    generator = pyotp.TOTP(secret)
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(generator.at(step * TOTP_STEP_S), digits):
            return step
    return None


def _count_failure(connection: Connection, account: Account, now: datetime) -> None:
    failures = account.failed_logins + 1
    locked = now + LOCK if failures >= FAILURES_BEFORE_LOCK else None
    changes = {"failed_logins": 0 if locked else failures, "locked_until": locked}
    store.change_account(connection, account.account_id, changes)


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
