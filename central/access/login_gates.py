"""Counters of failed logins: which counter a try belongs to, and what a failure does to it.

Whoever has logged in on a browser before knocks at that browser's own door; everybody else at one that all strangers share
(after OWASP's device cookies). So a storm of wrong passwords from elsewhere closes an account to strangers and not to the
person at the usual desk. A name that nobody has gets the same door as one that somebody has, and the same answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from central.core.tries import Limit, Tries
from central.store import accounts as store
from central.store import secret_tries
from central.store.accounts import Account

LOGIN = Limit(failures=5, window=timedelta(minutes=15), lock=timedelta(minutes=15))
"""Wrong passwords at one door, and wrong one-time codes of one account."""
PASSPHRASE = Limit(failures=5, window=timedelta(hours=24), lock=timedelta(minutes=15))
"""Wrong passphrases of a medic's signing key."""
TOKEN_PIN = Limit(failures=3, window=timedelta(hours=24), lock=timedelta(hours=1))
"""Wrong PINs of a medic's token, which blocks itself for good after a few."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One counter. `account` is given where strangers' tries of a known name are counted: in the row of the account itself."""

    door: str
    account_id: str | None
    tries: Tries
    limit: Limit
    account: Account | None = None

    def fail(self, connection: Connection, now: datetime) -> bool:
        """Count a failure; True when it has closed the door."""
        after = self.limit.after_failure(self.tries, now)
        if self.account is None:
            secret_tries.save(connection, self.door, after)
        else:
            changes = {
                "failed_logins": after.failures,
                "failed_at": after.failed_at,
                "locked_until": after.locked_until,
            }
            store.change_account(connection, self.account.account_id, changes)
        return after.locked_until is not None

    def pass_through(self, connection: Connection, now: datetime) -> None:
        """The right secret was given: the count begins anew. A door that others have closed stays closed to them."""
        if self.account is None:
            secret_tries.forget(connection, self.door)
        elif not self.tries.are_locked(now):
            changes = {"failed_logins": 0, "failed_at": None, "locked_until": None}
            store.change_account(connection, self.account.account_id, changes)


def gate_at(connection: Connection, door: str, account_id: str | None, limit: Limit, now: datetime) -> Gate:
    """The counter of that door, held until the transaction ends."""
    secret_tries.claim(connection, door, account_id, now)
    return Gate(door, account_id, secret_tries.tries_of(connection, door), limit)


def login_gate(
    connection: Connection, account: Account | None, name: str, devices: Mapping[str, str], now: datetime
) -> Gate:
    """The door at which this login knocks. `devices`: the browser's own names, by account (see `known_devices`)."""
    if account is None:
        secret_tries.forget_nobodies(connection, now - LOGIN.window - LOGIN.lock)
        return gate_at(connection, f"name/{sha256(name.encode('utf-8')).hexdigest()}", None, LOGIN, now)
    device = devices.get(account.account_id)
    if device is not None:
        return gate_at(connection, f"device/{account.account_id}/{device}", account.account_id, LOGIN, now)
    tries = Tries(account.failed_logins, account.failed_at, account.locked_until)
    return Gate("", account.account_id, tries, LOGIN, account)


def is_closed(connection: Connection, account: Account, devices: Mapping[str, str], now: datetime) -> bool:
    """Whether the door at which a login of this account knocks is closed; nothing is counted."""
    device = devices.get(account.account_id)
    if device is None:
        return account.locked_until is not None and account.locked_until > now
    return secret_tries.seen(connection, f"device/{account.account_id}/{device}").are_locked(now)
