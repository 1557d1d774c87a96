"""Deletion of an account: it is disabled at once, and after `[accounts] keep_days` its name and secrets are erased.

The id stays: the access log, the history of the registers and what was signed name it, and are sealed. Until it is erased the
deletion can be taken back; a clock that is set far ahead does not shorten that time (`central.core.passed_time`).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from central.access.accounts import no_password
from central.access.unused import passed_time
from central.core.account_config import AccountsConfig
from central.store import accounts, audit, column_sets, recovery_codes, secret_tries
from central.store.accounts import ERASED_NAME, NO_FACTOR, NOT_VOUCHED, Account
from central.store.audit import OF_ITSELF
from central.store.engine import hold, reading, writing

ERASED = "account.erase"
"""Action of the access log."""


def erase_deleted(engine: Engine, config: AccountsConfig, now: datetime) -> int:
    """Erase name and secrets of accounts whose time of keeping is over; returns of how many."""
    with reading(engine) as connection:
        count = len(_due(connection, config, now))
    # Hashing is slow, and nobody waits for it here.
    hashes = [no_password() for _ in range(count)]
    erased = 0
    with writing(engine) as connection:
        hold(connection, "accounts")
        for account, password_hash in zip(_due(connection, config, now), hashes, strict=False):
            _erase(connection, account, password_hash, now)
            erased += 1
    return erased


def _due(connection: Connection, config: AccountsConfig, now: datetime) -> list[Account]:
    deleted = [
        (one, one.deleted_at)
        for one in accounts.all_accounts(connection)
        if one.deleted_at is not None and one.erased_at is None
    ]
    if not deleted:
        return []
    passed = passed_time(connection, config, now)
    return [one for one, at in deleted if passed.days_since(at) >= config.keep_days]


def _erase(connection: Connection, account: Account, password_hash: str, now: datetime) -> None:
    account_id = account.account_id
    values: dict[str, Any] = {
        "username": f"erased-{account_id}",
        "full_name": ERASED_NAME,
        "password_hash": password_hash,
        "medic_id": None,
        "enabled_note": None,
        "failed_logins": 0,
        "failed_at": None,
        "locked_until": None,
        "disabled": True,
        "erased_at": now,
    }
    accounts.change_account(connection, account_id, values | NO_FACTOR | NOT_VOUCHED)
    accounts.end_sessions_of(connection, account_id)
    recovery_codes.replace(connection, account_id, [], now)
    secret_tries.forget_account(connection, account_id)
    column_sets.forget_account(connection, account_id)
    for org in account.orgs or (None,):
        audit.write(connection, at=now, account_id=None, address=OF_ITSELF, action=ERASED, subject=account_id, org=org)
