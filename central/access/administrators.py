"""Whether a change of an account would leave what it administers without an administrator: nobody could let anybody in again."""

from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.core.rights import Role
from central.store import accounts
from central.store.accounts import Account


def is_last_administrator(connection: Connection, account: Account, values: dict[str, Any]) -> bool:
    """Whether this account, with these columns changed, would leave its organisations without an administrator who can log in.

    `values`: `role`, `orgs`, `ends_on`, `disabled`, as they will be; what is missing stays. Call it in the transaction of the
    change, after `hold(connection, "accounts")`: two administrators must not disable each other.
    """
    if account.role != Role.ADMINISTRATOR or account.disabled or account.ends_on is not None:
        return False

    def administers(role: str, orgs: tuple[str, ...], ends_on: date | None, *, disabled: bool) -> bool:
        covers = not orgs or (bool(account.orgs) and set(account.orgs) <= set(orgs))
        return role == Role.ADMINISTRATOR and covers and ends_on is None and not disabled

    stays = administers(
        values.get("role", account.role),
        tuple(values.get("orgs", account.orgs)),
        values.get("ends_on", account.ends_on),
        disabled=values.get("disabled", account.disabled),
    )
    others = (one for one in accounts.all_accounts(connection) if one.account_id != account.account_id)
    return not stays and not any(administers(one.role, one.orgs, one.ends_on, disabled=one.disabled) for one in others)
