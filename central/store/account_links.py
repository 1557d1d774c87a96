"""The table of links that give a worker an account: each is for one person, for a few minutes, and works once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Table, Text, select, update

from central.store import accounts
from central.store.accounts import account
from central.store.metadata import UtcDateTime, insert_for, metadata

account_link = Table(
    "account_link",
    metadata,
    Column("link_id", Text, primary_key=True),
    Column("token_sha256", Text, nullable=False, unique=True, comment="the token itself is kept nowhere"),
    Column("person_id", ForeignKey("person.person_id"), nullable=False, index=True),
    Column("exam_id", Text, index=True, comment="of a link that a kiosk showed: the exam whose medic knew the worker"),
    Column("made_by", Text, comment="of a link from a worker's card: the account that checked a document"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("account_id", Text, comment="the account that it opened"),
)
"""Links that open accounts of workers. A kiosk's link gets its row when it is used: before that only the kiosk knows it."""


@dataclass(frozen=True, slots=True)
class AccountLink:
    """One link. `token_sha256`: what the store knows of its token."""

    link_id: str
    token_sha256: str
    person_id: str
    exam_id: str | None
    made_by: str | None
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    account_id: str | None = None


def add(connection: Connection, link: AccountLink) -> bool:
    """Insert a link; False when this token is known already."""
    values = {name: getattr(link, name) for name in AccountLink.__slots__}
    new = insert_for(connection, account_link).values(**values)
    kept = new.on_conflict_do_nothing(index_elements=["token_sha256"]).returning(account_link.c.link_id)
    return connection.execute(kept).first() is not None


def of_token(connection: Connection, token_sha256: str) -> AccountLink | None:
    """The link with that token."""
    columns = [account_link.c[name] for name in AccountLink.__slots__]
    row = connection.execute(select(*columns).where(account_link.c.token_sha256 == token_sha256)).one_or_none()
    return None if row is None else AccountLink(*row)


def use(connection: Connection, link_id: str, account_id: str, now: datetime) -> bool:
    """Use a link up; False when somebody did so before, just now too."""
    c = account_link.c
    unused = update(account_link).where(c.link_id == link_id, c.used_at.is_(None))
    return connection.execute(unused.values(used_at=now, account_id=account_id)).rowcount == 1


def close_others(connection: Connection, person_id: str, now: datetime) -> None:
    """Unused links of a person end: a new one takes their place."""
    c = account_link.c
    open_ones = update(account_link).where(c.person_id == person_id, c.used_at.is_(None), c.expires_at > now)
    connection.execute(open_ones.values(expires_at=now))


def opened_by_exam(connection: Connection, exam_id: str) -> Sequence[str]:
    """Accounts that a link from this exam opened."""
    c = account_link.c
    query = select(c.account_id).where(c.exam_id == exam_id, c.account_id.is_not(None))
    return list(connection.execute(query).scalars())


def account_of(connection: Connection, person_id: str) -> accounts.Account | None:
    """The account of a person, closed ones too."""
    query = select(account.c.account_id).where(account.c.person_id == person_id)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else accounts.by_id(connection, found)


def close_accounts(connection: Connection, account_ids: Sequence[str]) -> None:
    """Disable accounts of workers and end their sessions; a new link opens them again."""
    for account_id in account_ids:
        accounts.change_account(connection, account_id, {"disabled": True})
        accounts.end_sessions_of(connection, account_id)
