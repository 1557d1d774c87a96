"""The second factor of accounts: one-time codes by time (TOTP, RFC 6238), recovery codes, and who must have one.

Recovery codes are twenty random digits (66 bits), stored as salted hashes, each good for one login (OWASP ASVS 2.6).
"""

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from central.core.rights import Role
from central.core.snils import digits_in
from central.store import recovery_codes as store
from central.store.accounts import Account

TOTP_STEP_S = 30
RECOVERY_CODES = 10
_RECOVERY_DIGITS = 20
_GROUP = 5


@dataclass(frozen=True, slots=True)
class FactorPolicy:
    """Which roles must have a second factor, and how long after the first login without one it may be set up."""

    roles: Collection[Role]
    grace: timedelta

    def demands(self, role: str) -> bool:
        """Whether accounts of that role must have one."""
        return role in self.roles

    def blocks(self, account: Account) -> bool:
        """Whether nothing but the set-up opens for this account now."""
        return self.demands(account.role) and not account.has_totp


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


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step whose code this is: the present one or a neighbour (RFC 6238, section 5.2)."""
    digits = digits_in(code)
    present = int(now.timestamp()) // TOTP_STEP_S
    generator = pyotp.TOTP(secret)
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(generator.at(step * TOTP_STEP_S).encode("ascii"), digits.encode("ascii")):
            return step
    return None


def is_recovery_code(code: str) -> bool:
    """Whether what was typed has the form of a recovery code."""
    digits = digits_in(code)
    return len(digits) == _RECOVERY_DIGITS


def new_recovery_codes(connection: Connection, account_id: str, now: datetime) -> list[str]:
    """Make codes in place of all earlier ones; returned to be shown once, in groups of five digits."""
    fresh = ["".join(secrets.choice("0123456789") for _ in range(_RECOVERY_DIGITS)) for _ in range(RECOVERY_CODES)]
    salts = [secrets.token_bytes(16) for _ in fresh]
    salted = [(salt, _hashed(salt, code)) for salt, code in zip(salts, fresh, strict=True)]
    store.replace(connection, account_id, salted, now)
    return ["-".join(code[at : at + _GROUP] for at in range(0, _RECOVERY_DIGITS, _GROUP)) for code in fresh]


def use_recovery_code(connection: Connection, account_id: str, code: str, now: datetime) -> bool:
    """Whether this code works; it does so once."""
    digits = digits_in(code)
    for code_id, salt, code_sha256 in store.unused(connection, account_id):
        if hmac.compare_digest(_hashed(salt, digits), code_sha256):
            return store.use(connection, code_id, now)
    return False


def _hashed(salt: bytes, digits: str) -> str:
    return sha256(salt + digits.encode("utf-8")).hexdigest()
