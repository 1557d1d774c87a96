"""Accounts that nobody uses: the administrator is told, and after a longer while they are disabled.

Time counts from the newest login; for an account without one from its making, and from its enabling where it was closed before.
None is closed without its warning: the days between the two terms pass after it too, so that an update or a shorter term closes
nobody at once. The last administrator is never closed: nobody could let anybody in again. What is written into the access log here
becomes an alert (`central.notifying.vigilance`).

An account of a worker is closed after the same time, without warning and alert: nobody but its owner could act on them, and a new
link opens it again (ADR 0272).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from central.access.administrators import is_last_administrator
from central.core.account_config import AccountsConfig
from central.core.days import day_of
from central.core.passed_time import PassedTime
from central.store import accounts, audit
from central.store.accounts import Account
from central.store.audit import OF_ITSELF
from central.store.engine import hold, reading, writing

WARNED, CLOSED = "account.unused", "account.close_unused"
"""Actions of the access log."""
CLOSED_OWN = "account.close_unused_own"
"""The same for an account of a worker: no alert follows."""
_MOST_AT_ONCE = 500


def passed_time(connection: Connection, config: AccountsConfig, now: datetime) -> PassedTime:
    """The time that terms of accounts are measured by."""
    enough = max(config.unused_close_days, config.keep_days)
    return PassedTime(now, audit.days_of_use(connection, now), enough)


def unused_days(account: Account, passed: PassedTime, now: datetime) -> int:
    """For how many days nobody has used it; 0 for an account by which nobody can log in."""
    return 0 if account.disabled or account.has_ended(day_of(now)) else passed.days_since(account.used_at)


def look_at_unused(engine: Engine, config: AccountsConfig, now: datetime) -> int:
    """Warn of accounts and close others, as their terms have come. Returns how many were closed."""
    with reading(engine) as connection:
        of_workers, is_any = _of_workers(connection, config, now), bool(_due(connection, config, now))
    closed = _close_own(engine, config, now) if of_workers else 0
    if not is_any:
        return closed
    with writing(engine) as connection:
        hold(connection, "accounts")
        for account, action, days in _due(connection, config, now):
            if action == CLOSED:
                if is_last_administrator(connection, account, {"disabled": True}):
                    continue
                accounts.change_account(connection, account.account_id, {"disabled": True, "closed_unused_at": now})
                accounts.end_sessions_of(connection, account.account_id)
                closed += 1
            _note(connection, action, account, days, now)
    return closed


def _of_workers(connection: Connection, config: AccountsConfig, now: datetime) -> list[tuple[Account, int]]:
    """Accounts of workers whose term has come, some hundreds at once, with their days without use."""
    passed = passed_time(connection, config, now)
    before = now - timedelta(days=config.unused_close_days)
    found = [
        (one, passed.days_since(one.used_at)) for one in accounts.unused_of_workers(connection, before, _MOST_AT_ONCE)
    ]
    return [(one, days) for one, days in found if days >= config.unused_close_days]


def _close_own(engine: Engine, config: AccountsConfig, now: datetime) -> int:
    with writing(engine) as connection:
        hold(connection, "accounts")
        due = _of_workers(connection, config, now)
        for account, days in due:
            accounts.change_account(connection, account.account_id, {"disabled": True, "closed_unused_at": now})
            accounts.end_sessions_of(connection, account.account_id)
            _note(connection, CLOSED_OWN, account, days, now)
    return len(due)


def _due(connection: Connection, config: AccountsConfig, now: datetime) -> Sequence[tuple[Account, str, int]]:
    """Accounts of which something is to be said or done, the longest unused first: the others have still their administrator."""
    passed = passed_time(connection, config, now)
    found: list[tuple[Account, str, int]] = []
    for one in accounts.all_accounts(connection):
        days = unused_days(one, passed, now)
        if days < config.unused_warn_days:
            continue
        warned_at = audit.first_at_since(connection, WARNED, one.account_id, one.used_at)
        if warned_at is None:
            found.append((one, WARNED, days))
        elif days >= config.unused_close_days and passed.days_since(warned_at) >= config.unused_notice_days:
            found.append((one, CLOSED, days))
    return sorted(found, key=lambda due: due[0].used_at)


def _note(connection: Connection, action: str, account: Account, days: int, now: datetime) -> None:
    """One entry for each organisation that the account belongs to: its administrators read it, and are told."""
    for org in account.orgs or (None,):
        audit.write(
            connection,
            at=now,
            account_id=None,
            address=OF_ITSELF,
            action=action,
            subject=account.account_id,
            org=org,
            detail={"days": days},
        )
