"""The actions that an administrator can take on an account. Pure. The page offers these alone, and the route takes no others."""

from collections.abc import Collection
from datetime import datetime

from central.core.rights import Role
from central.store.accounts import Account

ACTIONS = ("disable", "enable", "unlock", "reset_totp", "reset_password", "end_sessions", "delete", "undelete")


def offered(
    account: Account,
    now: datetime,
    *,
    factor_roles: Collection[Role],
    is_own: bool,
    has_sessions: bool,
    is_locked: bool = False,
) -> tuple[str, ...]:
    """Those of `ACTIONS` that would change something, in their order.

    `is_locked`: some door of the account besides that of strangers is closed. A factor is reset where there is one, and where
    the time to set it up has run out: then it begins anew.
    """
    if account.erased_at is not None:
        return ()
    if account.deleted_at is not None:
        return ("undelete",)
    is_overdue = account.role in factor_roles and account.factor_due_at is not None and account.factor_due_at <= now
    useful = {
        "disable": not account.disabled and not is_own,
        "enable": account.disabled,
        "unlock": is_locked or (account.locked_until is not None and account.locked_until > now),
        "reset_totp": account.has_totp or is_overdue,
        "reset_password": not account.disabled and not is_own and account.vouched_by is None,
        "end_sessions": has_sessions and not is_own,
        "delete": not is_own,
        "undelete": False,
    }
    return tuple(action for action in ACTIONS if useful[action])
