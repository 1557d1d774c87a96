"""Secrets typed inside a session: each try is counted before it is checked, and the number of tries is small.

The password on the own page, the passphrase or PIN of the signing key: an open session alone must not be enough to guess
them. Whoever has mistyped a passphrase proves first, by the password, to be the one who logged in.
"""

from dataclasses import dataclass, replace

from central.access.accounts import LDAP, OIDC, directory_says, password_is_right, prove_own_code
from central.access.login_gates import LOGIN, PASSPHRASE, TOKEN_PIN, gate_at
from central.console.access_log import note
from central.console.context import Console, Visitor
from central.core.tries import Limit
from central.store import accounts as store
from central.store import secret_tries
from central.store.accounts import Account
from central.store.engine import reading, writing
from central.store.medics import MedicEntry

PROOF_AFTER = 2
"""So many wrong passphrases in a row may be mistakes; before the next try the password is asked for too."""
PIN_PROOF_AFTER = 1


class TriesOver(Exception):
    """The door is closed for a while: too many wrong tries."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try that has been counted. `before`: how many wrong ones came before it."""

    door: str
    before: int


def begin_try(console: Console, visitor: Visitor, door: str, limit: Limit) -> Try:
    """Count a try before it is made. Raises `TriesOver`; the try that closes the door is written into the access log."""
    now, account_id = console.clock(), visitor.account.account_id
    with writing(console.engine) as connection:
        gate = gate_at(connection, door, account_id, limit, now)
        is_over = gate.tries.are_locked(now)
        if not is_over and gate.fail(connection, now):
            note(connection, console, visitor, "account.locked", account_id, detail={"by": door.partition("/")[0]})
    if is_over:
        raise TriesOver
    return Try(door, gate.tries.counted(limit, now))


def end_try(console: Console, tried: Try) -> None:
    """The secret was right: the door's count begins anew."""
    with writing(console.engine) as connection:
        secret_tries.forget(connection, tried.door)


def take_back_try(console: Console, tried: Try) -> None:
    """Nobody looked at the secret: the try counts no more. A door that it has closed stays closed."""
    with writing(console.engine) as connection:
        tries = secret_tries.tries_of(connection, tried.door)
        if tries.failures > 0 and tries.locked_until is None:
            secret_tries.save(connection, tried.door, replace(tries, failures=tries.failures - 1))


def try_own_password(console: Console, visitor: Visitor, password: str) -> bool:
    """Whether this is the visitor's password; for whom a provider vouches, a code of the own second factor.

    Raises `TriesOver`; where a directory vouches, `DirectoryOutage`.
    """
    account = visitor.account
    tried = begin_try(console, visitor, f"password/{account.account_id}", LOGIN)
    right = _is_own(console, account, password)
    if right:
        end_try(console, tried)
    return right


def _is_own(console: Console, account: Account, typed: str) -> bool:
    if account.vouched_by == LDAP:
        return directory_says(console.directory, account, typed)
    if account.vouched_by == OIDC:
        with writing(console.engine) as connection:
            return prove_own_code(connection, account, typed, console.totp_seal, console.clock())
    with reading(console.engine) as connection:
        known, _, _ = store.secrets_of(connection, account.account_id)
    return password_is_right(typed, known)


def needs_proof(console: Console, entry: MedicEntry) -> bool:
    """Whether the next try of this medic's key asks for the password too."""
    limit = _limit_of(entry)
    with reading(console.engine) as connection:
        tries = secret_tries.seen(connection, _door_of(entry))
    return tries.locked_until is not None or tries.counted(limit, console.clock()) >= _proof_after(entry)


def begin_passphrase(console: Console, visitor: Visitor, entry: MedicEntry, password: str) -> Try | None:
    """A try of the medic's passphrase or PIN that may be made now; None without the proof it needs. Raises `TriesOver`."""
    wanted = needs_proof(console, entry)
    tried = begin_try(console, visitor, _door_of(entry), _limit_of(entry))
    if (wanted or tried.before >= _proof_after(entry)) and not (
        password and try_own_password(console, visitor, password)
    ):
        return None
    return tried


def _door_of(entry: MedicEntry) -> str:
    return f"passphrase/{entry.medic_id}"


def _limit_of(entry: MedicEntry) -> Limit:
    return TOKEN_PIN if entry.key_provider == "pkcs11" else PASSPHRASE


def _proof_after(entry: MedicEntry) -> int:
    return PIN_PROOF_AFTER if entry.key_provider == "pkcs11" else PROOF_AFTER
