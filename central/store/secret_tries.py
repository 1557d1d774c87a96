"""The table of failed tries of secrets: which login they count for, and until when it is locked.

Known login names count strangers' tries in `account`; here stand names that nobody has, known devices, one-time codes,
passphrases of keys. Rows of names that nobody has are short-lived (`forget_nobodies`); the others are as many as doors.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, Select, Table, Text, select, update

from central.core.tries import NO_TRIES, Tries
from central.store.metadata import UtcDateTime, insert_for, metadata

secret_try = Table(
    "secret_try",
    metadata,
    Column("door", Text, primary_key=True, comment="kind/id, for example factor/<account>; names as SHA-256 only"),
    Column("account_id", Text, index=True, comment="whose door it is; empty: of a name that nobody has"),
    Column("failures", Integer, nullable=False),
    Column("failed_at", UtcDateTime, nullable=False, comment="the newest failure"),
    Column("locked_until", UtcDateTime),
)


def tries_of(connection: Connection, door: str) -> Tries:
    """What was tried at that door; nobody else changes it before the transaction ends."""
    return _tries(connection, select(secret_try).where(secret_try.c.door == door).with_for_update())


def seen(connection: Connection, door: str) -> Tries:
    """What was tried at that door, to be shown only."""
    return _tries(connection, select(secret_try).where(secret_try.c.door == door))


def _tries(connection: Connection, query: Select[Any]) -> Tries:
    row = connection.execute(query).one_or_none()
    return NO_TRIES if row is None else Tries(row.failures, row.failed_at, row.locked_until)


def claim(connection: Connection, door: str, account_id: str | None, now: datetime) -> None:
    """Make sure that the row exists, so that `tries_of` has something to hold against others who try at once."""
    new = insert_for(connection, secret_try).values(door=door, account_id=account_id, failures=0, failed_at=now)
    connection.execute(new.on_conflict_do_nothing(index_elements=["door"]))


def save(connection: Connection, door: str, tries: Tries) -> None:
    """Write what was tried at a door that was claimed before."""
    values = {"failures": tries.failures, "failed_at": tries.failed_at, "locked_until": tries.locked_until}
    connection.execute(update(secret_try).where(secret_try.c.door == door).values(**values))


def forget(connection: Connection, door: str) -> None:
    """The right secret was given: the count begins anew."""
    connection.execute(update(secret_try).where(secret_try.c.door == door).values(failures=0, locked_until=None))


def forget_account(connection: Connection, account_id: str) -> None:
    """Open all doors of an account again."""
    opened = update(secret_try).where(secret_try.c.account_id == account_id)
    connection.execute(opened.values(failures=0, locked_until=None))


def forget_nobodies(connection: Connection, before: datetime) -> None:
    """Take away what was tried before that moment under names that nobody has."""
    connection.execute(secret_try.delete().where(secret_try.c.account_id.is_(None), secret_try.c.failed_at < before))


def is_any_locked(connection: Connection, account_id: str, now: datetime) -> bool:
    """Whether some door of the account is closed."""
    query = select(secret_try.c.door).where(secret_try.c.account_id == account_id, secret_try.c.locked_until > now)
    return connection.execute(query.limit(1)).first() is not None
